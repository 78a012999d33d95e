"""Every store with every warehouse: a catalog in the one, its rows in the other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.runs.run import RunResult, run_catalog
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.stores.conftest import cache
from tests.core.stores.servers import Folder, GcsBucket, Place, S3Bucket, environment_of
from tests.warehouses import BigQueryServers

__all__ = ["cache"]

STORES = ("local", "gs", "s3")
WAREHOUSES = ("duckdb", "bigquery")
VIDEOS = 4
# Two shards: one can be committed while the other is not.
SETTINGS = ("runtime.shard_size=3", "runtime.decode_processes=2")


@dataclass(slots=True)
class Catalog:
    """Videos in a store, and the warehouse that their rows go to."""

    place: Place
    warehouse: Warehouse
    videos: list[bytes]

    @property
    def source(self) -> str:
        return self.place.address + "clips/"

    def fill(self) -> None:
        """Four good videos and a file that is no video."""
        for number, content in enumerate(self.videos[:VIDEOS]):
            self.place.put(f"clips/{number}.mp4", content)
        self.place.put("clips/broken.mp4", b"no video at all")

    def annotate(self, **options: Any) -> RunResult:
        result = run_catalog(self.source, warehouse=self.warehouse.url, settings=settings(), **options)
        assert result.broken == ()
        return result

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What a rerun may not change, by uri and version."""
        return self._read("SELECT uri, version, clip_id, camera_motion FROM motion ORDER BY uri, version")

    def failures(self) -> list[tuple[str, str]]:
        return self._read("SELECT uri, error FROM failures ORDER BY uri")

    def names(self) -> list[str]:
        """Of the objects that have a row, one for each row."""
        return [uri.rpartition("/")[2] for uri, *_ in self.rows()]

    def _read(self, query: str) -> list[Any]:
        return [tuple(row) for row in self.warehouse.query(query).rows]

    def arguments(self) -> list[str]:
        """Of a command that annotates this catalog."""
        options = [part for setting in SETTINGS for part in ("--set", setting)]
        return ["annotate", self.source, "--warehouse", self.warehouse.url, *options]


def settings() -> Settings:
    return Settings.load(overrides=SETTINGS, environment={})


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One more than a catalog is filled with."""
    folder = tmp_path_factory.mktemp("videos")
    render_catalog(folder, count=VIDEOS + 1, seed=11, width=128, height=72, duration_s=0.6)
    return [path.read_bytes() for path in sorted(folder.glob("*.mp4"))]


@pytest.fixture(params=WAREHOUSES)
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """Every kind of warehouse in turn, empty."""
    if request.param == "duckdb":
        return open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    return open_warehouse(request.getfixturevalue("empty_dataset"))


@pytest.fixture(params=STORES)
def place(
    request: pytest.FixtureRequest,
    warehouse: Warehouse,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """Every kind of store in turn, empty."""
    if request.param == "local":
        (tmp_path / "folder").mkdir()
        return Folder(tmp_path / "folder")
    # A process has one Google: where BigQuery stages there, the clips are there too.
    own = "gcs_url" if warehouse.url.startswith("duckdb:") else "bigquery"
    google = request.getfixturevalue(own)
    gcs = google.gcs_url if isinstance(google, BigQueryServers) else google
    s3 = request.getfixturevalue("s3_url")
    for name, value in environment_of(gcs=gcs, s3=s3).items():
        monkeypatch.setenv(name, value)
    bucket = f"bucket-{uuid.uuid4().hex}"
    return GcsBucket(gcs, bucket) if request.param == "gs" else S3Bucket(s3, bucket)


@pytest.fixture
def catalog(place: Place, warehouse: Warehouse, videos: list[bytes]) -> Catalog:
    """A catalog with its videos."""
    found = Catalog(place, warehouse, videos)
    found.fill()
    return found
