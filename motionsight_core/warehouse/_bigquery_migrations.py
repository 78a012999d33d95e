"""Tables and views in GoogleSQL (design contract "tables"), one migration after the other.

`motion` is clustered by recipe and uri: a plan asks for, and a commit merges into, one recipe and a
stretch of names, since objects are listed in the order of their names; so each reads the blocks of
its stretch and not the table, however large that is. It is partitioned by the day of the annotation,
which is what people bound a question by ("since Monday"), and what lets old rows expire.

BigQuery has no transactions around CREATE, so every statement can be repeated: a migration that was
cut off is made again from its start.
"""

from __future__ import annotations

from motionsight_core.warehouse._migrations import Migration

#: Written when the first migration is.
CREATE_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS `{dataset}.migrations` (
    number INT64 NOT NULL, name STRING NOT NULL, applied_at TIMESTAMP NOT NULL
)
"""

#: Made anew wherever `motion` gets a column: a view of `*` has the columns of the day it was made.
_LATEST_MOTION = """
CREATE OR REPLACE VIEW `{dataset}.latest_motion` AS
SELECT *
FROM `{dataset}.motion`
WHERE TRUE
QUALIFY FIRST_VALUE(version) OVER (PARTITION BY uri ORDER BY annotated_at DESC, version, recipe) = version
    AND FIRST_VALUE(recipe) OVER (PARTITION BY uri ORDER BY annotated_at DESC, version, recipe) = recipe;
"""

_FIRST = """
CREATE TABLE IF NOT EXISTS `{dataset}.motion` (
    clip_id STRING NOT NULL,
    recipe STRING NOT NULL,
    uri STRING NOT NULL,
    version STRING NOT NULL,
    start_s FLOAT64,
    end_s FLOAT64,
    width INT64,
    height INT64,
    fps FLOAT64,
    codec STRING,
    object_motion STRING,
    camera_motion STRING,
    object_names ARRAY<STRING>,
    camera_moves ARRAY<STRUCT<
        start_s FLOAT64, end_s FLOAT64, label STRING, rate FLOAT64, confidence FLOAT64>>,
    steadiness STRING,
    cuts ARRAY<FLOAT64>,
    object_tracks ARRAY<STRUCT<
        track_id INT64, label STRING, score FLOAT64, start_s FLOAT64, end_s FLOAT64,
        boxes ARRAY<STRUCT<t_s FLOAT64, x0 FLOAT64, y0 FLOAT64, x1 FLOAT64, y1 FLOAT64>>>>,
    motion_score FLOAT64,
    clarity FLOAT64,
    annotator STRING,
    run_id STRING,
    annotated_at TIMESTAMP,
    camera_agreement FLOAT64,
    notes ARRAY<STRING>
)
PARTITION BY DATE(annotated_at)
CLUSTER BY recipe, uri;

CREATE TABLE IF NOT EXISTS `{dataset}.failures` (
    uri STRING NOT NULL,
    version STRING NOT NULL,
    clip_id STRING,
    recipe STRING NOT NULL,
    stage STRING,
    error STRING,
    message STRING,
    run_id STRING,
    failed_at TIMESTAMP
)
CLUSTER BY recipe, uri;

CREATE TABLE IF NOT EXISTS `{dataset}.runs` (
    run_id STRING NOT NULL,
    source STRING,
    recipe STRING,
    settings JSON,
    started_at TIMESTAMP,
    finished_at TIMESTAMP,
    planned INT64,
    annotated INT64,
    skipped INT64,
    failed INT64,
    throughput FLOAT64
);

CREATE TABLE IF NOT EXISTS `{dataset}.commits` (
    attempt_id STRING NOT NULL,
    run_id STRING,
    committed_at TIMESTAMP,
    annotated INT64,
    skipped INT64,
    failed INT64
);

CREATE OR REPLACE VIEW `{dataset}.camera_moves` AS
SELECT clip_id, recipe, uri, annotator, move.start_s, move.end_s, move.label, move.rate, move.confidence
FROM `{dataset}.motion`, UNNEST(camera_moves) AS move;

CREATE OR REPLACE VIEW `{dataset}.object_tracks` AS
SELECT clip_id, recipe, uri, annotator, track_id, label, score, start_s, end_s,
    (SELECT AVG(step) FROM UNNEST(steps) AS step WITH OFFSET AS place
     WHERE 2 * place BETWEEN ARRAY_LENGTH(steps) - 2 AND ARRAY_LENGTH(steps)) AS speed,
    boxes
FROM (
    SELECT clip_id, recipe, uri, annotator, track.track_id, track.label, track.score, track.start_s,
        track.end_s, track.boxes,
        ARRAY(
            SELECT SQRT(POW(later.x0 + later.x1 - box.x0 - box.x1, 2)
                + POW(SAFE_DIVIDE((later.y0 + later.y1 - box.y0 - box.y1) * height, width), 2))
                / 2 / (later.t_s - box.t_s)
            FROM UNNEST(track.boxes) AS box WITH OFFSET AS i
            JOIN UNNEST(track.boxes) AS later WITH OFFSET AS j ON j = i + 3
            WHERE later.t_s > box.t_s
            ORDER BY SQRT(POW(later.x0 + later.x1 - box.x0 - box.x1, 2)
                + POW(SAFE_DIVIDE((later.y0 + later.y1 - box.y0 - box.y1) * height, width), 2))
                / 2 / (later.t_s - box.t_s)
        ) AS steps
    FROM `{dataset}.motion`, UNNEST(object_tracks) AS track
);
"""

_SPLITS = """
CREATE TABLE IF NOT EXISTS `{dataset}.splits` (
    uri STRING NOT NULL,
    version STRING NOT NULL,
    recipe STRING NOT NULL,
    clips INT64 NOT NULL
)
CLUSTER BY recipe, uri;
"""

# `partition` is a reserved word here: queries write it in backquotes.
_PARTITIONS = """
CREATE TABLE IF NOT EXISTS `{dataset}.partitions` (
    backfill_id STRING NOT NULL,
    `partition` INT64 NOT NULL,
    source STRING,
    recipe STRING,
    state STRING NOT NULL,
    videos INT64,
    annotated INT64,
    skipped INT64,
    failed INT64,
    run_id STRING,
    started_at TIMESTAMP,
    finished_at TIMESTAMP,
    message STRING
);
"""

_DIALOGUE = """
ALTER TABLE `{dataset}.motion`
ADD COLUMN IF NOT EXISTS dialogue ARRAY<STRUCT<about STRING, question STRING, reply STRING>>;
"""

MIGRATIONS = (
    Migration(1, "motion, failures, runs, commits", _FIRST + _LATEST_MOTION),
    Migration(2, "splits", _SPLITS),
    Migration(3, "partitions", _PARTITIONS),
    Migration(4, "dialogue", _DIALOGUE + _LATEST_MOTION),
)
