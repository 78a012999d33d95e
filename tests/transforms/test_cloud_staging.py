"""Rows staged in a bucket by Beam, and committed from there into BigQuery."""

from __future__ import annotations

import subprocess
import sys
import uuid

import apache_beam as beam
import pytest

from motionsight_core.record import SplitRecord
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staged_files import read_staged
from motionsight_core.warehouse.staging import staging_area
from tests.core.warehouse.rows import failure, record, run_record
from tests.warehouses import BigQueryServers
from transforms._annotate import Annotated
from transforms._stage import Attempt, StageRows
from transforms.runners import pipeline_for


@pytest.mark.parametrize("named_by", ["environment", "settings"])
def test_rows_go_through_a_bucket_into_bigquery_and_leave_nothing_there(
    bigquery: BigQueryServers, empty_dataset: str, monkeypatch: pytest.MonkeyPatch, named_by: str
) -> None:
    """The bucket's endpoint is that of the environment or of stores.gs_endpoint."""
    stores = StoreSettings()
    if named_by == "settings":
        stores = StoreSettings(gs_endpoint=bigquery.gcs_url)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    warehouse = open_warehouse(empty_dataset)
    warehouse.start_run(run_record())
    manifests = []
    run_id = uuid.uuid4().hex
    with staging_area(warehouse.staging, run_id, stores=stores) as area:
        attempt = Attempt(f"{area}/00000-{uuid.uuid4().hex}", uuid.uuid4().hex, "run", "r1", stores)
        with pipeline_for(Settings()) as pipeline:
            rows = pipeline | "Rows" >> beam.Create([record("a.mp4"), record("b.mp4")])
            failures = pipeline | "Failures" >> beam.Create([failure("c.mp4")])
            skipped = pipeline | "Skipped" >> beam.Create([2])
            splits = pipeline | "Splits" >> beam.Create(list[SplitRecord]())
            _ = Annotated(rows, failures) | StageRows(attempt, skipped=skipped, splits=splits)
        manifests.append(Manifest.from_json(read_staged(attempt.manifest_path, stores=stores).decode()))
        warehouse.commit(manifests[0])
    assert all(path.startswith("gs://") for path in manifests[0].motion_files + manifests[0].failure_files)
    done = warehouse.finish_run("run")
    assert (done.annotated, done.failed, done.skipped) == (2, 1, 2)
    assert len(warehouse.query("SELECT * FROM motion").rows) == 2
    with pytest.raises(FileNotFoundError):
        read_staged(attempt.manifest_path, stores=stores)


def test_no_credentials_are_looked_for_where_an_emulator_is_named(bigquery: BigQueryServers) -> None:
    program = (
        "import sys, google.auth\n"
        "def refuse(*arguments, **options): raise SystemExit('credentials were looked for')\n"
        "google.auth.default = refuse\n"
        "from motionsight_core.settings import StoreSettings\n"
        "from motionsight_core.warehouse.staged_files import write_staged\n"
        "write_staged(sys.argv[1], b'x', content_type='text/plain', stores=StoreSettings())\n"
    )
    path = f"{bigquery.bucket.address}{uuid.uuid4().hex}"
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
