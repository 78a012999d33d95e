"""Rows staged in a bucket by Beam, and committed from there into BigQuery."""

from __future__ import annotations

import subprocess
import sys
import uuid

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from motionsight_core.record import SplitRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staging import staging_area
from tests.core.warehouse.rows import failure, record, run_record
from tests.warehouses import BigQueryServers, bigquery, bigquery_session
from transforms._annotate import Annotated
from transforms._stage import Attempt, StageRows
from transforms.runners import pipeline_for

__all__ = ["bigquery", "bigquery_session"]


def test_rows_go_through_a_bucket_into_bigquery_and_leave_nothing_there(bigquery: BigQueryServers) -> None:
    warehouse = open_warehouse(bigquery.new_warehouse())
    warehouse.start_run(run_record())
    manifests = []
    run_id = uuid.uuid4().hex
    with staging_area(warehouse.staging, run_id) as area:
        attempt = Attempt(f"{area}/00000-{uuid.uuid4().hex}", uuid.uuid4().hex, "run", "r1")
        with pipeline_for(Settings()) as pipeline:
            rows = pipeline | "Rows" >> beam.Create([record("a.mp4"), record("b.mp4")])
            failures = pipeline | "Failures" >> beam.Create([failure("c.mp4")])
            skipped = pipeline | "Skipped" >> beam.Create([2])
            splits = pipeline | "Splits" >> beam.Create(list[SplitRecord]())
            _ = Annotated(rows, failures) | StageRows(attempt, skipped=skipped, splits=splits)
        with FileSystems.open(attempt.manifest_path) as file:
            manifests.append(Manifest.from_json(file.read().decode()))
        warehouse.commit(manifests[0])
    assert all(path.startswith("gs://") for path in manifests[0].motion_files + manifests[0].failure_files)
    done = warehouse.finish_run("run")
    assert (done.annotated, done.failed, done.skipped) == (2, 1, 2)
    assert len(warehouse.query("SELECT * FROM motion").rows) == 2
    assert not FileSystems.exists(attempt.manifest_path)


def test_no_credentials_are_looked_for_where_an_emulator_is_named(bigquery: BigQueryServers) -> None:
    program = (
        "import sys, google.auth\n"
        "def refuse(*arguments, **options): raise SystemExit('credentials were looked for')\n"
        "google.auth.default = refuse\n"
        "from transforms._parts import created\n"
        "with created(sys.argv[1], 'text/plain') as file: file.write(b'x')\n"
    )
    path = f"{bigquery.bucket.address}{uuid.uuid4().hex}"
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
