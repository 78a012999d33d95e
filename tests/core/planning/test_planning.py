from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.errors import NotAVideo, UsageError
from motionsight_core.planning.plan import clips_of, plan_catalog
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.warehouse import open_warehouse
from tests.videos import moving_texture, write_video


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


def test_a_plan_cuts_the_listing_into_shards_in_order(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(7):
        (clips / f"{number}.mp4").write_bytes(b"x")
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'x.duckdb'}")
    plan = plan_catalog(list_objects(str(clips)), settings("runtime.shard_size=3"), warehouse, run_id="run")
    assert [[Path(video.uri).stem for video in shard.videos] for shard in plan.shards] == [
        ["0", "1", "2"],
        ["3", "4", "5"],
        ["6"],
    ]
    assert (plan.listed, plan.videos, plan.skipped) == (7, 7, 0)


def test_an_absent_source_is_a_usage_error_before_anything_is_written(tmp_path: Path) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'x.duckdb'}")
    with pytest.raises(UsageError):
        plan_catalog(list_objects(str(tmp_path / "absent")), settings(), warehouse, run_id="run")
    assert list(tmp_path.iterdir()) == []


def test_clips_of_a_source_for_use_from_python(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", moving_texture(50))
    (clip,) = clips_of(str(tmp_path))
    assert (clip.start_s, clip.end_s) == (0.0, 2.0)
    assert [c.end_s for c in clips_of(str(tmp_path), settings("clips.window_s=0.8"))] == [0.8, 1.6, 2.0]
    (tmp_path / "b.mp4").write_text("no video")
    with pytest.raises(NotAVideo):
        clips_of(str(tmp_path))
