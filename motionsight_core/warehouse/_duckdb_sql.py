"""What a plan asks and what a commit writes, in DuckDB's SQL."""

from __future__ import annotations

import glob
from collections.abc import Sequence

from motionsight_core.warehouse.tables import MOTION, NEWEST, Table

#: Reads staged files. Their folders belong to the user: left to itself, DuckDB takes a folder such as
#: `fps=99` for a Hive partition, and its name for the column's value.
_STAGED = "read_parquet(?, hive_partitioning = false)"


def staged_paths(files: Sequence[str]) -> list[str]:
    """The parameter of a statement that reads staged files: exactly these, whatever their folders hold.

    `read_parquet` takes every path for a pattern.
    """
    return [glob.escape(file) for file in files]


#: Rows for `gather_known`.
KNOWN = """
SELECT uri, version, 'annotated' AS kind, clip_id, NULL AS clips
FROM motion SEMI JOIN asked USING (uri, version) WHERE recipe = $recipe
UNION ALL
SELECT uri, version, 'failed', clip_id, NULL
FROM failures SEMI JOIN asked USING (uri, version) WHERE recipe = $recipe AND error IN $lasting
UNION ALL
SELECT uri, version, 'split', NULL, clips
FROM splits SEMI JOIN asked USING (uri, version) WHERE recipe = $recipe
"""


def _merge_newest(table: Table, written_at: str) -> str:
    key = " AND ".join(f"{table.name}.{column} = staged.{column}" for column in table.key)
    return f"""
MERGE INTO {table.name} USING (
    SELECT * FROM {_STAGED}
    QUALIFY row_number() OVER (PARTITION BY {", ".join(table.key)} ORDER BY {written_at} DESC) = 1
) AS staged
ON {key}
WHEN MATCHED AND staged.{written_at} > {table.name}.{written_at} THEN UPDATE BY NAME
WHEN NOT MATCHED THEN INSERT BY NAME
"""


MERGE_MOTION = _merge_newest(MOTION, "annotated_at")
#: By the table's name.
MERGE_NEWEST = {name: _merge_newest(one.table, one.written_at) for name, one in NEWEST.items()}

# A failure that a success of the same clip has followed says nothing any more; where planning had
# failed (clip_id NULL), any clip of that version is such a success. Not so where a pass over a video
# broke off half-way (clip_id NULL, stage decode): the clips before are no news of the rest.
_FOLLOWED_BY_SUCCESS = """
EXISTS (
    SELECT 1 FROM motion
    WHERE motion.uri = {failure}.uri AND motion.version = {failure}.version
      AND motion.recipe = {failure}.recipe
      AND (({failure}.clip_id IS NULL AND {failure}.stage <> 'decode') OR motion.clip_id = {failure}.clip_id)
      AND motion.annotated_at >= {failure}.failed_at
)
"""

MERGE_FAILURES = f"""
MERGE INTO failures USING (
    SELECT * FROM {_STAGED} AS fresh
    WHERE NOT {_FOLLOWED_BY_SUCCESS.format(failure="fresh")}
    QUALIFY row_number() OVER (PARTITION BY uri, version, clip_id, recipe ORDER BY failed_at DESC) = 1
) AS staged
ON failures.uri = staged.uri AND failures.version = staged.version
   AND failures.clip_id IS NOT DISTINCT FROM staged.clip_id AND failures.recipe = staged.recipe
WHEN MATCHED AND staged.failed_at > failures.failed_at THEN UPDATE BY NAME
WHEN NOT MATCHED THEN INSERT BY NAME
"""

CLEAR_FAILURES = f"""
DELETE FROM failures
WHERE recipe = ? AND {_FOLLOWED_BY_SUCCESS.format(failure="failures")}
"""

MERGE_SPLITS = f"""
INSERT OR REPLACE INTO splits
SELECT uri, version, recipe, max(clips) FROM {_STAGED} GROUP BY uri, version, recipe
"""

# A pass that came to the end of a video writes its split: an earlier one that broke off is history.
CLEAR_BROKEN_PASSES = f"""
DELETE FROM failures
WHERE clip_id IS NULL AND stage = 'decode' AND EXISTS (
    SELECT 1 FROM {_STAGED} AS staged
    WHERE staged.uri = failures.uri AND staged.version = failures.version
      AND staged.recipe = failures.recipe
)
"""
