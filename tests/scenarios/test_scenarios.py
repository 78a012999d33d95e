"""What a catalog lives through: annotated, rerun, overwritten, deleted from, backfilled, killed, resumed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import flows.runs.run
from flows.runs.backfill import run_backfill
from flows.runs.partitions import Backfill
from motionsight_core.errors import UsageError
from motionsight_core.warehouse import Manifest
from tests.plugin.serving import until
from tests.scenarios.conftest import VIDEOS, Catalog, settings
from tests.warm import WarmCommand

#: This machine. Other pairs of a store and a warehouse are tried in the gate where a test says so.
pytestmark = pytest.mark.in_gate("local-duckdb")

GOOD = [f"{number}.mp4" for number in range(VIDEOS)]


@pytest.mark.in_gate("local-duckdb", "gs-bigquery", "s3-duckdb")
def test_annotate_gives_each_video_a_row_or_a_failure(catalog: Catalog) -> None:
    record = catalog.annotate().record
    assert (record.planned, record.annotated, record.skipped, record.failed) == (5, 4, 0, 1)
    assert catalog.names() == GOOD
    assert catalog.failures() == [(catalog.source + "broken.mp4", "NotAVideo")]


def test_a_rerun_writes_nothing_twice_and_opens_nothing(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.annotate()
    rows, failures = catalog.rows(), catalog.failures()
    monkeypatch.setattr(flows.runs.run, "stage_shard", None)
    record = catalog.annotate().record
    assert (record.annotated, record.skipped, record.failed) == (0, 5, 0)
    assert (catalog.rows(), catalog.failures()) == (rows, failures)


def test_an_overwritten_video_gets_another_row_and_one_that_was_mended_its_first(catalog: Catalog) -> None:
    catalog.annotate()
    before = catalog.rows()
    catalog.place.put("clips/0.mp4", catalog.videos[-1])
    catalog.place.put("clips/broken.mp4", catalog.videos[0])
    record = catalog.annotate().record
    assert (record.annotated, record.skipped, record.failed) == (2, 3, 0)
    after = catalog.rows()
    assert set(before) < set(after)
    assert sorted(catalog.names()) == sorted(["0.mp4", *GOOD, "broken.mp4"])
    assert len({clip_id for _, _, clip_id, _ in after}) == len(after)


def test_a_deleted_video_keeps_its_row_and_an_empty_source_is_said(catalog: Catalog) -> None:
    catalog.annotate()
    rows = catalog.rows()
    catalog.place.delete("clips/1.mp4")
    record = catalog.annotate().record
    assert (record.annotated, record.skipped) == (0, 4)
    assert catalog.rows() == rows
    with pytest.raises(UsageError, match="There is no"):
        catalog.place.vanish()
        catalog.annotate()


def test_force_writes_the_same_keys_again(catalog: Catalog) -> None:
    first = catalog.annotate().record
    rows = catalog.rows()
    second = catalog.annotate(force=True).record
    assert second.annotated == first.annotated
    assert catalog.rows() == rows
    run_ids = catalog.warehouse.query("SELECT DISTINCT run_id FROM motion").rows
    assert [tuple(row) for row in run_ids] == [(second.run_id,)]


def test_a_backfill_does_every_partition_once_and_goes_on_after_a_half(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill = Backfill(catalog.source, catalog.warehouse.url, settings(), partitions=3)
    first_shard: list[bool] = []

    def one_shard_only() -> bool:
        first_shard.append(True)
        return len(first_shard) > 2  # asked before a partition and before its shard

    half = run_backfill(backfill, told_to_end=one_shard_only)
    assert half.left > 0
    done = run_backfill(backfill)
    assert [record.state for record in done.partitions] == ["done"] * 3
    assert catalog.names() == GOOD
    assert len(catalog.failures()) == 1
    stored = catalog.warehouse.partitions(backfill.backfill_id)
    assert [record.state for record in stored] == ["done"] * 3
    monkeypatch.setattr(flows.runs.run, "stage_shard", None)
    assert run_backfill(backfill).worked_on == ()


def test_a_run_that_is_killed_leaves_what_was_committed_and_the_next_one_resumes(
    catalog: Catalog, warm_command: WarmCommand, tmp_path: Path
) -> None:
    with warm_command.begin(catalog.arguments(), cwd=tmp_path, environment=os.environ) as running:
        until(lambda: "to annotate" in running.err or running.poll() is not None)
        assert running.kill() == -signal.SIGKILL, running.err
    catalog.annotate()
    assert catalog.names() == GOOD
    assert len(catalog.failures()) == 1


def test_a_commit_that_is_repeated_after_a_crash_changes_nothing(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    committed: list[Manifest] = []
    commit = flows.runs.run.commit_shard

    def crash_after(run: flows.runs.run.Run, manifest: Manifest) -> None:
        commit(run, manifest)
        committed.append(manifest)
        raise Crash

    monkeypatch.setattr(flows.runs.run, "commit_shard", crash_after)
    with pytest.raises(Crash):
        catalog.annotate()
    half = catalog.rows()
    assert len(half) == committed[0].annotated > 0
    catalog.warehouse.commit(committed[0])
    assert catalog.rows() == half
    monkeypatch.setattr(flows.runs.run, "commit_shard", commit)
    record = catalog.annotate().record
    assert record.skipped == committed[0].annotated + committed[0].failed
    assert catalog.names() == GOOD


def test_a_listing_that_broke_off_goes_on_after_a_name(catalog: Catalog) -> None:
    record = catalog.annotate(after=catalog.source + "1.mp4").record
    assert (record.annotated, record.failed) == (2, 1)
    assert catalog.names() == ["2.mp4", "3.mp4"]
    record = catalog.annotate().record
    assert (record.annotated, record.skipped) == (2, 3)
