"""DuckDB: a warehouse in one file.

DuckDB takes one writing process, so the file is opened for each step and closed again: other
commands, and other runs, get their turn in between.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import NoWarehouse, RunError, UsageError, permanent_names
from motionsight_core.record import PartitionRecord, RunRecord
from motionsight_core.warehouse import _duckdb_ddl as ddl
from motionsight_core.warehouse import _duckdb_sql as statements
from motionsight_core.warehouse._base import Answer, Known, gather_known
from motionsight_core.warehouse._duckdb_file import connect, duckdb_name, first_paragraph
from motionsight_core.warehouse._duckdb_sql import staged_paths
from motionsight_core.warehouse._manifest import Manifest
from motionsight_core.warehouse._migrations import outstanding
from motionsight_core.warehouse.staging import locked_directory
from motionsight_core.warehouse.tables import PARTITIONS, RUNS

#: Threads of this process share the open file: DuckDB lets the second of two writers fail, and a thread
#: that opens the file while another closes it as well.
_in_this_process = threading.Lock()
#: Rows of an answer that are objects of Python at a time.
_BATCH = 5_000


class DuckDBWarehouse:
    """A Warehouse in the DuckDB file `path`.

    Raises:
        UsageError: DuckDB cannot open a file of this name.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser().absolute()
        self._name = duckdb_name(self._path)
        self.url = f"duckdb:{self._path}"
        self.staging = f"{self._path}.staging"

    def start_run(self, run: RunRecord) -> None:
        self._create()
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [getattr(run, name) for name in _RUN_COLUMNS],
            )

    def known(
        self, videos: Sequence[VideoObject], recipe: str, *, retry: Collection[str] = ()
    ) -> dict[VideoObject, Known]:
        if not videos or not self._path.exists():
            return {}
        lasting = sorted(set(permanent_names()) - set(retry))
        asked = pa.table({"uri": [v.uri for v in videos], "version": [v.version for v in videos]})
        with self._reading() as connection:
            connection.register("asked", asked)
            rows = connection.execute(statements.KNOWN, {"recipe": recipe, "lasting": lasting}).fetchall()
        return gather_known(rows)

    def commit(self, manifest: Manifest) -> None:
        self._create()
        with self._transaction() as connection:
            done = connection.execute(
                "SELECT 1 FROM commits WHERE attempt_id = ?", [manifest.attempt_id]
            ).fetchone()
            if done:
                return
            if manifest.motion_files:
                connection.execute(statements.MERGE_MOTION, [staged_paths(manifest.motion_files)])
                connection.execute(statements.CLEAR_FAILURES, [manifest.recipe])
            if manifest.failure_files:
                connection.execute(statements.MERGE_FAILURES, [staged_paths(manifest.failure_files)])
            if manifest.split_files:
                connection.execute(statements.MERGE_SPLITS, [staged_paths(manifest.split_files)])
                connection.execute(statements.CLEAR_BROKEN_PASSES, [staged_paths(manifest.split_files)])
            for table, files in manifest.newest_files.items():
                if files:
                    connection.execute(statements.MERGE_NEWEST[table], [staged_paths(files)])
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

    def save_partitions(self, records: Sequence[PartitionRecord]) -> None:
        if not records:
            return
        self._create()
        marks = ", ".join("?" for _ in _PARTITION_COLUMNS)
        with self._transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO partitions VALUES ({marks})",
                [[getattr(record, name) for name in _PARTITION_COLUMNS] for record in records],
            )

    def partitions(self, backfill_id: str) -> list[PartitionRecord]:
        if not self._path.exists():
            return []
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_PARTITION_COLUMNS)} FROM partitions WHERE backfill_id = ? "
                "ORDER BY partition",
                [backfill_id],
            ).fetchall()
        return [PartitionRecord(*row) for row in rows]

    def query(self, sql: str) -> Answer:
        with self._result(sql) as result:
            return Answer(tuple(column[0] for column in result.description or ()), result.fetchall())

    def query_in_batches(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._result(sql) as result:
            while rows := result.fetchmany(_BATCH):
                yield rows

    @contextmanager
    def _result(self, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """What a query answers, not fetched yet."""
        if not self._path.exists():
            raise NoWarehouse(f"There is no warehouse at {self._path} yet; `motionsight annotate` makes one.")
        with self._open(read_only=True) as connection:
            try:
                yield connection.execute(sql)
            except duckdb.Error as error:
                raise UsageError(f"The query failed: {first_paragraph(error)}") from None

    def _create(self) -> None:
        """Make the file with its tables, whole or not at all.

        A process killed while DuckDB makes a new file would leave one that cannot be opened, so it
        is made under another name and then put in its place.
        """
        if self._path.exists():
            return
        try:
            # Beside staged rows: a run that is killed here leaves what the next one sweeps.
            with locked_directory(self.staging, f"new-{uuid.uuid4().hex}") as folder:
                fresh = Path(folder, "new.duckdb")
                with connect(duckdb_name(fresh), read_only=False) as connection:
                    self._migrate(connection)
                with suppress(FileExistsError):  # another run was faster
                    _put(fresh, self._path)
        except duckdb.Error as error:
            raise RunError(f"The warehouse {self._path} cannot be made: {first_paragraph(error)}") from None
        except OSError as error:
            raise RunError(f"The warehouse {self._path} cannot be made: {error.strerror}.") from None

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A writing transaction on tables that are up to date."""
        with self._writing_errors(), self._open(read_only=False) as connection:
            self._migrate(connection)
            with _all_or_nothing(connection):
                yield connection

    @contextmanager
    def _writing_errors(self) -> Iterator[None]:
        """A full disk, staged rows that are no rows: one sentence; nothing of the step was written."""
        try:
            yield
        except duckdb.Error as error:
            raise RunError(f"Writing into {self._path} failed: {first_paragraph(error)}") from None

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that only reads, from tables that are up to date."""
        with self._open(read_only=True) as connection:
            if not outstanding(_number(connection), url=self.url):
                yield connection
                return
        with self._transaction():
            pass
        with self._open(read_only=True) as connection:
            yield connection

    def _migrate(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Apply the migrations that the file still needs, all or none.

        No other writer can: other processes are shut out while the file is open for writing, and other
        threads by `_in_this_process`.
        """
        missing = outstanding(_number(connection), url=self.url)
        if not missing:
            return
        with _all_or_nothing(connection):
            connection.execute(ddl.CREATE_MIGRATIONS)
            for migration in missing:
                for statement in ddl.statements(migration):
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO migrations VALUES (?, ?, ?)",
                    [migration.number, migration.name, datetime.now(UTC)],
                )
            connection.execute(ddl.VIEWS)

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with _in_this_process:
            connection = connect(self._name, read_only=read_only)
            try:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
            finally:
                connection.close()


@contextmanager
def _all_or_nothing(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # after a disk that is full there is nothing left to undo
            connection.rollback()
        raise
    connection.commit()


def _number(connection: duckdb.DuckDBPyConnection) -> int:
    """Of the newest migration that was applied; 0 where there is no table of them yet."""
    try:
        # All rows: one that may still have more to come forbids the connection its next step.
        ((newest,),) = connection.execute("SELECT max(number) FROM migrations").fetchall()
    except duckdb.CatalogException:
        return 0
    return newest or 0


def _put(fresh: Path, place: Path) -> None:
    """Give a finished file its name, without replacing one that is there."""
    try:
        os.link(fresh, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        fresh.rename(place)


_RUN_COLUMNS = tuple(RUNS.schema.names)
_PARTITION_COLUMNS = tuple(PARTITIONS.schema.names)
