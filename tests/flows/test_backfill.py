"""A backfill goes through an old bucket in partitions and goes on where it was ended."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.runs.run
from flows.runs.backfill import errors_to_retry, run_backfill
from flows.runs.partitions import Backfill
from flows.runs.run import Run, stage_shard
from motionsight_core.errors import UsageError
from motionsight_core.planning.plan import partition_of
from motionsight_core.planning.shards import Shard
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Warehouse, open_warehouse

PARTITIONS = 3
GOOD = 2


@pytest.fixture
def clips(scenes: Path, tmp_path: Path) -> Path:
    """Two good videos and a file that is no video."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for video in sorted(scenes.glob("*.mp4"))[:GOOD]:
        shutil.copy(video, folder)
    (folder / "broken.mp4").write_text("no video")
    return folder


@pytest.fixture
def backfill(clips: Path, tmp_path: Path) -> Backfill:
    settings = Settings.load(
        overrides=["runtime.shard_size=1", "runtime.shard_retries=0", "runtime.decode_processes=1"],
        environment={},
    )
    return Backfill(str(clips), f"duckdb:{tmp_path / 'motion.duckdb'}", settings, PARTITIONS)


@pytest.fixture
def warehouse(backfill: Backfill) -> Warehouse:
    return open_warehouse(backfill.warehouse)


def count(warehouse: Warehouse, table: str) -> int:
    return len(warehouse.query(f"FROM {table}").rows)


def test_every_object_belongs_to_one_partition_and_all_are_done(
    backfill: Backfill, warehouse: Warehouse, clips: Path
) -> None:
    result = run_backfill(backfill)
    assert [record.state for record in result.partitions] == ["done"] * PARTITIONS
    assert (count(warehouse, "motion"), count(warehouse, "failures")) == (GOOD, 1)
    names = [str(path) for path in clips.iterdir()]
    shares = [sum(partition_of(name, PARTITIONS) == index for name in names) for index in range(PARTITIONS)]
    assert [record.videos for record in result.partitions] == shares
    assert sum(record.annotated for record in result.partitions) == GOOD
    assert sum(record.failed for record in result.partitions) == 1
    assert warehouse.partitions(backfill.backfill_id) == list(result.partitions)


