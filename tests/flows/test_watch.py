"""A watch picks up what is new or overwritten, once, and what is still written not at all."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import flows.runs.run
from flows.runs.run import Run, stage_shard
from flows.runs.watch import Round, watch
from flows.runs.watched_objects import WatchedObjects
from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.planning import candidates
from motionsight_core.planning.plan import Plan
from motionsight_core.planning.shards import Shard, Shards
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.plugin.serving import until
from tests.warm import Begun

SETTINGS = Settings.load(overrides=["runtime.shard_retries=0", "runtime.decode_processes=1"], environment={})


class Watch:
    """A watch in which a script acts between the rounds."""

    def __init__(self, folder: Path, warehouse: str, settings: Settings = SETTINGS) -> None:
        self.folder, self.warehouse, self.settings = folder, warehouse, settings

    def run(self, *between: Callable[[], object], settle_s: float = 0.0) -> list[Round]:
        seen: list[Round] = []

        def on_round(result: Round) -> None:
            seen.append(result)
            if len(seen) <= len(between):
                between[len(seen) - 1]()

        watch(
            str(self.folder),
            warehouse=self.warehouse,
            settings=self.settings,
            every_s=0.0,
            settle_s=settle_s,
            rounds=len(between) + 1,
            on_round=on_round,
            told_to_end=threading.Event(),
        )
        return seen

    def rows(self) -> list[tuple[str, str]]:
        return open_warehouse(self.warehouse).query("SELECT uri, version FROM motion ORDER BY ALL").rows


@pytest.fixture
def watched(tmp_path: Path) -> Watch:
    folder = tmp_path / "clips"
    folder.mkdir()
    return Watch(folder, f"duckdb:{tmp_path / 'motion.duckdb'}")


@pytest.fixture
def videos(scenes: Path) -> list[Path]:
    return sorted(scenes.glob("*.mp4"))


def annotated(rounds: list[Round]) -> list[int]:
    return [result.record.annotated if result.record else 0 for result in rounds]


def test_new_objects_are_annotated_in_the_round_after_they_came(watched: Watch, videos: list[Path]) -> None:
    shutil.copy(videos[0], watched.folder)
    rounds = watched.run(
        lambda: None,
        lambda: [shutil.copy(video, watched.folder) for video in videos[1:3]],
        lambda: None,
    )
    assert annotated(rounds) == [1, 0, 2, 0]
    assert [result.listed for result in rounds] == [1, 1, 3, 3]
    assert len(watched.rows()) == 3
    runs = open_warehouse(watched.warehouse).query("SELECT count(*) FROM runs").rows
    assert runs == [(2,)], "a round with nothing to do writes nothing"


def test_an_overwritten_object_gets_another_row_and_keeps_the_old_one(
    watched: Watch, videos: list[Path]
) -> None:
    place = watched.folder / "a.mp4"
    shutil.copy(videos[0], place)
    rounds = watched.run(lambda: shutil.copy(videos[1], place), lambda: None)
    assert annotated(rounds) == [1, 1, 0]
    assert len({version for _, version in watched.rows()}) == 2


def test_a_file_whose_name_says_nothing_waits_and_is_looked_into_once(
    watched: Watch, videos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.settings = Settings.layered(SETTINGS.model_dump(), {"stores": {"all_files": True}})
    looked_into: list[str] = []
    read_head = candidates.read_head
    monkeypatch.setattr(
        candidates,
        "read_head",
        lambda video, length, settings: (
            looked_into.append(Path(video.uri).name),
            read_head(video, length, settings=settings),
        )[1],
    )
    (watched.folder / "notes").write_text("no video")
    shutil.copy(videos[0], watched.folder / "0f3a")
    os.utime(watched.folder / "notes", (0, 0))

    def settle() -> None:
        os.utime(watched.folder / "0f3a", (0, 0))

    rounds = watched.run(settle, lambda: None, settle_s=3600)
    assert annotated(rounds) == [0, 1, 0]
    assert [result.unsettled for result in rounds] == [1, 0, 0]
    assert [len(result.passed_over) for result in rounds] == [1, 0, 0]
    assert looked_into == ["notes", "0f3a"]


@pytest.mark.long
def test_a_deleted_object_ends_nothing(watched: Watch, videos: list[Path]) -> None:
    shutil.copy(videos[0], watched.folder / "a.mp4")
    shutil.copy(videos[1], watched.folder / "b.mp4")
    rounds = watched.run((watched.folder / "a.mp4").unlink)
    assert annotated(rounds) == [2, 0]
    assert not any(result.broken for result in rounds)


def test_a_watch_that_is_started_anew_goes_on_where_the_last_one_was(
    watched: Watch, videos: list[Path]
) -> None:
    shutil.copy(videos[0], watched.folder)
    assert annotated(watched.run()) == [1]
    shutil.copy(videos[1], watched.folder)
    assert annotated(watched.run()) == [1]
    assert annotated(watched.run()) == [0]


def test_a_file_that_may_still_be_written_waits(watched: Watch, videos: list[Path]) -> None:
    whole = videos[0].read_bytes()
    place = watched.folder / "a.mp4"
    place.write_bytes(whole[: len(whole) // 2])

    def write_the_rest() -> None:
        place.write_bytes(whole)
        os.utime(place, (0, 0))  # long ago, as a finished copy is some time later

    rounds = watched.run(write_the_rest, settle_s=3600)
    assert [result.unsettled for result in rounds] == [1, 0]
    assert annotated(rounds) == [0, 1]
    failures = open_warehouse(watched.warehouse).query("SELECT count(*) FROM failures").rows
    assert failures == [(0,)], "the half of it was never opened"


def test_a_store_or_shard_that_fails_costs_the_round_and_not_the_watch(
    watched: Watch, videos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(videos[0], watched.folder)

    def unlucky(run: Run, shard: Shard):
        raise OSError("the disk is full")

    monkeypatch.setattr(flows.runs.run, "stage_shard", unlucky)
    rounds = watched.run(
        lambda: monkeypatch.setattr(flows.runs.run, "stage_shard", stage_shard),
        lambda: watched.folder.rename(watched.folder.with_name("away")),
        lambda: watched.folder.with_name("away").rename(watched.folder),
    )
    assert [len(result.broken) for result in rounds] == [1, 0, 1, 0]
    assert "the disk is full" in rounds[0].broken[0]
    assert "no file, directory or glob match" in rounds[2].broken[0]
    assert annotated(rounds) == [0, 1, 0, 0]


def test_a_source_that_never_was_is_said_at_once(watched: Watch) -> None:
    watched.folder.rmdir()
    with pytest.raises(UsageError, match="no file, directory or glob match"):
        watched.run()


def test_what_failed_from_outside_is_tried_again_after_pauses_that_double() -> None:
    now_s = 0.0
    objects = WatchedObjects(pause_s=10.0, settle_s=0.0, clock=lambda: now_s)
    video = VideoObject("gs://bucket/a.mp4", "1")
    shard = Shard(0, (video,))
    tried_at: list[float] = []
    while now_s < 300:
        if list(objects.to_look_at([video])):
            objects.planned(Plan(Shards([shard])))
            objects.committed(shard)
            tried_at.append(now_s)
        now_s += 10
    assert tried_at == [0, 10, 30, 70, 150]


def test_what_is_finished_is_not_looked_at_again_until_its_version_changes() -> None:
    objects = WatchedObjects(pause_s=10.0, settle_s=0.0)
    first = VideoObject("gs://bucket/a.mp4", "1")
    assert list(objects.to_look_at([first])) == [first]
    objects.planned(Plan(Shards()))
    assert list(objects.to_look_at([first])) == []
    second = VideoObject("gs://bucket/a.mp4", "2")
    assert list(objects.to_look_at([first, second])) == [second]


def test_a_time_that_lies_ahead_does_not_keep_a_file_waiting_for_ever() -> None:
    now_s = 1000.0
    objects = WatchedObjects(pause_s=1.0, settle_s=5.0, clock=lambda: now_s)
    ahead = VideoObject("/clips/a.mp4", f"{int(9e9 * 1e9)}-12")
    assert list(objects.to_look_at([ahead])) == []
    now_s = 1004.0
    assert list(objects.to_look_at([ahead])) == []
    now_s = 1006.0
    assert list(objects.to_look_at([ahead])) == [ahead]


@pytest.mark.parametrize(
    "version",
    ["-1-12", "-1000000000-0", "-86400000000000-45", "0-0", "-36028797018963968000000000-7", "1-2"],
)
def test_a_file_of_long_ago_is_whole_however_long_ago_that_is(version: str) -> None:
    objects = WatchedObjects(pause_s=1.0, settle_s=5.0)
    video = VideoObject("/clips/a.mp4", version)
    assert list(objects.to_look_at([video])) == [video]


@pytest.mark.parametrize(
    "version", ["", "-", "--", "etag", "1.5-2", f"{'9' * 400}-1", f"-{'9' * 5000}-1", "é-\n"]
)
def test_a_version_that_says_no_time_costs_a_wait_and_not_the_round(version: str) -> None:
    now_s = 1000.0
    objects = WatchedObjects(pause_s=1.0, settle_s=5.0, clock=lambda: now_s)
    strange, good = VideoObject("/clips/a.mp4", version), VideoObject("/clips/b.mp4", "5-5")
    assert list(objects.to_look_at([strange, good])) == [good]
    now_s = 1006.0
    assert list(objects.to_look_at([strange, good])) == [strange, good]


@pytest.mark.long
def test_a_round_survives_files_of_any_time_and_name(watched: Watch, videos: list[Path]) -> None:
    long_ago, year_one, year_2500 = -1, -62_135_596_800, 16_725_225_600
    names = ("new\nline.mp4", "quo'te\".mp4", "-rf.mp4", "[a]*?#.mp4", "a\\b.mp4", "dt=1.mp4")
    for name, modified_s in zip(names, (long_ago, year_one, year_2500, 0, 1, -86_400), strict=True):
        os.utime(shutil.copy(videos[0], watched.folder / name), (modified_s, modified_s))
    Path(os.fsdecode(os.fsencode(watched.folder) + b"/caf\xe9.mp4")).write_bytes(b"")
    (watched.folder / "broken.mp4").symlink_to("nowhere")
    (watched.folder / "loop.mp4").symlink_to("loop.mp4")
    os.mkfifo(watched.folder / "pipe.mp4")
    rounds = watched.run(lambda: None, settle_s=0.001)
    assert not any(result.broken for result in rounds)
    assert sum(annotated(rounds)) == len(names), "the one of the year 2500 in the second round, at the latest"
    failures = open_warehouse(watched.warehouse).query("SELECT error FROM failures ORDER BY uri").rows
    assert [error for (error,) in failures] == [
        "StoreUnavailable",
        "UnusableName",
        "StoreUnavailable",
        "StoreUnavailable",
    ]


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1.0, 1e12])
@pytest.mark.parametrize("name", ["every_s", "settle_s"])
def test_a_time_that_nobody_can_wait_is_a_usage_error(watched: Watch, name: str, seconds: float) -> None:
    every_s, settle_s = (seconds if given == name else 0.0 for given in ("every_s", "settle_s"))
    with pytest.raises(UsageError, match=f"{name} takes a number of seconds"):
        watch(
            str(watched.folder),
            warehouse=watched.warehouse,
            settings=SETTINGS,
            rounds=1,
            on_round=lambda result: None,
            told_to_end=threading.Event(),
            every_s=every_s,
            settle_s=settle_s,
        )


def test_sigterm_ends_a_watch_at_once_between_two_rounds_with_exit_0(
    begin: Callable[..., Begun], watched: Watch, videos: list[Path]
) -> None:
    shutil.copy(videos[0], watched.folder)
    running = begin("watch", str(watched.folder), "--every", "600", "--settle", "0")
    until(lambda: running.out or running.poll() is not None, what=lambda: running.err)
    assert running.out == "Round 1: annotated 1 clips, failed 0.\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0, running.err
