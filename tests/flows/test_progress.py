"""What is done is never more than what there is to do."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest

import flows.cli.progress
import flows.runs.run
from flows.cli.local import annotate_locally, backfill_locally
from flows.cli.progress import bar, counted
from flows.runs.backfill import Backfill
from flows.runs.run import Run, run_catalog, stage_shard
from motionsight_core.planning.shards import Shard
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest
from motionsight_core.warehouse.staged_files import write_staged

COUNTS = re.compile(r"^(?:Annotating|Backfilling): (\d+) of (\d+) (\w+)", re.MULTILINE)


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
        overrides=[
            "runtime.shard_size=2",
            "runtime.shard_retries=1",
            "runtime.decode_processes=1",
            *overrides,
        ],
        environment={},
    )


def counts(said: str) -> list[tuple[int, int, str]]:
    return [(int(done), int(total), unit) for done, total, unit in COUNTS.findall(said)]


def annotate(source: str, warehouse: str, chosen: Settings) -> None:
    annotate_locally(source, warehouse=warehouse, settings=chosen, force=False)


def backfill(source: str, warehouse: str, chosen: Settings) -> None:
    backfill_locally(Backfill(source, warehouse, chosen, partitions=2), concurrency=2, hourly_cost=None)


def count_within(said: str, most: int) -> None:
    """Each count that was said is one of videos, and none exceeds their number."""
    assert counts(said)
    for done, total, unit in counts(said):
        assert done <= total == most
        assert unit == "videos"


SPLITS = ["clips.window_s=0.5", "clips.scenes=true", "clips.window_s=none"]


@pytest.mark.long
@pytest.mark.parametrize("split", SPLITS)
def test_a_backfill_counts_no_more_than_its_total_whatever_a_video_is_split_into(
    split: str, clips: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    backfill(clips, f"duckdb:{tmp_path / 'motion.duckdb'}", settings(split))
    count_within(capfd.readouterr().err, 3)


@pytest.mark.in_gate("clips.scenes=true")
@pytest.mark.parametrize("split", SPLITS)
def test_every_video_is_counted_once_all_its_clips_are_done(
    split: str, clips: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where a part of its clips was done before, and where it fails as a whole."""
    from transforms.progress import videos_done

    warehouse = f"duckdb:{tmp_path / 'motion.duckdb'}"
    Path(clips, "text.mp4").write_text("no video")
    annotate(clips, warehouse, settings(split))
    count_within(capfd.readouterr().err, 4)
    with duckdb.connect(str(tmp_path / "motion.duckdb")) as connection:
        ((run_id,),) = connection.execute("SELECT run_id FROM runs").fetchall()
        assert videos_done(run_id) == 4
        connection.execute("DELETE FROM motion WHERE end_s > 1.6")
    again = run_catalog(clips, warehouse=warehouse, settings=settings(split))
    assert again.record.annotated > 0
    assert videos_done(again.record.run_id) == 3


@pytest.mark.long
def test_an_estimate_goes_by_videos_that_are_done_within_a_shard(
    clips: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backfill's first shard may take hours: its time to go is said before it is committed."""
    said_before_commit: list[str] = []
    commit = flows.runs.run.commit_shard

    def watched_commit(run: Run, manifest: Manifest) -> None:
        said_before_commit.append(str(videos_done(run.run_id)))
        commit(run, manifest)

    from transforms.progress import videos_done

    monkeypatch.setattr(flows.runs.run, "commit_shard", watched_commit)
    backfilled = Backfill(clips, f"duckdb:{tmp_path / 'm.duckdb'}", settings("clips.window_s=0.5"), 1)
    backfill_locally(backfilled, concurrency=1, hourly_cost=3600.0)
    assert said_before_commit == ["2", "3"], "of twelve clips"


@pytest.mark.long
def test_a_shard_that_is_tried_again_counts_once(
    clips: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from transforms.progress import videos_done

    left = {0: 1}
    runs: list[str] = []

    def unlucky(run: Run, shard: Shard) -> Manifest:
        runs.append(run.run_id)
        if left.pop(shard.index, 0):
            monkeypatch.setattr("transforms._stage.write_staged", out_of_room)
        try:
            return stage_shard(run, shard)
        finally:
            monkeypatch.setattr("transforms._stage.write_staged", write_staged)

    def out_of_room(path: str, content: bytes, **options: object) -> None:
        raise OSError("no room for the manifest")

    monkeypatch.setattr(flows.runs.run, "stage_shard", unlucky)
    monkeypatch.setattr(flows.runs.run, "_RETRY_PAUSE_S", 0.0)
    annotate(clips, f"duckdb:{tmp_path / 'motion.duckdb'}", settings())
    assert len(runs) == 3, "two shards, one of them twice"
    assert videos_done(runs[0]) == 3


def test_a_bar_stops_at_its_total(capfd: pytest.CaptureFixture[str]) -> None:
    with bar("Annotating", total=3, unit="videos", remark=lambda done: f"{done} said") as advance:
        for done in (0, 2, 16):
            advance(done)
    assert capfd.readouterr().err.splitlines() == [
        "Annotating: 0 of 3 videos; 0 said",
        "Annotating: 2 of 3 videos; 2 said",
        "Annotating: 3 of 3 videos; 3 said",
    ]


def test_a_count_without_a_unit_is_a_plain_one() -> None:
    assert counted(3, 7, "") == "3 of 7"