@pytest.mark.long
def test_run_again_it_opens_nothing_and_leaves_the_partitions_as_they_were(
    backfill: Backfill, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_backfill(backfill)
    monkeypatch.setattr(flows.runs.run, "stage_shard", None)
    again = run_backfill(backfill)
    assert again.worked_on == ()
    assert again.partitions == first.partitions
    assert count(warehouse, "runs") == len(first.worked_on)


@pytest.mark.long
def test_what_a_killed_run_left_staged_is_swept_though_nothing_is_left_to_do(
    backfill: Backfill, warehouse: Warehouse
) -> None:
    run_backfill(backfill)
    left = Path(warehouse.staging, "killed")
    left.mkdir(parents=True)
    (left / "manifest.json").write_text("{}")
    assert run_backfill(backfill).worked_on == ()
    assert not Path(warehouse.staging).exists()


def test_a_partition_that_fails_is_named_and_the_next_time_only_it_is_worked_on(
    backfill: Backfill, warehouse: Warehouse, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = next(path for path in sorted(clips.iterdir()) if path.name != "broken.mp4")
    hit = partition_of(str(victim), PARTITIONS)

    def unlucky(run: Run, shard: Shard):
        if str(victim) in [video.uri for video in shard.videos]:
            raise OSError("the disk is full")
        return stage_shard(run, shard)

    monkeypatch.setattr(flows.runs.run, "stage_shard", unlucky)
    result = run_backfill(backfill)
    assert [record.state == "failed" for record in result.partitions] == [
        index == hit for index in range(PARTITIONS)
    ]
    assert result.broken == (f"Partition {hit}: {result.partitions[hit].message}",)
    assert "the disk is full" in str(result.partitions[hit].message)
    assert count(warehouse, "motion") == GOOD - 1

    monkeypatch.undo()
    healed = run_backfill(backfill)
    assert healed.worked_on == (healed.partitions[hit].run_id,)
    assert {record.state for record in healed.partitions} == {"done"}
    assert healed.partitions[hit].message is None
    assert count(warehouse, "motion") == GOOD


@pytest.mark.long
def test_a_partition_that_a_crash_left_running_is_taken_up_again(
    backfill: Backfill, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    calls: list[Shard] = []

    def dying(run: Run, shard: Shard):
        calls.append(shard)
        if len(calls) == 2:
            raise Killed
        return stage_shard(run, shard)

    monkeypatch.setattr(flows.runs.run, "stage_shard", dying)
    with pytest.raises(Killed):
        run_backfill(backfill)
    states = [record.state for record in warehouse.partitions(backfill.backfill_id)]
    assert states.count("running") == 1
    monkeypatch.undo()
    assert {record.state for record in run_backfill(backfill).partitions} == {"done"}
    assert (count(warehouse, "motion"), count(warehouse, "failures")) == (GOOD, 1)


def test_told_to_end_it_finishes_the_shard_in_hand_and_says_what_is_left(
    backfill: Backfill, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = threading.Event()

    def last(run: Run, shard: Shard):
        ending.set()
        return stage_shard(run, shard)

    monkeypatch.setattr(flows.runs.run, "stage_shard", last)
    result = run_backfill(backfill, told_to_end=ending.is_set)
    assert result.left > 0
    assert count(warehouse, "motion") + count(warehouse, "failures") == 1
    assert "running" not in [record.state for record in result.partitions]
    monkeypatch.undo()
    assert run_backfill(backfill).left == 0
    assert count(warehouse, "motion") == GOOD


@pytest.mark.long
def test_partitions_at_once_write_the_same_rows(backfill: Backfill, warehouse: Warehouse) -> None:
    result = run_backfill(backfill, concurrency=PARTITIONS)
    assert result.broken == ()
    assert {record.state for record in result.partitions} == {"done"}
    assert (count(warehouse, "motion"), count(warehouse, "failures")) == (GOOD, 1)


@pytest.mark.long
def test_only_objects_of_the_time_that_was_asked_for_are_annotated(
    backfill: Backfill, warehouse: Warehouse, clips: Path
) -> None:
    old, *_ = sorted(clips.glob("*.mp4"))
    long_ago = datetime.now(UTC) - timedelta(days=30)
    os.utime(old, (long_ago.timestamp(), long_ago.timestamp()))
    week_ago = datetime.now(UTC) - timedelta(days=7)

    older = run_backfill(replace(backfill, until=week_ago))
    assert sum(record.videos for record in older.partitions) == 1
    newer = run_backfill(replace(backfill, since=week_ago))
    assert sum(record.videos for record in newer.partitions) == GOOD
    assert older.backfill_id != newer.backfill_id
    assert count(warehouse, "motion") + count(warehouse, "failures") == GOOD + 1


@pytest.mark.long
def test_failures_are_tried_again_only_where_asked_for_and_by_their_name(
    backfill: Backfill, warehouse: Warehouse, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_backfill(backfill)
    opened: list[str] = []

    def noting(run: Run, shard: Shard):
        opened.extend(Path(video.uri).name for video in shard.videos)
        return stage_shard(run, shard)

    monkeypatch.setattr(flows.runs.run, "stage_shard", noting)
    run_backfill(replace(backfill, retry=errors_to_retry(["Truncated"])))
    assert opened == []
    result = run_backfill(replace(backfill, retry=errors_to_retry(["NotAVideo"])))
    assert opened == ["broken.mp4"]
    assert result.backfill_id == backfill.backfill_id, "it is the same backfill"
    opened.clear()
    run_backfill(replace(backfill, retry=errors_to_retry([], retry_failures=True)))
    assert opened == ["broken.mp4"]
    assert count(warehouse, "failures") == 1, "the newest failure takes the place of the older"


def test_an_error_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no error 'Nope'.*NotAVideo.*Truncated"):
        errors_to_retry(["Nope"])


def test_nothing_that_failed_is_tried_again_unless_asked() -> None:
    assert errors_to_retry(None) == errors_to_retry(()) == frozenset()


@pytest.mark.long
def test_the_command_says_what_it_did_and_what_it_will_take(
    clips: Path, motionsight: Callable[..., Any], ask: Callable[..., list[dict[str, Any]]]
) -> None:
    done = motionsight("backfill", str(clips), "--shards", "3", "--hourly-cost", "2")
    assert done.code == 0, done.err
    assert "3 videos in 3 partitions; 3 videos to annotate" in done.err
    assert "Annotated 2 clips, failed 1; 3 of 3 partitions are done." in done.out
    assert "NotAVideo: 1" in done.out
    rows = ask("SELECT partition, state, videos FROM partitions ORDER BY partition")
    assert [row["state"] for row in rows] == ["done"] * 3
    again = motionsight("backfill", str(clips), "--shards", "3")
    assert "0 videos to annotate in 0 of them" in again.err
    wrong = motionsight("backfill", str(clips), "--since", "tomorrow")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "--since takes a date or a time such as 2026-11-20" in wrong.err
