"""The warehouse's tables (design contract "tables"), each from the dataclass of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from motionsight_core.record import (
    Count,
    Failure,
    MotionRecord,
    PartitionRecord,
    PredictionRecord,
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
