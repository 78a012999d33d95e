"""What is done is never more than what there is to do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import flows.cli.progress
import flows.runs.run
from flows.cli.local import annotate_locally, backfill_locally
from flows.cli.progress import bar, counted
from flows.runs.backfill import Backfill
from flows.runs.run import Run, stage_shard
from motionsight_core.planning.shards import Shard
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest

COUNTS = re.compile(r"^(?:Annotating|Backfilling): (\d+)(?: of (\d+))? (clips|videos)", re.MULTILINE)


@pytest.fixture(autouse=True)
def every_count_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.cli.progress, "_PLAIN_EVERY_S", 0.0)


@pytest.fixture
def clips(scenes: Path, tmp_path: Path) -> str:
    """Three videos of 2 s, and a name that cannot be listed."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for video in sorted(scenes.glob("*.mp4"))[:3]:
        shutil.copy(video, folder)
    (folder / "nowhere.mp4").symlink_to("nothing")
    return str(folder)


def settings(*overrides: str) -> Settings:
    return Settings.load(
        overrides=["runtime.shard_size=2", "runtime.shard_retries=1", *overrides], environment={}
    )


def counts(said: str) -> list[tuple[int, int | None, str]]:
    return [(int(done), int(total) if total else None, unit) for done, total, unit in COUNTS.findall(said)]


def annotate(source: str, warehouse: str, chosen: Settings) -> None:
    annotate_locally(source, warehouse=warehouse, settings=chosen, force=False)


def backfill(source: str, warehouse: str, chosen: Settings) -> None:
    backfill_locally(Backfill(source, warehouse, chosen, partitions=2), concurrency=2, hourly_cost=None)


@pytest.mark.parametrize("run", [annotate, backfill])
@pytest.mark.parametrize("split", ["clips.window_s=0.5", "clips.scenes=true", "clips.window_s=none"])
def test_a_count_never_exceeds_its_total_whatever_a_video_is_split_into(
    run: Callable[[str, str, Settings], None],
    split: str,
    clips: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run(clips, f"duckdb:{tmp_path / 'motion.duckdb'}", settings(split))
    said = counts(capfd.readouterr().err)
    assert said
    for done, total, unit in said:
        assert total is None or (done <= total == 3 and unit == "videos")


def test_a_shard_that_is_tried_again_counts_once(
    clips: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from transforms.progress import clips_done

    left = {0: 1}
    runs: list[str] = []

    def unlucky(run: Run, shard: Shard) -> Manifest:
        runs.append(run.run_id)
        if left.pop(shard.index, 0):
            monkeypatch.setattr("transforms._stage._write_whole", out_of_room)
        try:
            return stage_shard(run, shard)
        finally:
            monkeypatch.setattr("transforms._stage._write_whole", write_whole)

    def out_of_room(path: str, content: bytes) -> None:
        raise OSError("no room for the manifest")

    from transforms._stage import _write_whole as write_whole

    monkeypatch.setattr(flows.runs.run, "stage_shard", unlucky)
    monkeypatch.setattr(flows.runs.run, "_RETRY_PAUSE_S", 0.0)
    annotate(clips, f"duckdb:{tmp_path / 'motion.duckdb'}", settings())
    assert len(runs) == 3, "two shards, one of them twice"
    assert clips_done(runs[0]) == 3


def test_a_bar_stops_at_its_total(capfd: pytest.CaptureFixture[str]) -> None:
    with bar("Annotating", total=3, unit="videos", remark=lambda done: f"{done} said") as advance:
        for done in (0, 2, 16):
            advance(done)
    with bar("Annotating", total=None, unit="clips") as advance:
        advance(16)
    assert capfd.readouterr().err.splitlines() == [
        "Annotating: 0 of 3 videos; 0 said",
        "Annotating: 2 of 3 videos; 2 said",
        "Annotating: 3 of 3 videos; 3 said",
        "Annotating: 16 clips",
    ]


def test_a_count_without_a_unit_is_a_plain_one() -> None:
    assert counted(3, 7, "") == "3 of 7"
