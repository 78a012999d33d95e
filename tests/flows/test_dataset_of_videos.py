"""From videos to a data set with the commands alone: rendered scenes, copies, and a video of a benchmark."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from motionsight_core.camera_motion import CameraLabel
from motionsight_core.synthetic import Move, Scene, render
from motionsight_core.warehouse import open_warehouse
from tests.core.dataset.rows import files_in
from tests.videos import all_frames, write_video

MOVES: dict[str, CameraLabel] = {
    "pans": "pan_right",
    "tilts": "tilt_up",
    "zooms": "zoom_in",
    "rolls": "roll_cw",
}


def pictures_of(video: Path) -> list[NDArray[np.uint8]]:
    return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in all_frames(video)]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four scenes, a re-encoded copy of the first, the second without its beginning; a benchmark that has
    the third in small."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "clips").mkdir()
    rates = {"pan_right": 0.12, "tilt_up": 0.15, "zoom_in": 0.2, "roll_cw": 8.0}
    for seed, (name, label) in enumerate(MOVES.items(), start=11):
        move = Move(0.0, 3.0, label, rates[label])
        scene = Scene(name, duration_s=3.0, moves=(move,), seed=seed, width=320, height=180)
        render(scene, folder / f"clips/{name}.mp4")
    pictures = pictures_of(folder / "clips/pans.mp4")
    write_video(folder / "clips/pans_again.mp4", pictures, rate=30, options={"crf": "36"})
    pictures = pictures_of(folder / "clips/tilts.mp4")
    write_video(folder / "clips/tilts_trimmed.mp4", pictures[6:], rate=30)
    pictures = pictures_of(folder / "clips/zooms.mp4")
    small = [np.asarray(cv2.resize(one, (160, 90)), np.uint8) for one in pictures]
    (folder / "benchmark").mkdir()
    write_video(folder / "benchmark/0001.mp4", small, rate=30)
    return folder


@pytest.mark.long
def test_videos_become_a_data_set_without_copies_and_without_what_a_benchmark_shows(
    videos: Path, motionsight, tmp_path: Path
) -> None:
    assert motionsight("annotate", str(videos / "clips"), "--set", "naming.model=none").code == 0
    command = ("dataset", "data", "--against", str(videos / "benchmark"))
    done = motionsight(*command)
    assert done.code == 0, done.err
    data = tmp_path / "data"
    dropped = {
        Path(row["uri"]).stem: (row["stage"], row["reason"])
        for row in pq.read_table(data / "dropped.parquet").to_pylist()
    }
    assert {name: stage for name, (stage, _) in dropped.items()} == {
        "zooms": "contamination",
        "pans_again": "duplicate",
        "tilts_trimmed": "duplicate",
    }
    assert "benchmark/0001.mp4" in dropped["zooms"][1]

    rows = pq.read_table(data / "clips.parquet").to_pylist()
    assert {Path(row["uri"]).stem for row in rows} == {"pans", "tilts", "rolls"}
    assert {row["grade_camera"] for row in rows} == {"ungraded"}
    for row in rows:
        with av.open(str(data / row["media"])) as cut:
            assert sum(1 for _ in cut.decode(video=0)) == len(all_frames(Path(row["uri"])))
    asked = pq.read_table(data / "sft.parquet").to_pylist()
    assert {row["clip_id"] for row in asked} == {row["clip_id"] for row in rows}
    assert any("pan" in row["answer"] for row in asked)

    before = files_in(data)
    assert motionsight(*command).code == 0
    assert files_in(data) == before


@pytest.mark.long
def test_a_clip_without_a_fingerprint_cannot_be_compared_with_a_benchmark_and_is_left_out(
    videos: Path, motionsight, tmp_path: Path
) -> None:
    rolls = str(videos / "clips/rolls.mp4")
    assert motionsight("annotate", rolls, "--set", "naming.model=none").code == 0
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
    assert warehouse.query("SELECT count(*) FROM fingerprints").rows == [(1,)]
    with duckdb.connect(str(tmp_path / "motionsight.duckdb")) as connection:
        connection.execute("DELETE FROM fingerprints")
    against = ("--media", "reference", "--against", str(videos / "benchmark"))
    assert "Left out: contamination 1 rows" in motionsight("dataset", "data", *against).out
    assert motionsight("fingerprint").code == 0
    assert "1 clip," in motionsight("dataset", "data", *against).out
