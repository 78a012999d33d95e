"""What a data set is made of: rows of a warehouse, read once, in one order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from motionsight_core.catalog import Clip
from motionsight_core.errors import UsageError
from motionsight_core.record import PreferenceRecord
from motionsight_core.warehouse import Warehouse, in_batches

Aspect: TypeAlias = Literal["object", "camera"]
ASPECTS: tuple[Aspect, ...] = ("object", "camera")


@dataclass(frozen=True, slots=True)
class Row:
    """What a data set needs of a row of `motion`."""

    uri: str
    start_s: float
    """Source seconds, as end_s."""
    end_s: float
    clip_id: str
    recipe: str
    version: str
    width: int
    height: int
    object_motion: str
    camera_motion: str
    motion_score: float
    """Frame widths per second."""
    clarity: float
    has_track: bool
    """Whether anything was followed through the clip."""
    annotator: str
    annotated_at: datetime

    @property
    def clip(self) -> Clip:
        return Clip(self.uri, self.version, self.start_s, self.end_s)

    def text(self, aspect: Aspect) -> str:
        """The description."""
        return self.object_motion if aspect == "object" else self.camera_motion


@dataclass(frozen=True, slots=True)
class Instance:
    """A checked row of `instances`, with its track."""

    clip_id: str
    recipe: str
    track_id: int
    appearance: str
    motion: str
    start_s: float
    """Source seconds, as end_s."""
    end_s: float
    boxes: array[float]
    """t_s, x0, y0, x1, y1 of one box after the other: source seconds, and fractions of the picture."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose of a pair: a row of `preferences`."""

    pair_id: str
    annotator: str
    aspect: str
    choice: str
    chosen_at: datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """All that the warehouse has of the clips that were asked for."""

    motion: tuple[Row, ...]
    """By uri, start, end, clip and recipe."""
    scores: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict)
    """By clip_id, recipe, aspect and scorer."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """By clip_id."""
    instances: tuple[Instance, ...] = ()
    choices: tuple[Choice, ...] = ()

    def with_choices(self, made: Iterable[PreferenceRecord]) -> Rows:
        """The same with choices that may not be in the warehouse yet; of a person's on a pair the newest."""
        newest = {(one.pair_id, one.annotator, one.aspect): one for one in self.choices}
        for one in made:
            key = (one.pair_id, one.annotator, one.aspect)
            if key not in newest or one.chosen_at >= newest[key].chosen_at:
                newest[key] = Choice(*key, one.choice, one.chosen_at)
        return replace(self, choices=tuple(newest[key] for key in sorted(newest)))


_MOTION = (
    "uri, start_s, end_s, clip_id, recipe, version, width, height, COALESCE(object_motion, ''), "
    "COALESCE(camera_motion, ''), COALESCE(motion_score, 0), COALESCE(clarity, 0), "
    "EXISTS (SELECT 1 FROM UNNEST(object_tracks)), annotator, annotated_at"
)

_INSTANCE = "clip_id, recipe, track_id, appearance, motion_caption, start_s, end_s, boxes"
_SIDES = ("t_s", "x0", "y0", "x1", "y1")
#: Boxes of an object that are kept, evenly: more than any question asks for, and little for millions of them.
_BOXES = 128


def read_rows(warehouse: Warehouse, where: str | None = None) -> Rows:
    """The rows that meet a condition, and what other tables say of their clips.

    Args:
        warehouse: where they are.
        where: SQL over the columns of `motion`, which may ask other tables, views and, in DuckDB, files
            as well: `clip_id IN (SELECT clip_id FROM read_parquet('mine.parquet') WHERE aesthetic > 5)`.

    Raises:
        UsageError: the condition is not valid.
        NoWarehouse: nothing was written there yet.
    """
    # On lines of its own: a comment at the end of the condition must not hide the bracket.
    condition = f" WHERE (\n{where}\n)" if where else ""
    motion = [Row(*row) for row in warehouse.query(f"SELECT {_MOTION} FROM motion{condition}").rows]  # noqa: S608
    motion.sort(key=lambda row: (row.uri, row.start_s, row.end_s, row.clip_id, row.recipe))
    of_clips = f"WHERE clip_id IN (SELECT clip_id FROM motion{condition})"  # noqa: S608
    scores = _of_table(
        warehouse, f"SELECT clip_id, recipe, aspect, scorer, score FROM scores {of_clips}"  # noqa: S608
    )  # fmt: skip
    fingerprints = _of_table(warehouse, f"SELECT clip_id, bits FROM fingerprints {of_clips}")  # noqa: S608
    # Boxes come as a dict each, in which those of many clips would fill gigabytes.
    instances = [
        Instance(*values, boxes=boxes_of(boxes))
        for *values, boxes in _of_table(
            warehouse,
            f"SELECT {_INSTANCE} FROM object_tracks {of_clips} AND appearance IS NOT NULL",  # noqa: S608
        )
    ]
    instances.sort(key=lambda one: (one.clip_id, one.recipe, one.track_id))
    choices = _of_table(warehouse, "SELECT pair_id, annotator, aspect, choice, chosen_at FROM preferences")
    return Rows(
        motion=tuple(motion),
        scores={tuple(key): score for *key, score in scores},
        fingerprints=dict(sorted((clip_id, bits) for clip_id, bits in fingerprints)),
        instances=tuple(instances),
        choices=tuple(Choice(*row) for row in sorted(choices)),
    )


def boxes_of(boxes: Sequence[Mapping[str, float]]) -> array[float]:
    """The boxes of a track, as an instance has them."""
    places = range(len(boxes))
    if len(boxes) > _BOXES:
        places = [round(place * (len(boxes) - 1) / (_BOXES - 1)) for place in range(_BOXES)]
    return array("d", (boxes[place][side] for place in places for side in _SIDES))


def _of_table(warehouse: Warehouse, sql: str) -> Iterator[tuple[Any, ...]]:
    try:
        for rows in in_batches(warehouse, sql):
            yield from rows
    except UsageError:
        # The condition was valid just now, so the table is not there: the warehouse was last written by a
        # version that had none.
        return
