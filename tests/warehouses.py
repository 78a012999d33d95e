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

from tests.bqemulator import bigquery_emulator
from tests.core.stores.servers import GcsBucket, gcs_emulator, gcs_root


@dataclass(frozen=True, slots=True)
class BigQueryServers:
    """The addresses of the two emulators."""

    bigquery_url: str
    gcs_url: str
    bucket: GcsBucket
    """Where runs stage; other buckets can be made beside it."""
    _count: itertools.count[int] = field(default_factory=itertools.count)

    def new_warehouse(self, **options: str) -> str:
        """The address of a dataset that does not exist yet, with a staging prefix of its own."""
        dataset = f"motion_{next(self._count)}_{uuid.uuid4().hex[:8]}"
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"bigquery:motionsight-test.{dataset}?staging={self.bucket.address}{dataset}{more}"

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
