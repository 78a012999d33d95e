"""The reference of the tables, written from a new warehouse and from the records' docstrings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import griffe

from motionsight_core.record import RunRecord
from motionsight_core.warehouse import open_warehouse

_HEAD = """# Tables

Every column with its type in DuckDB; BigQuery has the same columns with its own types. The keys of the
tables, and what a query may cost, are in [The warehouse](../warehouse.md). Times of a clip (`start_s` and
the like) are seconds from the first frame of its source that can be decoded.
"""
#: Tables and views, what each holds, and the records whose fields are its columns.
_TABLES = {
    "motion": ("A row per annotated clip and recipe.", "MotionRecord"),
    "failures": ("A row per clip or object that could not be annotated.", "Failure"),
    "latest_motion": ("A view: of each uri, the rows of `motion` of its newest version and recipe.", ""),
    "camera_moves": ("A view: a row per camera move of `motion`.", "CameraMove"),
    "object_tracks": ("A view: a row per track of `motion`.", "ObjectTrack"),
    "scores": ("A row per description and scorer.", "ScoreRecord"),
    "fingerprints": ("A row per clip: what it looks like.", "FingerprintRecord"),
    "instances": ("A row per captioned track of `motion`.", "InstanceRecord"),
    "preferences": ("A row per choice of a person between two descriptions.", "PreferenceRecord"),
    "runs": ("A row per run.", "RunRecord"),
    "predictions": ("A row per question of a benchmark, recipe and route.", "PredictionRecord"),
    "partitions": ("A row per partition of a backfill.", "PartitionRecord"),
    "splits": ("A row per object and recipe: into how many clips it was split.", "SplitRecord"),
}
#: Columns that only a view has.
_OF_VIEWS = {
    "speed": "How fast the centre of the box moves, the median, frame widths per second.",
    "name_score": "Of a track that was recognised, how far its name stands out, 0 to 1, as in `track_names`.",
    "repetitions": "Of a track whose motion repeats, how often, as in `motion.repetitions`.",
    "period_s": "Of a track whose motion repeats, the seconds that one time takes.",
    "appearance": "What the track shows, as in `instances`; NULL where no caption was found right.",
    "motion_caption": "What it does, as in `instances.motion`; NULL where no caption was found right.",
}
_COLUMNS = """
SELECT table_name, column_name, replace(data_type, 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')
FROM information_schema.columns ORDER BY table_name, ordinal_position
"""


def table_reference() -> str:
    columns = _columns()
    records = griffe.load("motionsight_core.record", search_paths=[Path(__file__).parent.parent])
    return "\n".join([_HEAD, *(line for name in _TABLES for line in _table(name, columns[name], records))])


def _columns() -> dict[str, list[tuple[str, str]]]:
    """The columns of each table and view, with their types."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = open_warehouse(f"duckdb:{folder}/new.duckdb")
        begun = RunRecord.begun("", source="", recipe="", settings="{}", started_at=datetime.now(UTC))
        warehouse.start_run(begun)
        rows = warehouse.query(_COLUMNS).rows
    return {
        table: [(column, kind.replace('"', "")) for _, column, kind in group]
        for table, group in groupby(rows, itemgetter(0))
    }


def _table(name: str, columns: list[tuple[str, str]], records: griffe.Object | griffe.Alias) -> Iterator[str]:
    purpose, record = _TABLES[name]
    yield f"## {name}\n\n{purpose}\n"
    if not record:
        return
    yield "| column | type | meaning |\n| --- | --- | --- |"
    for column, kind in columns:
        yield f"| `{column}` | {kind} | {_meaning(records, record, column)} |"
    yield ""


def _meaning(records: griffe.Object | griffe.Alias, record: str, column: str) -> str:
    """A field's docstring; that of `motion` where a view shows a column of it."""
    for name in (record, "MotionRecord"):
        field = records[name].members.get(column)
        if field is not None and field.docstring is not None:
            return " ".join(field.docstring.value.split())
    return _OF_VIEWS.get(column, "")
