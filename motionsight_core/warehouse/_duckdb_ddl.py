"""Tables and views in DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from motionsight_core.warehouse._migrations import Migration
from motionsight_core.warehouse.tables import FAILURES, Table

#: Written when the first migration is.
CREATE_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMPTZ);
"""

#: Made anew after every migration: a view of `*` has the columns of the day it was made.
VIEWS = """
CREATE OR REPLACE VIEW latest_motion AS
SELECT motion.*
FROM motion
JOIN (
    SELECT uri, arg_max({'version': version, 'recipe': recipe}, annotated_at) AS newest
    FROM motion GROUP BY uri
) AS latest
ON motion.uri = latest.uri AND motion.version = newest.version AND motion.recipe = newest.recipe;

CREATE OR REPLACE VIEW camera_moves AS
SELECT clip_id, recipe, uri, annotator, move.start_s, move.end_s, move.label, move.rate, move.confidence
FROM (SELECT *, unnest(camera_moves) AS move FROM motion);

-- speed: frame widths per second that the centre of the box covers, the median over stretches of
-- three boxes, so that the jitter from box to box does not count as speed. name_score: of a measured
-- track that was recognised, how far its label stands out. repetitions, period_s: of a measured track
-- whose motion repeats, how often, and the seconds that one time takes. appearance, motion_caption: the
-- track's checked caption, by the run that wrote the row: another run's tracks may be others.
CREATE OR REPLACE VIEW object_tracks AS
SELECT tracks.clip_id, tracks.recipe, tracks.uri, annotator, track.track_id, track.label, track.score,
       track.start_s, track.end_s,
       list_aggregate([
           sqrt(pow(b[i + 3].x0 + b[i + 3].x1 - b[i].x0 - b[i].x1, 2)
                + pow((b[i + 3].y0 + b[i + 3].y1 - b[i].y0 - b[i].y1) * height / width, 2))
           / 2 / nullif(b[i + 3].t_s - b[i].t_s, 0)
           FOR i IN range(1, len(b) - 2)
       ], 'median') AS speed,
       b AS boxes,
       [name.score FOR name IN track_names IF name.track_id = track.track_id][1] AS name_score,
       repetition.count AS repetitions, repetition.period_s,
       instances.appearance, instances.motion AS motion_caption
FROM (
    SELECT *, track.boxes AS b,
           [one FOR one IN repetitions IF one.track_id = track.track_id][1] AS repetition
    FROM (SELECT *, unnest(object_tracks) AS track FROM motion)
) AS tracks
LEFT JOIN instances
ON instances.checked AND instances.clip_id = tracks.clip_id AND instances.recipe = tracks.recipe
    AND instances.track_id = tracks.track.track_id AND instances.run_id = tracks.run_id;
"""

#: Tables without a primary key: a column of the key may be NULL, and commits keep it by IS NOT DISTINCT FROM.
_WITHOUT_PRIMARY_KEY = (FAILURES,)
_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.json_(): "JSON",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def statements(migration: Migration) -> Iterator[str]:
    """What makes a migration."""
    for table in migration.makes:
        lines = [_column(table, field) for field in table.schema]
        if table not in _WITHOUT_PRIMARY_KEY:
            lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
        yield f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(lines)})"
    for table, name in migration.adds:
        column = _column(table, table.schema.field(name))
        yield f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {column}"


def _column(table: Table, field: pa.Field) -> str:
    required = " NOT NULL" if field.name in table.required else ""
    return f"{field.name} {_type(field.type)}{required}"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{field.name} {_type(field.type)}' for field in kind.fields)})"
    return _TYPES[kind]
