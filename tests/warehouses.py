"""A BigQuery to test with: the emulator, and a GCS emulator whose buckets it loads from.

The fixture `bigquery` has them in use.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from motionsight_core.warehouse._bigquery_address import BigQueryAddress
from tests.bqemulator import bigquery_emulator
from tests.core.stores.servers import GcsBucket, gcs_emulator, gcs_root

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

_PROJECT = "motionsight-test"


@dataclass(frozen=True, slots=True)
class BigQueryServers:
    """The addresses of the two emulators."""

    bigquery_url: str
    gcs_url: str
    bucket: GcsBucket
    """Where runs stage; other buckets can be made beside it."""
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _emptied: dict[frozenset[tuple[str, str]], list[tuple[str, frozenset[str]]]] = field(default_factory=dict)
    """Addresses that wait to be used again, by their options, with the tables of their datasets."""

    def new_warehouse(self, **options: str) -> str:
        """The address of a dataset that does not exist yet, with a staging prefix of its own."""
        dataset = f"motion_{next(self._count)}_{uuid.uuid4().hex[:8]}"
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"bigquery:{_PROJECT}.{dataset}?staging={self.bucket.address}{dataset}{more}"

    @contextmanager
    def emptied_warehouse(self, **options: str) -> Iterator[str]:
        """The address of a dataset whose tables are up to date and hold no rows.

        For tests that are not about making one, which takes the emulator longer than most of them: they
        use the same dataset one after the other. A test that tampers with its tables wants a new one.
        """
        waiting = self._emptied.setdefault(frozenset(options.items()), [])
        url, tables = waiting.pop() if waiting else self._migrated_warehouse(options)
        yield url
        self._empty(BigQueryAddress.parse(url).name, tables)
        waiting.append((url, tables))

    def _migrated_warehouse(self, options: dict[str, str]) -> tuple[str, frozenset[str]]:
        from motionsight_core.warehouse._bigquery_migrate import bring_up_to_date

        url = self.new_warehouse(**options)
        address = BigQueryAddress.parse(url)
        bring_up_to_date(address)
        return url, frozenset(table.table_id for table in self._client().list_tables(address.name))

    def _empty(self, dataset: str, tables: frozenset[str]) -> None:
        """Remove the rows, and what a test left beside the tables."""
        client = self._client()
        for table in client.list_tables(dataset):
            if table.table_id not in tables:
                client.delete_table(table)
            elif (
                table.table_type == "TABLE"
                and table.table_id != "migrations"
                # To look is quicker than a statement, even one that has nothing to do.
                and any(client.list_rows(client.get_table(table), max_results=1))
            ):
                client.query(f"TRUNCATE TABLE `{dataset}.{table.table_id}`").result()

    def _client(self) -> Client:
        """A client of the emulator itself, whatever door a test put in front of it."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.bigquery import Client

        return Client(_PROJECT, AnonymousCredentials(), client_options={"api_endpoint": self.bigquery_url})

    def environment(self) -> dict[str, str]:
        """Variables that lead MotionSight to these servers."""
        return {"BIGQUERY_EMULATOR_HOST": self.bigquery_url, "STORAGE_EMULATOR_HOST": self.gcs_url}


@contextmanager
def bigquery_servers(folder: Path) -> Iterator[BigQueryServers]:
    """Both emulators, on free ports of loopback, with their files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        gcs_emulator(folder / "gcs") as gcs_url,
        bigquery_emulator(gcs_root(folder / "gcs"), folder / "bqemulator.log") as bigquery_url,
    ):
        yield BigQueryServers(bigquery_url, gcs_url, GcsBucket(gcs_url, "staging"))
