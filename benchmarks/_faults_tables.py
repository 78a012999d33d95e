"""The tables that a run leaves, less what differs from run to run, and how they differ from a calm run's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks._faults_process import in_child

Rows = dict[tuple[str, ...], tuple[Any, ...]]

_MOTION = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion"
_FAILURES = "SELECT * EXCLUDE (run_id, failed_at) FROM failures"
#: Statements that give rows only where the tables contradict each other, and what is wrong then.
_CONTRADICTIONS = {
    "a run's numbers are not those of its commits": """
        SELECT run_id FROM runs LEFT JOIN (
            SELECT run_id, sum(annotated) AS annotated, sum(skipped) AS skipped, sum(failed) AS failed
            FROM commits GROUP BY run_id
        ) AS sums USING (run_id)
        WHERE runs.annotated <> coalesce(sums.annotated, 0) OR runs.skipped <> coalesce(sums.skipped, 0)
           OR runs.failed <> coalesce(sums.failed, 0)
           OR runs.planned <> runs.annotated + runs.skipped + runs.failed
    """,
    "a commit belongs to no run": "SELECT 1 FROM commits ANTI JOIN runs USING (run_id)",
    "a row belongs to no commit": "SELECT 1 FROM motion ANTI JOIN commits USING (run_id)",
    "a clip was annotated twice": """
        SELECT 1 FROM (SELECT coalesce(sum(annotated), 0) AS committed FROM commits),
                      (SELECT count(*) AS rows FROM motion)
        WHERE committed <> rows
    """,
    "the last run is not finished": """
        -- But of a backfill that was killed after its last commit nothing was left to run again.
        SELECT 1 FROM (SELECT * FROM runs ORDER BY started_at DESC LIMIT 1)
        WHERE finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM partitions)
    """,
    "a partition is not done": "SELECT 1 FROM partitions WHERE state <> 'done'",
}


@dataclass(frozen=True, slots=True)
class Tables:
    """What a warehouse holds."""

    motion: Rows
    """By uri, version, clip_id and recipe."""
    failures: Rows
    """Likewise."""
    contradictions: tuple[str, ...]

    def versions(self) -> dict[str, str]:
        """Of each uri; where it has several, one of them."""
        return {uri: version for uri, version, *_ in (*self.motion, *self.failures)}


def tables_of(warehouse: Path) -> Tables:
    """Read a warehouse, in a process of its own: DuckDB starts threads."""

    def read() -> Tables:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            motion, failures = _keyed(connection, _MOTION), _keyed(connection, _FAILURES)
            wrong = [what for what, sql in _CONTRADICTIONS.items() if connection.execute(sql).fetchall()]
        return Tables(motion, failures, tuple(wrong))

    return in_child(read)


def _keyed(connection: duckdb.DuckDBPyConnection, statement: str) -> Rows:
    result = connection.execute(statement)
    names = [column[0] for column in result.description or ()]
    places = [names.index(name) for name in ("uri", "version", "clip_id", "recipe")]
    found: Rows = {}
    for row in result.fetchall():
        key = tuple(str(row[place]) for place in places)
        assert key not in found, f"two rows of {key}"
        found[key] = row
    return found


def differences(found: Tables, calm: Tables) -> list[str]:
    """What is not as after the calm run."""
    wrong = [*found.contradictions]
    for name, ours, theirs in (
        ("motion", found.motion, calm.motion),
        ("failures", found.failures, calm.failures),
    ):
        missing, more = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
        other = [key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]]
        for what, keys in (("missing", missing), ("too many", more), ("other", other)):
            if keys:
                wrong.append(f"{name}: {len(keys)} rows {what}, such as {min(keys)[0]}")
    return wrong


def expected_after_overwriting(first: Tables, other: Tables, changed: Collection[str]) -> Tables:
    """A calm run's tables where these uris have their other content and the rest their first."""
    pairs = ((first.motion, other.motion), (first.failures, other.failures))
    motion, failures = (
        {key: row for key, row in a.items() if key[0] not in changed}
        | {key: row for key, row in b.items() if key[0] in changed}
        for a, b in pairs
    )
    return Tables(motion, failures, ())


def without_gone_versions(found: Tables, first: Tables, changed: Collection[str]) -> Tables:
    """Less the rows of overwritten versions: those that were read in time, and VersionGone of the others."""
    old = {uri: version for uri, version in first.versions().items() if uri in changed}

    def is_gone(key: tuple[str, ...]) -> bool:
        return old.get(key[0]) == key[1]

    def was_read(key: tuple[str, ...], row: tuple[Any, ...], rows: Rows) -> bool:
        return is_gone(key) and (rows.get(key) == row or "VersionGone" in row)

    motion, failures = (
        {key: row for key, row in ours.items() if not was_read(key, row, theirs)}
        for ours, theirs in ((found.motion, first.motion), (found.failures, first.failures))
    )
    return Tables(motion, failures, found.contradictions)
