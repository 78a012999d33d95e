"""The warehouse's tables (design contract "tables"), each from the dataclass of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from motionsight_core.record import (
    Count,
    Failure,
    FingerprintRecord,
    InstanceRecord,
    MotionRecord,
    PartitionRecord,
    PredictionRecord,
    PreferenceRecord,
    RunRecord,
    ScoreRecord,
    SplitRecord,
    arrow_schema,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of every warehouse, whichever SQL that speaks."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    """Columns that make a row the same one."""
    required: tuple[str, ...]
    """Columns that are never NULL."""

    @classmethod
    def of(cls, name: str, row: type, *, key: tuple[str, ...], required: tuple[str, ...] = ()) -> Table:
        """The table of a dataclass's rows; where nothing else is given, the key is what is required."""
        return cls(name, arrow_schema(row), key, required or key)


@dataclass(frozen=True, slots=True)
class Newest:
    """A table that commits merge on its key; of several rows with one key the newest stays."""

    table: Table
    written_at: str
    """The column that says how new a row is."""


@dataclass(frozen=True, slots=True)
class _CommitRecord:
    """A committed attempt: what makes a repeated commit do nothing."""

    attempt_id: str
    run_id: str
    committed_at: datetime
    annotated: Count
    skipped: Count
    failed: Count


MOTION = Table.of(
    "motion", MotionRecord, key=("clip_id", "recipe"), required=("clip_id", "recipe", "uri", "version")
)
#: clip_id is NULL where planning failed.
FAILURES = Table.of(
    "failures", Failure, key=("uri", "version", "clip_id", "recipe"), required=("uri", "version", "recipe")
)
SPLITS = Table.of(
    "splits",
    SplitRecord,
    key=("uri", "version", "recipe"),
    required=("uri", "version", "recipe", "clips"),
)
RUNS = Table.of("runs", RunRecord, key=("run_id",))
COMMITS = Table.of("commits", _CommitRecord, key=("attempt_id",))
PARTITIONS = Table.of(
    "partitions",
    PartitionRecord,
    key=("backfill_id", "partition"),
    required=("backfill_id", "partition", "state"),
)
PREDICTIONS = Table.of(
    "predictions",
    PredictionRecord,
    key=("benchmark", "annotations", "question_id", "recipe", "route"),
    required=("benchmark", "annotations", "question_id", "recipe", "route", "uri", "version"),
)
SCORES = Table.of(
    "scores",
    ScoreRecord,
    key=("clip_id", "recipe", "scorer", "aspect"),
    required=("clip_id", "recipe", "uri", "scorer", "aspect", "score"),
)
FINGERPRINTS = Table.of(
    "fingerprints", FingerprintRecord, key=("clip_id",), required=("clip_id", "uri", "bits")
)
INSTANCES = Table.of(
    "instances",
    InstanceRecord,
    key=("clip_id", "recipe", "track_id"),
    required=("clip_id", "recipe", "uri", "track_id"),
)
PREFERENCES = Table.of(
    "preferences",
    PreferenceRecord,
    key=("pair_id", "annotator", "aspect"),
    required=("pair_id", "annotator", "aspect", "choice"),
)

#: By name.
NEWEST = {
    one.table.name: one
    for one in (
        Newest(PREDICTIONS, "answered_at"),
        Newest(SCORES, "scored_at"),
        Newest(FINGERPRINTS, "taken_at"),
        Newest(INSTANCES, "written_at"),
        Newest(PREFERENCES, "chosen_at"),
    )
}
