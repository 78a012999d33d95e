"""Tables and views in DuckDB's SQL (design contract "tables"), one migration after the other."""

from __future__ import annotations

from motionsight_core.warehouse._migrations import Migration

#: Written when the first migration is.
CREATE_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMPTZ);
"""

#: Made anew wherever `motion` gets a column: a view of `*` has the columns of the day it was made.
_LATEST_MOTION = """
CREATE OR REPLACE VIEW latest_motion AS
SELECT motion.*
FROM motion
JOIN (
    SELECT uri, arg_max({'version': version, 'recipe': recipe}, annotated_at) AS newest
    FROM motion GROUP BY uri
) AS latest
ON motion.uri = latest.uri AND motion.version = newest.version AND motion.recipe = newest.recipe;
"""

# Warehouses of before there were numbers have these tables already, the oldest of them without the
# last two columns of `motion`: hence IF NOT EXISTS.
_FIRST = """
CREATE TABLE IF NOT EXISTS motion (
    clip_id VARCHAR NOT NULL,
    recipe VARCHAR NOT NULL,
    uri VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    start_s DOUBLE,
    end_s DOUBLE,
    width INTEGER,
    height INTEGER,
    fps DOUBLE,
    codec VARCHAR,
    object_motion VARCHAR,
    camera_motion VARCHAR,
    object_names VARCHAR[],
    camera_moves STRUCT(start_s DOUBLE, end_s DOUBLE, label VARCHAR, rate DOUBLE, confidence DOUBLE)[],
    steadiness VARCHAR,
    cuts DOUBLE[],
    object_tracks STRUCT(
        track_id INTEGER, label VARCHAR, score DOUBLE, start_s DOUBLE, end_s DOUBLE,
        boxes STRUCT(t_s DOUBLE, x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE)[]
    )[],
    motion_score DOUBLE,
    clarity DOUBLE,
    annotator VARCHAR,
    run_id VARCHAR,
    annotated_at TIMESTAMPTZ,
    camera_agreement DOUBLE,
    notes VARCHAR[],
    PRIMARY KEY (clip_id, recipe)
);

-- Warehouses of before these two columns.
ALTER TABLE motion ADD COLUMN IF NOT EXISTS camera_agreement DOUBLE;
ALTER TABLE motion ADD COLUMN IF NOT EXISTS notes VARCHAR[];

-- clip_id is NULL where planning failed, so the key (uri, version, clip_id, recipe) cannot be a
-- primary key; commits keep it by IS NOT DISTINCT FROM.
CREATE TABLE IF NOT EXISTS failures (
    uri VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    clip_id VARCHAR,
    recipe VARCHAR NOT NULL,
    stage VARCHAR,
    error VARCHAR,
    message VARCHAR,
    run_id VARCHAR,
    failed_at TIMESTAMPTZ
);

CREATE TABLE IF NOT EXISTS runs (
    run_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    recipe VARCHAR,
    settings JSON,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    planned BIGINT,
    annotated BIGINT,
    skipped BIGINT,
    failed BIGINT,
    throughput DOUBLE
);

-- One row per committed attempt: what makes a repeated commit do nothing.
CREATE TABLE IF NOT EXISTS commits (
    attempt_id VARCHAR PRIMARY KEY,
    run_id VARCHAR,
    committed_at TIMESTAMPTZ,
    annotated BIGINT,
    skipped BIGINT,
    failed BIGINT
);

CREATE OR REPLACE VIEW camera_moves AS
SELECT clip_id, recipe, uri, annotator, move.start_s, move.end_s, move.label, move.rate, move.confidence
FROM (SELECT *, unnest(camera_moves) AS move FROM motion);

-- speed: frame widths per second that the centre of the box covers, the median over stretches of
-- three boxes, so that the jitter from box to box does not count as speed.
CREATE OR REPLACE VIEW object_tracks AS
SELECT clip_id, recipe, uri, annotator, track.track_id, track.label, track.score, track.start_s,
       track.end_s,
       list_aggregate([
           sqrt(pow(b[i + 3].x0 + b[i + 3].x1 - b[i].x0 - b[i].x1, 2)
                + pow((b[i + 3].y0 + b[i + 3].y1 - b[i].y0 - b[i].y1) * height / width, 2))
           / 2 / nullif(b[i + 3].t_s - b[i].t_s, 0)
           FOR i IN range(1, len(b) - 2)
       ], 'median') AS speed,
       b AS boxes
FROM (SELECT *, track.boxes AS b FROM (SELECT *, unnest(object_tracks) AS track FROM motion));
"""

_SPLITS = """
CREATE TABLE splits (
    uri VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    recipe VARCHAR NOT NULL,
    clips INTEGER NOT NULL,
    PRIMARY KEY (uri, version, recipe)
);
"""

_PARTITIONS = """
CREATE TABLE partitions (
    backfill_id VARCHAR NOT NULL,
    partition INTEGER NOT NULL,
    source VARCHAR,
    recipe VARCHAR,
    state VARCHAR NOT NULL,
    videos BIGINT,
    annotated BIGINT,
    skipped BIGINT,
    failed BIGINT,
    run_id VARCHAR,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    message VARCHAR,
    PRIMARY KEY (backfill_id, partition)
);
"""

_DIALOGUE = """
ALTER TABLE motion ADD COLUMN IF NOT EXISTS dialogue STRUCT(about VARCHAR, question VARCHAR, reply VARCHAR)[];
"""

MIGRATIONS = (
    Migration(1, "motion, failures, runs, commits", _FIRST + _LATEST_MOTION),
    Migration(2, "splits", _SPLITS),
    Migration(3, "partitions", _PARTITIONS),
    Migration(4, "dialogue", _DIALOGUE + _LATEST_MOTION),
)
