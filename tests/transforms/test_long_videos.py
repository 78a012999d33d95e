"""Videos of many clips through AnnotateCatalog: windows and scenes, reruns, passes that break off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.clip import DecodedClip
from motionsight_core.errors import TimedOut
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.planning.plan import plan_catalog
from motionsight_core.record import SPLIT_SCHEMA
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.warehouse import Manifest, Warehouse, open_warehouse
from tests.core.warehouse.rows import run_record
from tests.videos import moving_texture, write_video
from transforms.shard import annotate_shard


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=["runtime.decode_processes=1", *overrides], environment={})


WINDOWS = settings("clips.window_s=1")
SCENES = settings("clips.scenes=true", "clips.window_s=2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clips = tmp_path / "clips"
    clips.mkdir()
    shots = [frame for seed in range(3) for frame in moving_texture(25, step=1, seed=seed)]
    write_video(clips / "film.mp4", shots, options={"x264-params": "keyint=24:scenecut=0"})
    return clips


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    warehouse.start_run(run_record())
    return warehouse


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the decoder was asked for what."""
    count: Counter[str] = Counter()

    def counted(name: str) -> None:
        ask = getattr(DecoderPool, name)

        def method(self: DecoderPool, *arguments: Any, **options: Any) -> Any:
            count[name] += 1
            return ask(self, *arguments, **options)

        monkeypatch.setattr(DecoderPool, name, method)

    for name in ("probe", "decode", "decode_scenes"):
        counted(name)
    return count


def annotate(folder: Path, chosen: Settings, warehouse: Warehouse) -> list[Manifest]:
    """Plan and commit, as a run does."""
    plan = plan_catalog(list_objects(str(folder)), chosen, warehouse, run_id="run")
    manifests = [annotate_shard(shard, chosen, warehouse, run_id="run") for shard in plan.shards]
    for manifest in manifests:
        warehouse.commit(manifest)
    return manifests


def spans(warehouse: Warehouse) -> list[tuple[float, float]]:
    return warehouse.query("SELECT start_s, end_s FROM motion ORDER BY start_s").rows


@pytest.mark.parametrize("chosen", [WINDOWS, SCENES], ids=["windows", "scenes"])
def test_a_rerun_opens_no_video_whose_clips_are_all_there(
    chosen: Settings, folder: Path, warehouse: Warehouse, asked: Counter[str]
) -> None:
    (manifest,) = annotate(folder, chosen, warehouse)
    assert spans(warehouse) == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    (file,) = manifest.split_files
    assert pq.read_schema(file).equals(SPLIT_SCHEMA)
    assert [row["clips"] for row in pq.read_table(file).to_pylist()] == [3]
    assert asked == ({"probe": 1, "decode": 3} if chosen is WINDOWS else {"decode_scenes": 1})
    asked.clear()
    assert annotate(folder, chosen, warehouse) == []
    assert not asked, "nothing was opened"


def test_whole_videos_are_not_split(folder: Path, warehouse: Warehouse) -> None:
    (manifest,) = annotate(folder, settings(), warehouse)
    assert manifest.split_files == ()


def test_a_pass_that_breaks_off_keeps_its_scenes_and_a_rerun_adds_the_rest(
    folder: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_pass = DecoderPool.decode_scenes

    def broken(self: DecoderPool, *arguments: Any, **options: Any) -> Generator[DecodedClip, None, None]:
        scenes = whole_pass(self, *arguments, **options)
        yield next(scenes)
        scenes.close()
        raise TimedOut("It took too long.")

    with monkeypatch.context() as patched:
        patched.setattr(DecoderPool, "decode_scenes", broken)
        (manifest,) = annotate(folder, SCENES, warehouse)
    assert (manifest.annotated, manifest.failed, manifest.split_files) == (1, 1, ())
    assert spans(warehouse) == [(0.0, 1.0)]
    assert warehouse.query("SELECT clip_id, stage, error, message FROM failures").rows == [
        (None, "decode", "TimedOut", "From 1.000 s on: It took too long.")
    ]
    first = warehouse.query("SELECT annotated_at FROM motion").rows
    (manifest,) = annotate(folder, SCENES, warehouse)
    assert (manifest.annotated, manifest.failed, manifest.skipped) == (2, 0, 1)
    assert spans(warehouse) == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    assert warehouse.query("SELECT annotated_at FROM motion WHERE start_s = 0").rows == first
    assert warehouse.query("SELECT * FROM failures").rows == []
    assert annotate(folder, SCENES, warehouse) == []
