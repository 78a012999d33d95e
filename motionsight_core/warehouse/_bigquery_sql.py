"""What a plan asks and what a commit writes, in GoogleSQL. `{dataset}` stands for PROJECT.DATASET."""
# ruff: noqa: S608 - statements put together from our own constants

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.warehouse._bigquery_ddl import column_type
from motionsight_core.warehouse.tables import FAILURES, MOTION, NEWEST, PARTITIONS, RUNS, SPLITS, Table


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the rows of a staging table span, so that a merge reads no more of its target."""

    ends: tuple[tuple[str, str, str], ...]
    """By column of `clustered_by`: its name, first and last value."""

    def within(self, table: str) -> str:
        """A condition that lets BigQuery leave out the blocks of a table beyond the stretch."""
        return " AND ".join(
            f"{table}.{column} BETWEEN {literal(first)} AND {literal(last)}"
            for column, first, last in self.ends
        )


def clustered_by(table: Table) -> tuple[str, ...]:
    """The columns by which a table's blocks are laid out: recipe and uri where it has them."""
    columns = tuple(column for column in ("recipe", "uri") if column in table.schema.names)
    return columns or table.key[:1]


def literal(text: str) -> str:
    """A string literal. Scripts take no parameters where conditions are to leave out blocks."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    return "'" + "".join(escapes.get(character, character) for character in text) + "'"


#: Rows for `gather_known`.
KNOWN = """
SELECT uri, version, 'annotated' AS kind, clip_id, CAST(NULL AS INT64) AS clips
FROM `{dataset}.motion`
WHERE recipe = @recipe AND uri BETWEEN @first AND @last AND uri IN UNNEST(@uris)
UNION ALL
SELECT uri, version, 'failed', clip_id, NULL
FROM `{dataset}.failures`
WHERE recipe = @recipe AND uri BETWEEN @first AND @last AND uri IN UNNEST(@uris)
    AND error IN UNNEST(@lasting)
UNION ALL
SELECT uri, version, 'split', CAST(NULL AS STRING), clips
FROM `{dataset}.splits`
WHERE recipe = @recipe AND uri BETWEEN @first AND @last AND uri IN UNNEST(@uris)
"""


def span(table: Table, staged: str) -> str:
    """How many rows were staged, how many lack what they must have, and what they span."""
    lacking = " OR ".join(f"{column} IS NULL" for column in table.required)
    ends = ", ".join(f"MIN({column}), MAX({column})" for column in clustered_by(table))
    return f"""
    SELECT COUNT(*), COUNTIF({lacking}), {ends}
    FROM `{{dataset}}.{staged}`
    """


def merge_motion(staged: str, stretch: Stretch) -> str:
    return _merge_newest(MOTION, "annotated_at", staged, stretch)


def merge_newest(name: str, staged: str, stretch: Stretch) -> str:
    """Merges staged rows of a table of `tables.NEWEST` on its key."""
    return _merge_newest(NEWEST[name].table, NEWEST[name].written_at, staged, stretch)


def _merge_newest(table: Table, written_at: str, staged: str, stretch: Stretch) -> str:
    name = table.name
    key = " AND ".join(f"{name}.{column} = staged.{column}" for column in table.key)
    return f"""
    MERGE INTO `{{dataset}}.{name}` AS {name}
    USING (
        SELECT * FROM `{{dataset}}.{staged}` WHERE TRUE
        QUALIFY ROW_NUMBER() OVER (PARTITION BY {", ".join(table.key)} ORDER BY {written_at} DESC) = 1
    ) AS staged
    ON {key} AND {stretch.within(name)}
    WHEN MATCHED AND staged.{written_at} > {name}.{written_at} THEN UPDATE SET
        {_assignments(table)}
    WHEN NOT MATCHED THEN {_insertion(table)};
    """


def clear_failures(stretch: Stretch) -> str:
    return f"""
    DELETE FROM `{{dataset}}.failures` AS failures
    WHERE {stretch.within("failures")} AND {_followed_by_success("failures", stretch)};
    """


def merge_failures(staged: str, stretch: Stretch) -> str:
    return f"""
    MERGE INTO `{{dataset}}.failures` AS failures
    USING (
        SELECT * FROM `{{dataset}}.{staged}` AS fresh
        WHERE NOT {_followed_by_success("fresh", stretch)}
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY uri, version, clip_id, recipe ORDER BY failed_at DESC) = 1
    ) AS staged
    ON failures.uri = staged.uri AND failures.version = staged.version
        AND COALESCE(failures.clip_id, '') = COALESCE(staged.clip_id, '')
        AND failures.recipe = staged.recipe AND {stretch.within("failures")}
    WHEN MATCHED AND staged.failed_at > failures.failed_at THEN UPDATE SET
        {_assignments(FAILURES)}
    WHEN NOT MATCHED THEN {_insertion(FAILURES)};
    """


def merge_splits(staged: str, stretch: Stretch) -> str:
    return f"""
    MERGE INTO `{{dataset}}.splits` AS splits
    USING (
        SELECT uri, version, recipe, MAX(clips) AS clips FROM `{{dataset}}.{staged}`
        GROUP BY uri, version, recipe
    ) AS staged
    ON splits.uri = staged.uri AND splits.version = staged.version AND splits.recipe = staged.recipe
        AND {stretch.within("splits")}
    WHEN MATCHED THEN UPDATE SET clips = staged.clips
    WHEN NOT MATCHED THEN {_insertion(SPLITS)};
    """


def clear_broken_passes(staged: str, stretch: Stretch) -> str:
    """A pass that came to the end of a video writes its split: an earlier one that broke off is history."""
    return f"""
    DELETE FROM `{{dataset}}.failures` AS failures
    WHERE failures.clip_id IS NULL AND failures.stage = 'decode' AND {stretch.within("failures")}
        AND EXISTS (
            SELECT 1 FROM `{{dataset}}.{staged}` AS staged
            WHERE staged.uri = failures.uri AND staged.version = failures.version
                AND staged.recipe = failures.recipe
        );
    """


def commit(
    merges: Sequence[str], *, attempt_id: str, run_id: str, annotated: int, skipped: int, failed: int
) -> str:
    """One transaction; an error in it undoes all of it, as BigQuery does where no handler catches it."""
    attempt, run = literal(attempt_id), literal(run_id)
    return f"""
    BEGIN TRANSACTION;
    IF NOT EXISTS (SELECT 1 FROM `{{dataset}}.commits` WHERE attempt_id = {attempt}) THEN
        {"".join(merges)}
        INSERT INTO `{{dataset}}.commits` (attempt_id, run_id, committed_at, annotated, skipped, failed)
        VALUES ({attempt}, {run}, CURRENT_TIMESTAMP(), {annotated:d}, {skipped:d}, {failed:d});
        UPDATE `{{dataset}}.runs` AS runs
        SET annotated = sums.annotated, skipped = sums.skipped, failed = sums.failed,
            planned = sums.annotated + sums.skipped + sums.failed
        FROM (
            SELECT run_id, SUM(annotated) AS annotated, SUM(skipped) AS skipped, SUM(failed) AS failed
            FROM `{{dataset}}.commits` WHERE run_id = {run} GROUP BY run_id
        ) AS sums
        WHERE runs.run_id = sums.run_id;
    END IF;
    COMMIT TRANSACTION;
    """


START_RUN = """
INSERT INTO `{dataset}.runs` (run_id, source, recipe, settings, started_at, planned, annotated, skipped,
    failed, throughput)
