"""BigQuery: a warehouse in a dataset, for many writers and large catalogs.

A commit loads the manifest's files into staging tables of the attempt, checks them, and merges them
in one transaction. Loading costs nothing; what a merge and a plan read is bounded by the clustering
(see `_bigquery_ddl`), and what a query reads by the address's max_gb.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import NoWarehouse, RunError, UsageError, permanent_names
from motionsight_core.record import PartitionRecord, RunRecord
from motionsight_core.warehouse import _bigquery_sql as statements
from motionsight_core.warehouse._base import Answer, Known, gather_known
from motionsight_core.warehouse._bigquery_address import BigQueryAddress
from motionsight_core.warehouse._bigquery_client import (
    answer_of,
    client_of,
    errors,
    job_config,
    require_package,
    retry,
    run_sql,
)
from motionsight_core.warehouse._bigquery_load import Load
from motionsight_core.warehouse._bigquery_migrate import bring_up_to_date, is_there
from motionsight_core.warehouse._manifest import Manifest
from motionsight_core.warehouse.tables import FAILURES, MOTION, NEWEST, SPLITS

#: Names in one question, in bytes: BigQuery takes requests of up to 10 MB.
_NAMES_BYTES = 2_000_000
#: Records in one statement.
_PARTITIONS = 1_000


class BigQueryWarehouse:
    """A Warehouse in the dataset that `url` names."""

    def __init__(self, url: str) -> None:
        self._address = BigQueryAddress.parse(url)
        require_package()
        self.url = self._address.url

    @property
    def staging(self) -> str:
        """The gs:// prefix under which runs stage.

        Raises:
            UsageError: none was given.
        """
        return self._address.require_staging()

    def start_run(self, run: RunRecord) -> None:
        bring_up_to_date(self._address)
        run_sql(
            self._address,
            statements.START_RUN,
            {
                "run_id": run.run_id,
                "source": run.source,
                "recipe": run.recipe,
                "settings": run.settings,
                "started_at": run.started_at,
                "planned": run.planned,
                "annotated": run.annotated,
                "skipped": run.skipped,
                "failed": run.failed,
            },
        )

    def known(
        self, videos: Sequence[VideoObject], recipe: str, *, retry: Collection[str] = ()
    ) -> dict[VideoObject, Known]:
        if not videos or not is_there(self._address):
            return {}
        bring_up_to_date(self._address)
        lasting = sorted(set(permanent_names()) - set(retry))
        rows: list[tuple[Any, ...]] = []
        for uris in _by_size(sorted({video.uri for video in videos}), _NAMES_BYTES):
            asked = {"recipe": recipe, "first": uris[0], "last": uris[-1], "uris": uris, "lasting": lasting}
            rows += run_sql(self._address, statements.KNOWN, asked)
        asked_for = set(videos)
        known = gather_known(rows)  # of all versions of these names
        return {video: there for video, there in known.items() if video in asked_for}

    def commit(self, manifest: Manifest) -> None:
        bring_up_to_date(self._address)
        if run_sql(self._address, statements.IS_COMMITTED, {"attempt_id": manifest.attempt_id}):
            return  # its staged files may be gone by now
        kinds = (
            (MOTION, manifest.motion_files, manifest.annotated),
            (FAILURES, manifest.failure_files, manifest.failed),
            (SPLITS, manifest.split_files, None),
            *((NEWEST[name].table, files, None) for name, files in manifest.newest_files.items()),
        )
        loads = {
            table.name: (Load(self._address, table, files, manifest.attempt_id), rows)
            for table, files, rows in kinds
            if files
        }
        stretches = {name: load.finish(rows) for name, (load, rows) in loads.items()}
        merges: list[str] = []
        if stretch := stretches.get("motion"):
            merges += [
                statements.merge_motion(loads["motion"][0].staged, stretch),
                statements.clear_failures(stretch),
            ]
        if stretch := stretches.get("failures"):
            merges.append(statements.merge_failures(loads["failures"][0].staged, stretch))
        if stretch := stretches.get("splits"):
            merges += [
                statements.merge_splits(loads["splits"][0].staged, stretch),
                statements.clear_broken_passes(loads["splits"][0].staged, stretch),
            ]
        merges += [
            statements.merge_newest(name, loads[name][0].staged, stretch)
            for name in NEWEST
            if (stretch := stretches.get(name))
        ]
        run_sql(
            self._address,
            statements.commit(
                merges,
                attempt_id=manifest.attempt_id,
                run_id=manifest.run_id,
                annotated=manifest.annotated,
                skipped=manifest.skipped,
                failed=manifest.failed,
            ),
        )
        for load, _ in loads.values():
            load.clear()

    def finish_run(self, run_id: str) -> RunRecord:
        run_sql(self._address, statements.FINISH_RUN, {"run_id": run_id, "now": datetime.now(UTC)})
        rows = run_sql(self._address, statements.READ_RUN, {"run_id": run_id})
        if not rows:
            raise RunError(f"The run {run_id} is not in {self.url}.")
        return RunRecord(*rows[0])

    def failures_of(self, run_id: str) -> list[tuple[str, int, str, str]]:
        rows = run_sql(self._address, statements.FAILURES_OF, {"run_id": run_id})
        return [(error, count, uri, messages[0]) for error, count, uri, messages in rows]

    def save_partitions(self, records: Sequence[PartitionRecord]) -> None:
        if not records:
            return
        bring_up_to_date(self._address)
        for start in range(0, len(records), _PARTITIONS):
            rows = [asdict(record) for record in records[start : start + _PARTITIONS]]
            text = json.dumps(rows, default=datetime.isoformat)
            run_sql(self._address, statements.SAVE_PARTITIONS, {"records": text})

    def partitions(self, backfill_id: str) -> list[PartitionRecord]:
        if not is_there(self._address):
            return []
        bring_up_to_date(self._address)
        rows = run_sql(self._address, statements.READ_PARTITIONS, {"backfill_id": backfill_id})
        return [PartitionRecord(*row) for row in rows]

    def query(self, sql: str) -> Answer:
        with self._result(sql) as rows:
            columns = tuple(field.name for field in rows.schema)
            return Answer(columns, [tuple(row.values()) for row in rows])

    def query_in_batches(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._result(sql) as rows:
            for page in rows.pages:
                yield [tuple(row.values()) for row in page]

    @contextmanager
    def _result(self, sql: str) -> Iterator[Any]:
        """What a query answers, in pages that are not fetched yet."""
        if not is_there(self._address):
            raise NoWarehouse(
                f"There is no warehouse at bigquery:{self._address.name} yet; `motionsight annotate` makes "
                "one."
            )
        self._refuse_costly(sql)
        with errors(self._address), _wrong_query():
            most = int(self._address.max_gb * 1e9)
            config = job_config(self._address, maximum_bytes_billed=most)
            yield client_of(self._address).query(sql, job_config=config, retry=retry()).result(retry=retry())

    def _refuse_costly(self, sql: str) -> None:
        """A dry run, which costs nothing, says what kind of statement it is and what it would read."""
        with errors(self._address), _wrong_query():
            config = job_config(self._address, dry_run=True)
            job = client_of(self._address).query(sql, job_config=config, retry=retry())
        if job.statement_type != "SELECT":
            raise UsageError(
                f"Queries are read-only: this one is a {job.statement_type or 'statement'}, and only one "
                "SELECT is answered."
            )
        would_read_gb = (job.total_bytes_processed or 0) / 1e9
        if would_read_gb > self._address.max_gb:
            raise UsageError(
                f"The query would read {would_read_gb:,.1f} GB, more than the {self._address.max_gb:g} GB "
                "that are allowed; ask for fewer columns or one day of annotated_at, or raise max_gb in "
                "the warehouse's address."
            )


@contextmanager
def _wrong_query() -> Iterator[None]:
    """BigQuery's word on a query that is not valid, as a UsageError."""
    from google.api_core.exceptions import BadRequest, NotFound

    try:
        yield
    except (BadRequest, NotFound) as error:
        raise UsageError(f"The query failed: {answer_of(error)}") from None


def _by_size(names: Sequence[str], most_bytes: int) -> Iterator[list[str]]:
    """Names in their order, cut where a list would become too large to send."""
    batch: list[str] = []
    size = 0
    for name in names:
        size += len(json.dumps(name)) + 20
        if batch and size > most_bytes:
            yield batch
            batch, size = [], len(json.dumps(name)) + 20
        batch.append(name)
    if batch:
        yield batch
