from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._gcs_client import gcs_client
from motionsight_core.warehouse.staging import staging_area
from tests.core.stores.servers import GcsBucket
from tests.warehouses import BigQueryServers


def test_a_staging_area_is_there_while_the_run_lives_and_gone_afterwards(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    with staging_area(str(root), "run") as directory:
        Path(directory, "part.parquet").write_bytes(b"x")
        assert directory == str(root / "run")
    assert not root.exists()


def test_what_a_killed_run_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    (root / "killed").mkdir(parents=True)
    (root / "killed" / "part.parquet").write_bytes(b"x")
    with staging_area(str(root), "alive") as alive:
        assert not (root / "killed").exists()
        with staging_area(str(root), "other") as other:
            assert Path(alive).exists()
            assert Path(other).exists()
        assert Path(alive).exists()
    assert not root.exists()


def test_runs_that_begin_and_end_at_once_never_take_each_others_place(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"

    def stage(number: int) -> bool:
        with staging_area(str(root), f"run-{number}") as area:
            part = Path(area, "part.parquet")
            part.write_bytes(b"x")
            with staging_area(str(root), f"new-{number}"):
                return part.exists()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(stage, range(200)))
    assert not root.exists()


def test_where_no_area_can_be_made_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(RunError, match=r"The staging area .*file/staging cannot be made: Not a directory"):
        staging_area(str(tmp_path / "file" / "staging"), "run").__enter__()


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    try:
        with staging_area(str(root), "run"):
            raise RuntimeError("the disk is full")
    except RuntimeError:
        pass
    assert not root.exists()


@pytest.fixture
def bucket(bigquery: BigQueryServers) -> GcsBucket:
    return GcsBucket(bigquery.gcs_url, f"bucket-{uuid.uuid4().hex}")


def names(bucket: GcsBucket) -> list[str]:
    from motionsight_core.warehouse import _cloud_staging

    client = gcs_client(StoreSettings())
    return [blob.name for blob in _cloud_staging._objects(client, bucket.address)]


def test_a_runs_objects_in_a_bucket_are_removed_and_nothing_else(bucket: GcsBucket) -> None:
    run, other = uuid.uuid4().hex, uuid.uuid4().hex
    bucket.put("prefix/precious.txt", b"x")
    bucket.put(f"prefix/{other}/part.parquet", b"x")
    with staging_area(f"{bucket.address}prefix", run) as area:
        assert area == f"{bucket.address}prefix/{run}"
        for part in range(3):
            bucket.put(f"prefix/{run}/00000-{part}/part.parquet", b"x")
    assert names(bucket) == [f"prefix/{other}/part.parquet", "prefix/precious.txt"]


def test_what_a_killed_run_left_in_a_bucket_is_swept_once_it_is_old(
    bucket: GcsBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motionsight_core.warehouse import _cloud_staging

    bucket.put(f"prefix/{uuid.uuid4().hex}/part.parquet", b"x")
    bucket.put("prefix/reports/precious.parquet", b"x")
    with staging_area(f"{bucket.address}prefix", uuid.uuid4().hex):
        assert len(names(bucket)) == 2
    monkeypatch.setattr(_cloud_staging, "GRACE", timedelta(days=-1))
    with staging_area(f"{bucket.address}prefix", uuid.uuid4().hex):
        assert names(bucket) == ["prefix/reports/precious.parquet"]


def test_a_bucket_that_is_not_there_is_said_before_the_run_begins(bucket: GcsBucket) -> None:
    with (
        pytest.raises(UsageError, match="There is no bucket gs://absent to stage in"),
        staging_area("gs://absent/prefix", "run"),
    ):
        raise AssertionError("the run began")
