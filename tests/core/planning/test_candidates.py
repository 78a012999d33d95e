"""Objects whose names say nothing: their first bytes decide, and the rest is counted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import motionsight_core.planning.candidates as candidates_module
from motionsight_core.planning.plan import Plan, clips_of, plan_catalog
from motionsight_core.settings import Settings
from motionsight_core.stores import OTHER_SUFFIXES, PassedOver, list_objects
from motionsight_core.warehouse import open_warehouse
from tests.videos import moving_texture, write_audio, write_video

ALL = Settings.load(overrides=["stores.all_files=true"], environment={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, one of which has no suffix, and much else."""
    folder = tmp_path / "clips"
    folder.mkdir()
    write_video(folder / "good.mp4", moving_texture(10)).rename(folder / "0f3a")
    write_video(folder / "good.mp4", moving_texture(10, seed=1))
    write_video(folder / "moving.webp", moving_texture(10), codec="libwebp_anim", format="webp")
    write_audio(folder / "sound.mp3", format="mp4")
    (folder / "notes.txt").write_text("Nothing moved.")
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXTINF:5,\ngood.mp4\n")
    (folder / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (folder / "_SUCCESS").write_bytes(b"")
    os.mkfifo(folder / "pipe")
    return folder


def planned(folder: Path, settings: Settings, **options: Any) -> Plan:
    passed_over = PassedOver()
    return plan_catalog(
        list_objects(str(folder), settings=settings.stores, passed_over=passed_over),
        settings,
        open_warehouse(f"duckdb:{folder.parent / 'x.duckdb'}"),
        run_id="run",
        passed_over=passed_over,
        **options,
    )


def opened(plan: Plan) -> list[str]:
    return [Path(video.uri).name for shard in plan.shards for video in shard.videos]


def test_the_first_bytes_say_which_files_are_opened_and_the_others_are_counted(folder: Path) -> None:
    plan = planned(folder, ALL)
    # A file of sound in a container of videos, and pictures that cannot be decoded, fail with a reason.
    assert opened(plan) == ["0f3a", "good.mp4", "moving.webp", "sound.mp3"]
    assert (plan.listed, plan.videos) == (4, 4)
    assert plan.passed_over.names == {}
    assert plan.passed_over.contents == {"": 2, ".jpg": 1, ".m3u8": 1, ".txt": 1}
    assert [shard.failures for shard in plan.shards] == [()]


def test_without_being_asked_nothing_is_looked_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "read_head", None)
    plan = planned(folder, Settings.load(environment={}))
    assert opened(plan) == ["good.mp4"]
    assert plan.passed_over.names == {"": 3, ".jpg": 1, ".m3u8": 1, ".mp3": 1, ".txt": 1, ".webp": 1}


def test_what_cannot_be_looked_into_is_opened_so_that_a_failure_says_why(folder: Path) -> None:
    listing = [*list_objects(str(folder), settings=ALL.stores)]
    (folder / "notes.txt").unlink()
    plan = plan_catalog(listing, ALL, open_warehouse(f"duckdb:{folder.parent / 'x.duckdb'}"), run_id="run")
    assert "notes.txt" in opened(plan)


def test_clips_of_a_source_leave_out_what_is_no_video(folder: Path) -> None:
    (folder / "sound.mp3").unlink()
    (folder / "moving.webp").unlink()
    assert [Path(clip.uri).name for clip in clips_of(str(folder), ALL)] == ["0f3a", "good.mp4"]


def test_counts_take_little_memory_however_names_end() -> None:
    passed_over = PassedOver()
    for number in range(5000):
        passed_over.add_name(f"log.{number}")
    assert len(passed_over.names) <= 1001
    assert len(passed_over) == 5000
    assert passed_over.names[OTHER_SUFFIXES] == 4000
