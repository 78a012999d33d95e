"""What was measured of the clips that are asked about, as the warehouse has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.record import Box, CameraMove, ObjectTrack, Repetition
from motionsight_core.warehouse import Warehouse

#: Clips that are asked for at once: their boxes take some 50 KB each, and BigQuery reads the table each time.
_BATCH = 2000
_COLUMNS = (
    "width", "height", "fps", "camera_moves", "steadiness", "cuts", "dissolves", "object_tracks",
    "track_names", "repetitions", "objects_at_once", "objects_in_all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measurement:
    """A row of `motion`, as far as questions are made of it. Times are source seconds."""

    width: int
    """Pixels as displayed, like `height`."""
    height: int
    fps: float
    camera_moves: tuple[CameraMove, ...]
    steadiness: str
    shot_changes: int
    """Cuts, dissolves and fades."""
    tracks: tuple[ObjectTrack, ...]
    name_scores: Mapping[int, float]
    """By track_id."""
    repetitions: tuple[Repetition, ...]
    objects_at_once: int | None
    """Most tracks at one moment; None where the tracks are no measured ones."""
    objects_in_all: int | None


def measurements(
    warehouse: Warehouse, clips: Sequence[SourceClip]
) -> Iterator[tuple[SourceClip, Measurement | None]]:
    """Each clip with the measurement in the row that the data set names; None where there is no such row.

    Raises:
        UsageError, RunError: the warehouse is not there, or cannot be asked.
    """
    for start in range(0, len(clips), _BATCH):
        batch = clips[start : start + _BATCH]
        names = ", ".join(f"'{clip.clip_id}'" for clip in batch)  # hexadecimal, as `read_clips` made sure
        rows = warehouse.query(
            f"SELECT clip_id, recipe, {', '.join(_COLUMNS)} FROM motion WHERE clip_id IN ({names})"  # noqa: S608
        ).rows
        found = {(clip_id, recipe): values for clip_id, recipe, *values in rows}
        for clip in batch:
            values = found.get((clip.clip_id, clip.recipe))
            yield clip, None if values is None else _measurement(dict(zip(_COLUMNS, values, strict=True)))


def _measurement(row: Mapping[str, Any]) -> Measurement:
    tracks = (
        ObjectTrack(**(track | {"boxes": tuple(Box(**box) for box in track["boxes"])}))
        for track in row["object_tracks"] or ()
    )
    return Measurement(
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        camera_moves=tuple(CameraMove(**move) for move in row["camera_moves"] or ()),
        steadiness=row["steadiness"] or "",
        shot_changes=len(row["cuts"] or ()) + len(row["dissolves"] or ()),
        tracks=tuple(track for track in tracks if track.boxes),
        name_scores={one["track_id"]: one["score"] for one in row["track_names"] or ()},
        repetitions=tuple(Repetition(**one) for one in row["repetitions"] or ()),
        objects_at_once=row["objects_at_once"],
        objects_in_all=row["objects_in_all"],
    )
