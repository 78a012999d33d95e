"""A warehouse with rows to make a data set of, and the parts that stand in for decoding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from motionsight_core.catalog import Clip
from motionsight_core.dataset.build import Built, build_dataset
from motionsight_core.dataset.rows import Row
from motionsight_core.record import MotionRecord
from motionsight_core.settings import Settings
from motionsight_core.video.jpeg import jpeg_of
from motionsight_core.warehouse import Warehouse
from tests.core.warehouse.rows import Stage, fingerprint, instance, preference, record, score

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
SCORER = "transformers:scorer"
SOURCES = [
    {"prefix": "/clips/", "name": "films", "high_object": 0.6, "high_camera": 0.7, "licence": "CC-BY-4.0"},
    {
        "prefix": "/clips/private/",
        "name": "lab",
        "high_object": 0.6,
        "high_camera": 0.7,
        "research_only": True,
    },
]


def row(name: str = "a.mp4", **changes: Any) -> Row:
    """A row as it is read from a warehouse."""
    clip = Clip(f"/clips/{name}", "1-1", 0.0, 2.0)
    values: dict[str, Any] = {
        "uri": clip.uri,
        "start_s": 0.0,
        "end_s": 2.0,
        "clip_id": clip.clip_id,
        "recipe": "r1",
        "version": "1-1",
        "width": 320,
        "height": 180,
        "object_motion": "A dog runs.",
        "camera_motion": "The camera pans right.",
        "motion_score": 0.1,
        "clarity": 0.8,
        "has_track": True,
        "annotator": "measured",
        "annotated_at": NOON,
    }
    return Row(**(values | changes))


def bits_of(name: str) -> str:
    """512 bits that differ from those of another name in about half."""
    return hashlib.sha512(name.encode()).hexdigest()


def compared(fingerprints: Mapping[str, str], distance: float) -> dict[str, int]:
    """Clusters by comparing each with each."""
    names = sorted(fingerprints)
    cluster = {name: number for number, name in enumerate(names)}
    for place, one in enumerate(names):
        for other in names[:place]:
            differing = (int(fingerprints[one], 16) ^ int(fingerprints[other], 16)).bit_count()
            if differing <= distance * 512:
                kept, lost = sorted((cluster[one], cluster[other]))
                cluster = {name: kept if number == lost else number for name, number in cluster.items()}
    return cluster


@dataclass
class CopiedMedia:
    """Writes the clip's name where its media would be, and refuses some."""

    refused: Sequence[str] = ()
    written: list[str] = field(default_factory=list)

    def __call__(self, clips: Sequence[Clip], folder: Path, settings: Settings) -> dict[str, str]:
        failed = {}
        for clip in clips:
            if clip.uri in self.refused:
                failed[clip.clip_id] = "Truncated: The file ends early."
            elif settings.media.kind == "frames":
                frames = folder / "media" / clip.clip_id
                frames.mkdir(parents=True, exist_ok=True)
                for number in range(2):
                    picture = np.full((36, 64, 3), 100 * number, np.uint8)
                    (frames / f"frame_{number:04d}.jpg").write_bytes(jpeg_of(picture))
            else:
                file = folder / "media" / f"{clip.clip_id}.mp4"
                file.parent.mkdir(parents=True, exist_ok=True)
                if not file.exists():
                    self.written.append(clip.clip_id)
                    file.write_bytes(clip.uri.encode())
        return failed


def settings(*, media: str = "cut", **dataset: Any) -> Settings:
    """With two sources and shares of splits at which 60 clips are in all of them."""
    shares = {"sources": SOURCES, "validation": 0.2, "test": 0.2}
    return Settings.layered({"dataset": shares | dataset, "media": {"kind": media}})


def build(warehouse: Warehouse, folder: Path, chosen: Settings | None = None, **options: Any) -> Built:
    """A data set whose media are stand-ins."""
    defaults: dict[str, Any] = {"cluster": compared, "media": CopiedMedia()}
    return build_dataset(warehouse.url, folder, chosen or settings(), **(defaults | options))


def named(name: str, **changes: Any) -> MotionRecord:
    """A row of `motion` under a clip's name; times and version may differ."""
    made = replace(record(name), **changes)
    clip = Clip(made.uri, made.version, made.start_s, made.end_s)
    return replace(made, clip_id=clip.clip_id)


def fill(warehouse: Warehouse) -> None:
    """60 clips of two annotators: 40 that are unique, 10 re-encodings and 10 trims of the first ones.

    Scores lie at and around every boundary; one clip in six is blurred, moves little, has no score, or is for
    research only.
    """
    at_boundaries = [0.0, 0.299999, 0.3, 0.45, 0.599999, 0.6, 0.699999, 0.7, 0.85, 1.0]
    committed: list[Any] = []
    for number in range(60):
        folder = "private/" if number % 20 == 19 else ""
        name = f"{folder}{number:02d}.mp4"
        changes: dict[str, Any] = {"object_motion": f"Thing {number} moves left."}
        if 40 <= number < 50:
            changes |= {"width": 160, "height": 90}
        if number >= 50:
            changes |= {"start_s": 0.0, "end_s": 1.5}
        if number == 12:
            changes["clarity"] = 0.05
        if number == 13:
            changes |= {"motion_score": 0.0, "object_tracks": ()}
        ours = named(name, **changes)
        theirs = replace(
            ours, recipe="r2", annotator="openai:other", object_motion=f"It is thing {number}, which moves."
        )
        original = f"{number % 10:02d}.mp4" if number >= 40 else name
        committed += [ours, theirs, fingerprint(ours.clip_id, bits_of(original), uri=ours.uri)]
        if number % 20 != 7:
            for aspect in ("object", "camera"):
                value = at_boundaries[(number + (aspect == "camera")) % 10]
                committed.append(score(ours.clip_id, value, aspect=aspect, scorer=SCORER, uri=ours.uri))
        committed.append(instance(1, clip_id=ours.clip_id, uri=ours.uri, checked=number % 2 == 0))
    Stage(warehouse).commit(*committed)


def choose(warehouse: Warehouse, built: Built) -> None:
    """People choose: of every third pair b, of every third nothing, of the others a."""
    committed: list[Any] = []
    for number, pair in enumerate(built.data.pairs):
        for person in ("ann", "ben", "cem"):
            choice = ("a", "b", "equal")[number % 3] if person != "cem" else "a"
            committed.append(preference(pair.pair_id, choice, aspect=pair.aspect, annotator=person))
    Stage(warehouse).commit(*committed)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