VALUES (@run_id, @source, @recipe, PARSE_JSON(@settings, wide_number_mode => 'round'), @started_at,
    @planned, @annotated, @skipped, @failed, 0)
"""

FINISH_RUN = """
UPDATE `{dataset}.runs`
SET finished_at = @now,
    throughput = annotated / GREATEST(TIMESTAMP_DIFF(@now, started_at, MICROSECOND) / 1e6, 0.001)
WHERE run_id = @run_id
"""

_RUN_COLUMNS = ", ".join(
    "TO_JSON_STRING(settings) AS settings" if name == "settings" else name for name in RUNS.schema.names
)
IS_COMMITTED = "SELECT 1 FROM `{dataset}.commits` WHERE attempt_id = @attempt_id"

READ_RUN = f"SELECT {_RUN_COLUMNS} FROM `{{dataset}}.runs` WHERE run_id = @run_id"

FAILURES_OF = """
SELECT error, COUNT(*) AS clips, MIN(uri) AS example, ARRAY_AGG(message ORDER BY uri LIMIT 1) AS messages
FROM `{dataset}.failures` WHERE run_id = @run_id
GROUP BY error ORDER BY clips DESC, error
"""

_PARTITION_COLUMNS = tuple(PARTITIONS.schema.names)
READ_PARTITIONS = f"""
SELECT {", ".join(f"`{name}`" for name in _PARTITION_COLUMNS)}
FROM `{{dataset}}.partitions` WHERE backfill_id = @backfill_id ORDER BY `partition`
"""


def _followed_by_success(failure: str, stretch: Stretch) -> str:
    """A failure that a success of the same clip has followed says nothing any more.

    Where planning had failed (clip_id NULL), any clip of that version is such a success. Not so where
    a pass over a video broke off half-way (clip_id NULL, stage decode): the clips before are no news of
    the rest.
    """
    return f"""EXISTS (
        SELECT 1 FROM `{{dataset}}.motion` AS success
        WHERE success.uri = {failure}.uri AND success.version = {failure}.version
            AND success.recipe = {failure}.recipe AND {stretch.within("success")}
            AND (({failure}.clip_id IS NULL AND {failure}.stage <> 'decode')
                OR success.clip_id = {failure}.clip_id)
            AND success.annotated_at >= {failure}.failed_at
    )"""


def _assignments(table: Table) -> str:
    return ", ".join(f"{name} = staged.{name}" for name in table.schema.names if name not in table.key)


def _insertion(table: Table) -> str:
    columns = table.schema.names
    values = ", ".join(f"staged.{column}" for column in columns)
    return f"INSERT ({', '.join(columns)}) VALUES ({values})"


def _partition_value(name: str) -> str:
    text, kind = f"JSON_VALUE(record, '$.{name}')", column_type(PARTITIONS.schema.field(name))
    return f"{text if kind == 'STRING' else f'CAST({text} AS {kind})'} AS `{name}`"


SAVE_PARTITIONS = f"""
MERGE INTO `{{dataset}}.partitions` AS known
USING (
    SELECT {", ".join(_partition_value(name) for name in _PARTITION_COLUMNS)}
    FROM UNNEST(JSON_QUERY_ARRAY(@records)) AS record
) AS fresh
ON known.backfill_id = fresh.backfill_id AND known.`partition` = fresh.`partition`
WHEN MATCHED THEN UPDATE SET
    {", ".join(f"`{name}` = fresh.`{name}`" for name in _PARTITION_COLUMNS[2:])}
WHEN NOT MATCHED THEN INSERT ({", ".join(f"`{name}`" for name in _PARTITION_COLUMNS)})
    VALUES ({", ".join(f"fresh.`{name}`" for name in _PARTITION_COLUMNS)})
"""
