"""Tables and views in GoogleSQL.

`motion` is clustered by recipe and uri: a plan asks for, and a commit merges into, one recipe and a
stretch of names, since objects are listed in the order of their names; so each reads the blocks of
its stretch and not the table, however large that is. It is partitioned by the day of the annotation,
which is what people bound a question by ("since Monday"), and what lets old rows expire.

BigQuery has no transactions around CREATE, so every statement can be repeated: a migration that was
cut off is made again from its start.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from motionsight_core.warehouse._migrations import Migration
from motionsight_core.warehouse.tables import (
    FAILURES,
    FINGERPRINTS,
    INSTANCES,
    MOTION,
    PREDICTIONS,
    PREFERENCES,
    SCORES,
    SPLITS,
)

#: Written when the first migration is.
CREATE_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS `{dataset}.migrations` (
    number INT64 NOT NULL, name STRING NOT NULL, applied_at TIMESTAMP NOT NULL
)
"""

#: Made anew after every migration: a view of `*` has the columns of the day it was made.
VIEWS = (
    """
CREATE OR REPLACE VIEW `{dataset}.latest_motion` AS
SELECT *
FROM `{dataset}.motion`
WHERE TRUE
QUALIFY FIRST_VALUE(version) OVER (PARTITION BY uri ORDER BY annotated_at DESC, version, recipe) = version
    AND FIRST_VALUE(recipe) OVER (PARTITION BY uri ORDER BY annotated_at DESC, version, recipe) = recipe
""",
    """
CREATE OR REPLACE VIEW `{dataset}.camera_moves` AS
SELECT clip_id, recipe, uri, annotator, move.start_s, move.end_s, move.label, move.rate, move.confidence
FROM `{dataset}.motion`, UNNEST(camera_moves) AS move
""",
    # speed and what follows boxes: as in DuckDB's view.
    """
CREATE OR REPLACE VIEW `{dataset}.object_tracks` AS
SELECT tracks.clip_id, tracks.recipe, tracks.uri, annotator, track.track_id, track.label, track.score,
    track.start_s, track.end_s,
    (SELECT AVG(step) FROM UNNEST(steps) AS step WITH OFFSET AS place
     WHERE 2 * place BETWEEN ARRAY_LENGTH(steps) - 2 AND ARRAY_LENGTH(steps)) AS speed,
    track.boxes, name_score, repetition.count AS repetitions, repetition.period_s,
    instances.appearance, instances.motion AS motion_caption
FROM (
    SELECT clip_id, recipe, uri, annotator, run_id, track,
        ARRAY(
            SELECT step FROM (
                SELECT SQRT(POW(later.x0 + later.x1 - box.x0 - box.x1, 2)
                    + POW(SAFE_DIVIDE((later.y0 + later.y1 - box.y0 - box.y1) * height, width), 2))
                    / 2 / (later.t_s - box.t_s) AS step
                FROM UNNEST(track.boxes) AS box WITH OFFSET AS i
                JOIN UNNEST(track.boxes) AS later WITH OFFSET AS j ON j = i + 3
                WHERE later.t_s > box.t_s
            )
            ORDER BY step
        ) AS steps,
        (SELECT name.score FROM UNNEST(track_names) AS name WHERE name.track_id = track.track_id LIMIT 1)
            AS name_score,
        (SELECT one FROM UNNEST(repetitions) AS one WHERE one.track_id = track.track_id LIMIT 1) AS repetition
    FROM `{dataset}.motion`, UNNEST(object_tracks) AS track
) AS tracks
LEFT JOIN `{dataset}.instances` AS instances
ON instances.checked AND instances.clip_id = tracks.clip_id AND instances.recipe = tracks.recipe
    AND instances.track_id = tracks.track.track_id AND instances.run_id = tracks.run_id
""",
)

#: How a table's blocks are laid out.
_LAYOUTS = {
    MOTION.name: "\nPARTITION BY DATE(annotated_at)\nCLUSTER BY recipe, uri",
    FAILURES.name: "\nCLUSTER BY recipe, uri",
    SPLITS.name: "\nCLUSTER BY recipe, uri",
    PREDICTIONS.name: "\nCLUSTER BY recipe, uri",
    SCORES.name: "\nCLUSTER BY recipe, uri",
    FINGERPRINTS.name: "\nCLUSTER BY uri",
    INSTANCES.name: "\nCLUSTER BY recipe, uri",
    PREFERENCES.name: "\nCLUSTER BY pair_id",
}
#: Names of columns that are words of the language.
_RESERVED = ("partition",)
_TYPES: dict[pa.DataType, str] = {
    pa.string(): "STRING",
    pa.int32(): "INT64",
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.json_(): "JSON",
    pa.bool_(): "BOOL",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}


def statements(migration: Migration) -> Iterator[str]:
    """What makes a migration, with `{dataset}` for the dataset's name."""
    for table in migration.makes:
        columns = ",\n    ".join(
            _column(field) + (" NOT NULL" if field.name in table.required else "") for field in table.schema
        )
        yield (
            f"CREATE TABLE IF NOT EXISTS `{{dataset}}.{table.name}` (\n    {columns}\n)"
            f"{_LAYOUTS.get(table.name, '')}"
        )
    for table, name in migration.adds:
        column = _column(table.schema.field(name))
        yield f"ALTER TABLE `{{dataset}}.{table.name}`\nADD COLUMN IF NOT EXISTS {column}"


def _column(field: pa.Field) -> str:
    name = f"`{field.name}`" if field.name in _RESERVED else field.name
    return f"{name} {column_type(field)}"


def column_type(field: pa.Field) -> str:
    """The type of a column, such as `INT64`."""
    return _type(field.type)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"ARRAY<{_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"STRUCT<{', '.join(f'{field.name} {_type(field.type)}' for field in kind.fields)}>"
    return _TYPES[kind]
