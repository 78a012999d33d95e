"""What only BigQuery does: an address with options, load jobs, a guard on costs, errors of a service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from motionsight_core.errors import RunError, UsageError
from motionsight_core.record import MOTION_SCHEMA
from motionsight_core.warehouse import Warehouse, _bigquery_client, _bigquery_migrate, open_warehouse
from motionsight_core.warehouse._bigquery_address import BigQueryAddress
from motionsight_core.warehouse._migrations import MIGRATIONS
from tests.core.warehouse.rows import Stage, partition, record, run_record, split
from tests.core.warehouse.strict_service import StrictService, strict_service
from tests.warehouses import BigQueryServers


@pytest.fixture
def service(bigquery: BigQueryServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[StrictService]:
    """The emulator, made as strict as BigQuery."""
    with strict_service(bigquery.bigquery_url) as door:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", door.url)
        yield door


OPTIONS = {"location": "EU", "max_gb": "2.5"}


@pytest.fixture
def warehouse(service: StrictService, bigquery: BigQueryServers) -> Iterator[Warehouse]:
    """With its tables, and nothing in them."""
    with bigquery.emptied_warehouse(**OPTIONS) as url:
        yield open_warehouse(url)


@pytest.fixture
def new_warehouse(service: StrictService, bigquery: BigQueryServers) -> Warehouse:
    """Before the first write makes it."""
    return open_warehouse(bigquery.new_warehouse(**OPTIONS))


def tables(warehouse: Warehouse) -> set[str]:
    address = BigQueryAddress.parse(warehouse.url)
    client = _bigquery_client.client_of(address)
    return {table.table_id for table in client.list_tables(address.name)}


def test_the_url_says_all_that_was_given_and_reads_back_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTIONSIGHT_STAGING", "gs://bucket/a/")
    url = open_warehouse("bigquery:my-project.motion?location=EU").url
    assert url == "bigquery:my-project.motion?staging=gs://bucket/a&location=EU&max_gb=100"
    monkeypatch.delenv("MOTIONSIGHT_STAGING")
    assert open_warehouse(url).url == url
    assert open_warehouse(url).staging == "gs://bucket/a"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("bigquery:no_dataset", "names no dataset; write bigquery:PROJECT.DATASET"),
        ("bigquery:p.d`; DROP TABLE motion", "names no dataset"),
        ("bigquery:p.d?stagin=gs://b", "no option 'stagin'; it takes staging, location and max_gb"),
        ("bigquery:p.d?staging=s3://b/x", "loads from Cloud Storage only"),
        ("bigquery:p.d?staging=gs://b/st*r", "which BigQuery would take for a wildcard; choose another"),
        ("bigquery:p.d?max_gb=lots", "max_gb='lots' is not a number of gigabytes"),
        ("bigquery:p.d?max_gb=nan", "max_gb='nan' is not a number of gigabytes"),
        ("bigquery:p.d?max_gb=0", "max_gb='0' is not a number of gigabytes"),
    ],
)
def test_an_address_that_is_none_is_refused_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence.replace("?", r"\?")):
        open_warehouse(url)


def test_without_a_bucket_to_stage_in_the_sentence_says_how_to_give_one() -> None:
    warehouse = open_warehouse("bigquery:p.d")
    with pytest.raises(UsageError, match=r"add \?staging=gs://BUCKET/PREFIX .* or set MOTIONSIGHT_STAGING"):
        _ = warehouse.staging


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", None)
    with pytest.raises(RunError, match=r"pip install 'motionsight\[gcp\]'"):
        open_warehouse("bigquery:p.d?staging=gs://b")


def test_motion_is_partitioned_by_day_and_clustered_by_recipe_and_uri(
    new_warehouse: Warehouse, service: StrictService
) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    stage.commit()
    script = next(sql for sql in service.statements() if "EXISTS" in sql and ".motion`" in sql)
    made = next(sql for sql in script.split(";\n") if ".motion`" in sql)
    assert made.rstrip().endswith("PARTITION BY DATE(annotated_at)\nCLUSTER BY recipe, uri")
    address = BigQueryAddress.parse(warehouse.url)
    table = _bigquery_client.client_of(address).get_table(f"{address.name}.motion")
    modes = {field.name: field.mode for field in table.schema}
    assert [name for name, mode in modes.items() if mode == "REQUIRED"] == [
        "clip_id",
        "recipe",
        "uri",
        "version",
    ]
    # The emulator's metadata leave out what ALTER TABLE has added since.
    assert list(modes) == MOTION_SCHEMA.names[: len(modes)]


def test_a_commit_reads_only_the_stretch_of_names_that_it_brings(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    stage.commit(record("b.mp4"), record("d'.mp4"))
    merge = next(sql for sql in service.statements() if "MERGE INTO" in sql and ".motion`" in sql)
    assert "motion.recipe BETWEEN 'r1' AND 'r1'" in merge
    assert r"motion.uri BETWEEN '/clips/b.mp4' AND '/clips/d\'.mp4'" in merge


def test_staging_tables_are_gone_after_the_commit_and_would_expire_if_it_died(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    asked: list[dict[str, Any]] = []
    service.fail = lambda path, body: (
        asked.append(body) if path.partition("?")[0].endswith("/tables") else None
    )
    stage.commit(record(), split("a.mp4", 1))
    assert not [name for name in tables(warehouse) if name.startswith("staged") or name == "migrating"]
    made = [body for body in asked if body.get("tableReference", {}).get("tableId", "").startswith("staged_")]
    assert len(made) == 2
    assert all("expirationTime" in body for body in made)


def test_a_load_reads_the_columns_of_the_files_and_none_from_their_folders(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    """What BigQuery is asked for: the emulator reads such folders as columns even if it is not asked to."""
    stage.commit()
    stage.folder += "/dt=2024-01-01/fps=99/camera_motion=none"
    loads: list[dict[str, Any]] = []

    def refuse_loads(path: str, body: dict[str, Any]) -> tuple[int, str, str] | None:
        load = body.get("configuration", {}).get("load")
        if load is None:
            return None
        loads.append(load)
        return 400, "invalid", "this far and no further"

    service.fail = refuse_loads
    with pytest.raises(RunError, match="no further"):
        stage.commit(record("a.mp4"))
    (load,) = loads
    assert load["sourceUris"][0].startswith(stage.folder)
    assert [field["name"] for field in load["schema"]["fields"]] == MOTION_SCHEMA.names
    assert "hivePartitioningOptions" not in load
    assert not load.get("autodetect")


def test_an_attempt_whose_committer_died_before_the_merge_is_committed_from_what_it_loaded(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    warehouse.start_run(run_record())
    manifest = stage.manifest(record("a.mp4"), record("b.mp4"))
    service.fail = lambda path, body: (
        (403, "accessDenied", "no") if "BEGIN TRANSACTION" in str(body) else None
    )
    with pytest.raises(RunError):
        warehouse.commit(manifest)
    service.fail = lambda path, body: None
    assert warehouse.query("SELECT * FROM motion").rows == []
    loads = service.load_ids()
    warehouse.commit(manifest)
    assert service.load_ids() == loads, "nothing was loaded twice"
    assert len(warehouse.query("SELECT * FROM motion").rows) == 2
    warehouse.commit(manifest)
    assert warehouse.finish_run("run").annotated == 2


@pytest.mark.long
def test_an_attempt_whose_staging_table_expired_is_loaded_again(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    manifest = stage.manifest(record("a.mp4"))
    service.fail = lambda path, body: (
        (403, "accessDenied", "no") if "BEGIN TRANSACTION" in str(body) else None
    )
    with pytest.raises(RunError):
        warehouse.commit(manifest)
    service.fail = lambda path, body: None
    address = BigQueryAddress.parse(warehouse.url)
    for name in tables(warehouse):
        if name.startswith("staged_"):
            _bigquery_client.client_of(address).delete_table(f"{address.name}.{name}")
    warehouse.commit(manifest)
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


def test_fewer_rows_than_the_manifest_says_are_not_committed(warehouse: Warehouse, stage: Stage) -> None:
    manifest = stage.manifest(record("a.mp4"))
    with pytest.raises(RunError, match=r"hold 1 rows, but the manifest says 2; nothing was committed"):
        warehouse.commit(replace(manifest, annotated=2))
    assert warehouse.query("SELECT * FROM motion").rows == []


def test_a_transaction_that_another_writer_got_in_the_way_of_is_tried_again(
    warehouse: Warehouse, stage: Stage, service: StrictService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    stage.commit()
    refusals = iter([(400, "invalidQuery", "Transaction is aborted due to concurrent update against table")])
    service.fail = lambda path, body: next(refusals, None) if "BEGIN TRANSACTION" in str(body) else None
    stage.commit(record())
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


def test_a_query_that_would_read_too_much_is_not_run(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    stage.commit(record())
    service.dry_run_bytes = 2_600_000_000
    before = len(service.statements())
    with pytest.raises(UsageError, match=r"would read 2\.6 GB, more than the 2\.5 GB .* raise max_gb"):
        warehouse.query("SELECT * FROM motion")
    assert len(service.statements()) == before
    service.dry_run_bytes = 2_400_000_000
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1
    assert service.jobs[-1]["configuration"]["query"]["maximumBytesBilled"] == "2500000000"


@pytest.mark.in_gate("DELETE FROM motion WHERE TRUE")
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM motion WHERE TRUE",
        "CREATE TABLE stolen AS SELECT * FROM motion",
        "EXPORT DATA OPTIONS (uri = 'gs://b/x-*.csv', format = 'CSV') AS SELECT 1 AS one",
    ],
)
def test_only_a_select_is_answered(warehouse: Warehouse, stage: Stage, sql: str) -> None:
    stage.commit(record())
    with pytest.raises(UsageError, match="read-only"):
        warehouse.query(sql)
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


def test_a_script_is_not_answered(warehouse: Warehouse, stage: Stage) -> None:
    # Not one that changes anything: the emulator runs scripts even where it is asked for a dry run.
    stage.commit()
    with pytest.raises(UsageError, match="read-only: this one is a SCRIPT"):
        warehouse.query("SELECT 1; SELECT 2")


def test_what_is_forbidden_is_one_sentence_without_the_account(
    warehouse: Warehouse, stage: Stage, service: StrictService
) -> None:
    stage.commit()
    service.fail = lambda path, body: (403, "accessDenied", "Access Denied: User secret@example.com lacks x")
    with pytest.raises(RunError, match=r"is forbidden: .* roles in docs/warehouse\.md") as caught:
        warehouse.save_partitions([partition(0)])
    assert "secret" not in str(caught.value)


def test_a_dataset_that_may_not_be_made_is_said_with_the_command_that_makes_it(
    new_warehouse: Warehouse, service: StrictService
) -> None:
    stage = Stage(new_warehouse)
    service.fail = lambda path, body: (
        (403, "accessDenied", "no") if path.partition("?")[0].endswith("/datasets") else None
    )
    with pytest.raises(RunError, match=r"`bq mk --dataset motionsight-test:motion_"):
        stage.commit()


@pytest.mark.long
def test_a_dataset_of_a_later_program_is_read_and_not_written(new_warehouse: Warehouse) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    stage.commit(record("a.mp4"))
    address = BigQueryAddress.parse(warehouse.url)
    _bigquery_client.run_sql(
        address, "INSERT INTO `{dataset}.migrations` VALUES (99, 'later', CURRENT_TIMESTAMP())"
    )
    _bigquery_migrate._up_to_date.clear()  # as in a process of its own
    with pytest.raises(RunError, match=r"written by a later MotionSight .*99.*; update MotionSight"):
        stage.commit(record("b.mp4"))
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/a.mp4",)]


def test_a_migration_that_was_cut_off_is_made_again_from_its_start(
    new_warehouse: Warehouse, service: StrictService
) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    service.fail = lambda path, body: (403, "accessDenied", "no") if ".splits`" in str(body) else None
    with pytest.raises(RunError):
        stage.commit(record("a.mp4"))
    service.fail = lambda path, body: None
    stage.commit(record("a.mp4"))
    numbers = warehouse.query("SELECT number FROM migrations ORDER BY number").rows
    assert numbers == [(migration.number,) for migration in MIGRATIONS]
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


@pytest.mark.long
def test_a_process_waits_while_another_migrates(
    new_warehouse: Warehouse, service: StrictService, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    monkeypatch.setattr(_bigquery_migrate, "_LOCK_WAIT_S", 0.3)
    address = BigQueryAddress.parse(warehouse.url)
    _bigquery_migrate._make_dataset(address)
    assert _bigquery_migrate._take_lock(address)
    with pytest.raises(RunError, match=r"Another process has been bringing .* up to date"):
        stage.commit()
    _bigquery_client.client_of(address).delete_table(f"{address.name}.migrating")
    stage.commit()
    assert warehouse.query("SELECT count(*) FROM migrations").rows == [(len(MIGRATIONS),)]
