"""Sampled frames as files, whose folder is complete or is written again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from motionsight_core.dataset.media import write_frames
from motionsight_core.errors import NotAVideo
from motionsight_core.video.decoding import decode
from tests.core.dataset.media.cutting import SOURCES, clip_at, settings, whole

FOUR = settings("sampling.frames=4")


def test_frames_are_the_sampled_ones_with_their_times_from_the_clips_start(tmp_path: Path) -> None:
    clip = clip_at(SOURCES["25 frames a second"](tmp_path / "source"), 0.5, 1.5)
    written = write_frames(clip, str(tmp_path / "frames"), FOUR)
    sampled = decode(clip, FOUR, products=["sampled"]).sampled
    assert sampled is not None
    assert (written.frames, written.written) == (4, True)
    times = json.loads((tmp_path / "frames" / "times.json").read_text())
    assert times["clip_id"] == clip.clip_id
    assert [frame["t_s"] for frame in times["frames"]] == pytest.approx(sampled.times_s - 0.5, abs=1e-6)
    for frame, pixels in zip(times["frames"], sampled.pixels, strict=True):
        picture = cv2.imread(str(tmp_path / "frames" / frame["file"]))
        assert picture is not None
        # JPEG of quality 90 halves the colours of a texture; another frame is 29 away.
        assert np.abs(picture[..., ::-1].astype(int) - pixels).mean() < 9


def test_a_complete_folder_is_left_as_it_is_and_any_other_is_written_again(tmp_path: Path) -> None:
    clip = clip_at(SOURCES["25 frames a second"](tmp_path / "source"), 0.5, 1.5)
    folder = tmp_path / "frames"

    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    write_frames(clip, str(folder), FOUR)
    first = content()
    assert not write_frames(clip, str(folder), FOUR).written
    (folder / "frame_0002.jpg").unlink()
    assert write_frames(clip, str(folder), FOUR).written
    (folder / "times.json").unlink()
    assert write_frames(clip, str(folder), FOUR).written
    assert content() == first
    # Fewer frames: none of the earlier ones stays.
    (folder / "mine.txt").write_text("not ours")
    assert write_frames(clip, str(folder), settings("sampling.frames=2")).frames == 2
    assert sorted(content()) == ["frame_0000.jpg", "frame_0001.jpg", "mine.txt", "times.json"]


def test_what_is_no_video_leaves_no_folder(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(NotAVideo):
        write_frames(whole(broken), str(tmp_path / "frames"), FOUR)
    assert not (tmp_path / "frames").exists()
