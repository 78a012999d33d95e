"""The clips of a data set's folder, which are asked about, and which of them are like one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.dataset.hashing import digest
from motionsight_core.errors import UsageError

#: The clips' table, and the folder of their files.
CLIPS, MEDIA = "clips.parquet", "media"
_COLUMNS = (
    "clip_id", "recipe", "uri", "start_s", "end_s", "annotator", "object_motion", "camera_motion", "source",
    "licence", "cluster", "split", "media", "grade_object", "grade_camera",
)  # fmt: skip
_CLIP_ID, _RECIPE = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9A-Za-z_-]{1,64}")
#: Clips of one object, cluster or source that are looked through for wrong options.
_NEIGHBOURS = 24


@dataclass(frozen=True, slots=True)
class SourceClip:
    """A clip of a data set, with the row of it that is asked about: the first, which is graded."""

    clip_id: str
    recipe: str
    uri: str
    start_s: float
    """Source seconds, as end_s."""
    end_s: float
    annotator: str
    object_motion: str
    """Empty where there is none, or it is graded low; so is camera_motion."""
    camera_motion: str
    source: str
    licence: str
    cluster: int | None
    """Of near-duplicates."""
    split: str
    """In the data set: train, validation or test."""
    media: str
    """Its file, below the data set's folder."""

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def file(self) -> str:
        """Its file, below the folder of media."""
        return self.media.removeprefix(f"{MEDIA}/")


def read_clips(folder: Path) -> list[SourceClip]:
    """The clips of a data set, in its order.

    Raises:
        UsageError: the folder is no data set, or its clips are no files of their own.
    """
    path = folder / CLIPS
    try:
        rows = pq.read_table(path, columns=list(_COLUMNS)).to_pylist()
    except FileNotFoundError:
        raise UsageError(
            f"{folder} holds no data set: make one with `motionsight dataset {folder}`."
        ) from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"{path} cannot be read ({reason}): make the data set again with `motionsight dataset {folder}`."
        ) from None
    found: dict[str, SourceClip] = {}
    for row in rows:
        clip_id, recipe, media = (str(row[name]) for name in ("clip_id", "recipe", "media"))
        if clip_id in found:
            continue
        if not _CLIP_ID.fullmatch(clip_id) or not _RECIPE.fullmatch(recipe):
            raise UsageError(f"{path} names a clip {clip_id[:40]!r} {recipe[:70]!r}, which is none of ours.")
        if media != f"{MEDIA}/{clip_id}.mp4":
            raise UsageError(
                f"The clips of {folder} are no files of their own, and a benchmark shows whole files: make "
                f"the data set again with `motionsight dataset {folder} --media cut`."
            )
        grades = {aspect: row.pop(f"grade_{aspect}") for aspect in ("object", "camera")}
        texts = {
            f"{aspect}_motion": "" if grade == "low" else (row[f"{aspect}_motion"] or "").strip()
            for aspect, grade in grades.items()
        }
        found[clip_id] = SourceClip(**row | texts)
    if not found:
        raise UsageError(f"The data set {folder} holds no clip to ask about.")
    return list(found.values())


class Siblings:
    """Which clips are like a clip: of the same object or cluster, then of the same source.

    Args:
        clips: of the data set.
        seed: of the hash that orders the clips of a group.
    """

    def __init__(self, clips: Sequence[SourceClip], *, seed: int) -> None:
        ordered = sorted(clips, key=lambda clip: digest("sibling", seed, clip.clip_id))
        self._groups = (
            _Groups(ordered, lambda clip: clip.uri),
            _Groups(ordered, lambda clip: clip.cluster),
            _Groups(ordered, lambda clip: clip.source),
        )

    def of(self, clip: SourceClip) -> Iterator[SourceClip]:
        """Its siblings, each once, the most alike first."""
        seen = {clip.clip_id}
        for groups in self._groups:
            for other in groups.after(clip):
                if other.clip_id not in seen:
                    seen.add(other.clip_id)
                    yield other


class _Groups:
    """Clips that have something in common, each group a ring."""

    def __init__(self, clips: Sequence[SourceClip], key: Callable[[SourceClip], object]) -> None:
        self._key = key
        self._groups: dict[object, list[SourceClip]] = defaultdict(list)
        self._places: dict[str, int] = {}
        for clip in clips:
            common = key(clip)
            if common is not None:
                self._places[clip.clip_id] = len(self._groups[common])
                self._groups[common].append(clip)

    def after(self, clip: SourceClip) -> Iterator[SourceClip]:
        """The next ones in its group, round the ring: the same number in a group of any size."""
        group = self._groups.get(self._key(clip), [])
        for step in range(1, min(_NEIGHBOURS, len(group) - 1) + 1):
            yield group[(self._places[clip.clip_id] + step) % len(group)]
