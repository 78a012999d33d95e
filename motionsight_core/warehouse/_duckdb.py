"""DuckDB: a warehouse in one file.

DuckDB takes one writing process, so the file is opened for each step and closed again: other
commands, and other runs, get their turn in between.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, UsageError, permanent_names
from motionsight_core.record import MOTION_SCHEMA, RunRecord
from motionsight_core.warehouse import _duckdb_schema as schema
from motionsight_core.warehouse._base import Answer, Known
from motionsight_core.warehouse._manifest import Manifest

#: How long to wait for another process that has the file open.
_LOCK_WAIT_S = 30.0


class DuckDBWarehouse:
    """A Warehouse in the DuckDB file `path`."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser().absolute()
        self.url = f"duckdb:{self._path}"
        self.staging = f"{self._path}.staging"

    def start_run(self, run: RunRecord) -> None:
        self._create()
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [getattr(run, name) for name in _RUN_COLUMNS],
            )

    def known(self, videos: Sequence[VideoObject], recipe: str) -> dict[VideoObject, Known]:
        if not videos or not self._path.exists():
            return {}
        asked = pa.table({"uri": [v.uri for v in videos], "version": [v.version for v in videos]})
        with self._open(read_only=True) as connection:
            connection.register("asked", asked)
            rows = connection.execute(
                """
                SELECT uri, version, clip_id, true AS annotated
                FROM motion SEMI JOIN asked USING (uri, version) WHERE recipe = ?
                UNION ALL
                SELECT uri, version, clip_id, false
                FROM failures SEMI JOIN asked USING (uri, version) WHERE recipe = ? AND error IN ?
                """,
                [recipe, recipe, list(permanent_names())],
            ).fetchall()
        found: dict[VideoObject, tuple[set[str], set[str | None]]] = {}
        for uri, version, clip_id, annotated in rows:
            succeeded, failed = found.setdefault(VideoObject(uri, version), (set(), set()))
            (succeeded if annotated else failed).add(clip_id)
        return {
            video: Known(
                annotated=frozenset(succeeded),
                failed=frozenset(clip_id for clip_id in failed if clip_id is not None),
                unusable=None in failed,
            )
            for video, (succeeded, failed) in found.items()
        }

    def commit(self, manifest: Manifest) -> None:
        self._create()
        self._upgrade()
        with self._transaction() as connection:
            done = connection.execute(
                "SELECT 1 FROM commits WHERE attempt_id = ?", [manifest.attempt_id]
            ).fetchone()
            if done:
                return
            if manifest.motion_files:
                connection.execute(schema.MERGE_MOTION, [list(manifest.motion_files)])
                connection.execute(schema.CLEAR_FAILURES, [manifest.recipe])
            if manifest.failure_files:
                connection.execute(schema.MERGE_FAILURES, [list(manifest.failure_files)])
            connection.execute(
                "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)",
                [
                    manifest.attempt_id,
                    manifest.run_id,
                    datetime.now(UTC),
                    manifest.annotated,
                    manifest.skipped,
                    manifest.failed,
                ],
            )
            connection.execute(
                """
                UPDATE runs SET annotated = sums.annotated, skipped = sums.skipped, failed = sums.failed,
                    planned = sums.annotated + sums.skipped + sums.failed
                FROM (SELECT sum(annotated) AS annotated, sum(skipped) AS skipped, sum(failed) AS failed
                      FROM commits WHERE run_id = $run_id) AS sums
                WHERE runs.run_id = $run_id
                """,
                {"run_id": manifest.run_id},
            )

    def finish_run(self, run_id: str) -> RunRecord:
        with self._transaction() as connection:
            connection.execute(
                """
                UPDATE runs SET finished_at = $now,
                    throughput = annotated / greatest(epoch($now::TIMESTAMPTZ) - epoch(started_at), 0.001)
                WHERE run_id = $run_id
                """,
                {"now": datetime.now(UTC), "run_id": run_id},
            )
            row = connection.execute(
                f"SELECT {', '.join(_RUN_COLUMNS)} FROM runs WHERE run_id = ?",
                [run_id],
            ).fetchone()
        if row is None:
            raise RunError(f"The run {run_id} is not in {self.url}.")
        return RunRecord(*row)

    def failures_of(self, run_id: str) -> list[tuple[str, int, str, str]]:
        with self._open(read_only=True) as connection:
            return connection.execute(
                """
                SELECT error, count(*), min(uri), min_by(message, uri) FROM failures
                WHERE run_id = ? GROUP BY error ORDER BY count(*) DESC, error
                """,
                [run_id],
            ).fetchall()

    def query(self, sql: str) -> Answer:
        if not self._path.exists():
            raise UsageError(f"There is no warehouse at {self._path} yet; `motionsight annotate` makes one.")
        with self._open(read_only=True) as connection:
            try:
                result = connection.execute(sql)
                return Answer(tuple(column[0] for column in result.description or ()), result.fetchall())
            except duckdb.Error as error:
                raise UsageError(f"The query failed: {_first_paragraph(error)}") from None

    def _create(self) -> None:
        """Make the file with its tables, whole or not at all.

        A process killed while DuckDB makes a new file would leave one that cannot be opened, so it
        is made under another name and then put in its place.
        """
        if self._path.exists():
            return
        try:
            # Beside staged rows: a run that is killed here leaves what the next one sweeps.
            Path(self.staging).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.staging, prefix=".new-") as folder:
                fresh = Path(folder, "new.duckdb")
                with duckdb.connect(str(fresh)) as connection:
                    connection.execute(schema.CREATE)
                with suppress(FileExistsError):  # another run was faster
                    _put(fresh, self._path)
            with suppress(OSError):  # a run stages there
                Path(self.staging).rmdir()
        except OSError as error:
            raise RunError(f"The warehouse {self._path} cannot be made: {error.strerror}.") from None

    def _upgrade(self) -> None:
        """Give tables of an earlier version the columns that came since, and the views with them."""
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT list(column_name) FROM duckdb_columns() WHERE table_name = 'motion'"
            ).fetchone()
            if found is None or not set(MOTION_SCHEMA.names) <= set(found[0] or ()):
                connection.execute(schema.CREATE)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._open(read_only=False) as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connect(read_only)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()

    def _connect(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + _LOCK_WAIT_S
        pause_s = 0.05
        while True:
            try:
                return duckdb.connect(str(self._path), read_only=read_only)
            except duckdb.ConnectionException:
                # This process has it open in the other mode, in another thread: it soon will not.
                holder = "this process"
            except duckdb.IOException as error:
                if "lock" not in str(error):
                    raise RunError(f"Cannot open {self._path}: {_first_paragraph(error)}") from None
                found = re.search(r"held in (.+? \(PID \d+\))", str(error))
                holder = found[1] if found else "another process"
            if time.monotonic() > deadline:
                raise RunError(
                    f"The warehouse {self._path} has been in use by {holder} for {_LOCK_WAIT_S:g} s; "
                    "end that process or wait for it, then run this again."
                )
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 1.0)


def _put(fresh: Path, place: Path) -> None:
    """Give a finished file its name, without replacing one that is there."""
    try:
        os.link(fresh, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        fresh.rename(place)


_RUN_COLUMNS = tuple(RunRecord.__dataclass_fields__)


def _first_paragraph(error: Exception) -> str:
    """A DuckDB message without its source excerpt, as one line."""
    return " ".join(str(error).split("\n\n")[0].split())
