"""Staged Parquet files into staging tables of one attempt, checked before anything is merged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from motionsight_core.errors import RunError
from motionsight_core.warehouse._bigquery_address import BigQueryAddress
from motionsight_core.warehouse._bigquery_client import client_of, errors, retry, run_sql
from motionsight_core.warehouse._bigquery_sql import Stretch, clustered_by, span
from motionsight_core.warehouse.tables import Table

if TYPE_CHECKING:
    from google.cloud.bigquery import LoadJob, SchemaField

#: A commit that is killed leaves its staging tables behind; BigQuery then removes them by itself.
_STAGING_TABLES_EXPIRE = timedelta(days=1)
#: Jobs of one load at most: a job that failed keeps its id, so the next one needs another.
_TRIES = 3
#: Files in one load job at most (BigQuery's limit is 10,000, and 10 MB for the request).
_FILES = 5_000


def staging_table(table: Table, attempt_id: str) -> str:
    """The staging table of an attempt: the same name whenever the attempt is committed again."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,200}", attempt_id):
        attempt_id = sha256(attempt_id.encode()).hexdigest()[:32]
    return f"staged_{table.name}_{attempt_id}"


class Load:
    """Load jobs that fill one staging table; several can be under way at once."""

    def __init__(self, address: BigQueryAddress, table: Table, files: Sequence[str], attempt_id: str) -> None:
        self._address, self._table, self._files = address, table, list(files)
        self.staged = staging_table(table, attempt_id)
        if len(self._files) > _FILES:
            raise RunError(
                f"An attempt staged {len(self._files)} files of {table.name}; one commit takes {_FILES}."
            )
        self._try = 1
        with errors(address):
            self._make_table()
            self._job = self._begin()

    def finish(self, expected_rows: int | None) -> Stretch | None:
        """Wait, then check what arrived; what the rows span, or None where there is none.

        Raises:
            RunError: rows are missing, or lack what they must have.
        """
        with errors(self._address):
            self._wait()
        while True:
            rows, lacking, *ends = run_sql(self._address, span(self._table, self.staged))[0]
            if expected_rows in (None, rows) or self._try >= _TRIES:
                break
            # The job of an earlier try is done, but its table has expired since.
            self._try += 1
            with errors(self._address):
                self._job = self._begin()
                self._wait()
        if expected_rows not in (None, rows):
            raise RunError(
                f"The staged files of {self._table.name} hold {rows} rows, but the manifest says "
                f"{expected_rows}; nothing was committed."
            )
        if lacking:
            raise RunError(
                f"{lacking} staged rows of {self._table.name} lack {', '.join(self._table.required)} or "
                "some of them; nothing was committed."
            )
        columns = clustered_by(self._table)
        return Stretch(tuple(zip(columns, ends[::2], ends[1::2], strict=True))) if rows else None

    def clear(self) -> None:
        """Remove the staging table."""
        with errors(self._address):
            name = f"{self._address.name}.{self.staged}"
            client_of(self._address).delete_table(name, not_found_ok=True, retry=retry())

    def _make_table(self) -> None:
        from google.cloud.bigquery import Table

        table = Table(f"{self._address.name}.{self.staged}", schema=_schema(self._table.schema))
        table.expires = datetime.now(UTC) + _STAGING_TABLES_EXPIRE
        made = client_of(self._address).create_table(table, exists_ok=True, retry=retry())
        # Jobs are found again only where they ran, which is where the dataset is.
        self._location: str | None = made.location or self._address.location

    def _begin(self) -> LoadJob:
        """A load job with an id of its attempt: asked for twice, it runs once."""
        from google.api_core.exceptions import Conflict, NotFound
        from google.cloud.bigquery import LoadJob, LoadJobConfig, ParquetOptions, SourceFormat

        client = client_of(self._address)
        job_id = f"motionsight_{self._address.dataset}_{self.staged}_{self._try}"
        try:
            there = client.get_job(job_id, location=self._location, retry=retry())
            if isinstance(there, LoadJob):
                return there
        except NotFound:
            pass
        options = ParquetOptions()
        options.enable_list_inference = True  # lists as ARRAY, without Parquet's inner records
        config = LoadJobConfig(
            source_format=SourceFormat.PARQUET,
            schema=_schema(self._table.schema),
            write_disposition="WRITE_TRUNCATE",
            create_disposition="CREATE_IF_NEEDED",
            parquet_options=options,
        )
        name = f"{self._address.name}.{self.staged}"
        try:
            return client.load_table_from_uri(
                self._files, name, job_id=job_id, location=self._location, job_config=config, retry=retry()
            )
        except Conflict:  # another process commits the same attempt
            return cast(LoadJob, client.get_job(job_id, location=self._location, retry=retry()))

    def _wait(self) -> None:
        from google.api_core.exceptions import GoogleAPICallError

        while True:
            try:
                self._job.result(retry=retry())
                return
            except GoogleAPICallError as error:
                # What is wrong with the files is wrong with them the next time.
                if self._try >= _TRIES or (error.code or 500) < 500:
                    raise
                self._try += 1
                self._job = self._begin()


def _schema(schema: pa.Schema) -> list[SchemaField]:
    return [_field(field.name, field.type) for field in schema]


def _field(name: str, kind: pa.DataType) -> SchemaField:
    from google.cloud.bigquery import SchemaField

    mode = "NULLABLE"
    if isinstance(kind, pa.ListType):
        mode, kind = "REPEATED", kind.value_type
    if isinstance(kind, pa.StructType):
        fields = [_field(inner.name, inner.type) for inner in kind]
        return SchemaField(name, "RECORD", mode=mode, fields=fields)
    return SchemaField(name, _TYPES[kind], mode=mode)


_TYPES = {
    pa.string(): "STRING",
    pa.int32(): "INT64",
    pa.float64(): "FLOAT64",
    pa.bool_(): "BOOL",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}
