"""Data sets whose clips are in a bucket: tables name them there, views by the copy that trainers read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.catalog import Clip
from motionsight_core.dataset.build import Built, build_dataset
from motionsight_core.dataset.files_of_clips import write_media
from motionsight_core.errors import RunError, UsageError
from motionsight_core.preference import read_pairs
from motionsight_core.preference.pairs import pairs_with_clips
from motionsight_core.settings import Settings
from motionsight_core.stores.uploads import note_of
from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.dataset.media import cutting
from tests.core.dataset.media.cutting import SOURCES, clip_at, content
from tests.core.dataset.rows import SCORER, files_in, named
from tests.core.stores.servers import Place
from tests.core.warehouse.rows import Stage, score


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    source = SOURCES["25 frames a second"](tmp_path / "source")
    return [clip_at(source, start_s, start_s + 0.6) for start_s in (0.0, 1.0)]


@pytest.fixture
def warehouse(tmp_path: Path, clips: Sequence[Clip]) -> Warehouse:
    """Two clips of a second, each described by two recipes of which the first has high scores."""
    opened = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    for clip in clips:
        span = {name: getattr(clip, name) for name in ("uri", "version", "start_s", "end_s")}
        ours = named("source.mp4", object_motion="A ball rolls.", **span)
        theirs = named("source.mp4", object_motion="A ball jumps.", recipe="r2", **span)
        assert ours.clip_id == clip.clip_id
        Stage(opened).commit(
            ours, theirs, score(clip.clip_id, 0.9, aspect="object", scorer=SCORER, uri=clip.uri)
        )
    return opened


def settings(bucket: Place, *overrides: str) -> Settings:
    sources = '[{"prefix": "/", "high_object": 0.6, "high_camera": 0.6}]'
    # The name of the test's folder says in which split its clips are.
    one_split = ("dataset.validation=0", "dataset.test=0")
    root = f"media.root={bucket.address}set/"
    return cutting.settings(f"dataset.sources={sources}", root, *one_split, *overrides)


def rows_of(built: Built, name: str) -> list[dict[str, Any]]:
    return pq.read_table(built.folder / f"{name}.parquet").to_pylist()


def test_clips_go_to_the_bucket_once_and_a_rebuild_is_the_same(
    bucket: Place,
    warehouse: Warehouse,
    clips: Sequence[Clip],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = settings(bucket)
    built = build_dataset(warehouse.url, tmp_path / "set", chosen)
    addresses = {clip.clip_id: f"{bucket.address}set/{clip.clip_id}.mp4" for clip in clips}
    for name in ("clips", "sft", "pairs"):
        assert {row["clip_id"]: row["media"] for row in rows_of(built, name)} == addresses
    assert not (built.folder / "media").exists()
    assert f"Media: cut, in {bucket.address}set;" in (built.folder / "README.md").read_text()
    before = files_in(built.folder)
    here = write_media_here(clips, tmp_path)
    assert {clip_id: content(address) for clip_id, address in addresses.items()} == here

    from motionsight_core.dataset.media import cut

    monkeypatch.setattr(cut, "_write", None)  # nothing is cut twice
    build_dataset(warehouse.url, tmp_path / "set", chosen)
    assert files_in(built.folder) == before


def write_media_here(clips: Sequence[Clip], tmp_path: Path) -> dict[str, bytes]:
    assert write_media(clips, tmp_path / "here", cutting.settings()) == {}
    return {clip.clip_id: (tmp_path / f"here/media/{clip.clip_id}.mp4").read_bytes() for clip in clips}


def test_a_copy_of_the_clips_below_the_folder_is_what_views_and_people_read(
    bucket: Place, warehouse: Warehouse, clips: Sequence[Clip], tmp_path: Path
) -> None:
    built = build_dataset(warehouse.url, tmp_path / "set", settings(bucket))
    pairs = read_pairs(built.folder)
    with pytest.raises(
        UsageError, match=r"has its clip in .*media; .*copy its clips there from their bucket"
    ):
        pairs_with_clips(built.folder, pairs)
    copies = [built.folder / f"media/{clip.clip_id}.mp4" for clip in clips]
    copies[0].parent.mkdir()
    for copy in copies:
        copy.write_bytes(content(f"{bucket.address}set/{copy.name}"))
    assert len(pairs_with_clips(built.folder, pairs)) == len(pairs) == 2
    items = json.loads((built.folder / "views/llava/train.json").read_text())
    assert {item["video"] for item in items} == {f"media/{copy.name}" for copy in copies}
    described = (built.folder / "views/videofolder/metadata.jsonl").read_text().splitlines()
    assert {json.loads(line)["file_name"] for line in described} == {copy.name for copy in copies}
    build_dataset(warehouse.url, tmp_path / "set", settings(bucket))
    assert all(copy.exists() for copy in copies)


def test_frames_in_a_bucket_are_counted_there(
    bucket: Place, warehouse: Warehouse, clips: Sequence[Clip], tmp_path: Path
) -> None:
    chosen = settings(bucket, "media.kind=frames", "sampling.frames=3")
    built = build_dataset(warehouse.url, tmp_path / "set", chosen)
    lines = (built.folder / "views/trl/sft_train.jsonl").read_text().splitlines()
    for item in map(json.loads, lines):
        frames = [f"media/{item['clip_id']}/frame_{number:04d}.jpg" for number in range(3)]
        assert item["images"] == frames
    times = f"{bucket.address}set/{clips[0].clip_id}/times.json"
    assert (note_of(times, stores=chosen.stores) or "").endswith(" 3")


def test_a_bucket_that_is_not_there_ends_the_build_with_a_sentence(
    bucket: Place, warehouse: Warehouse, tmp_path: Path
) -> None:
    chosen = settings(bucket, "stores.retries=0", "media.root=gs://there-is-no-such-bucket/set")
    with pytest.raises(RunError, match=r"gs://there-is-no-such-bucket/set/.*cannot be written"):
        build_dataset(warehouse.url, tmp_path / "set", chosen)
    assert not (tmp_path / "set/README.md").exists()
