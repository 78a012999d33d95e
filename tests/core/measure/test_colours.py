"""What moves is seen by its colour where its brightness is that of what lies behind it."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core import Settings, clips_of, decode
from motionsight_core.measure import MotionMeter
from motionsight_core.measure.differences import GREY, Picture, compensated_difference
from motionsight_core.record import ObjectTrack
from motionsight_core.settings import MeasureSettings
from motionsight_core.video.pixels import Geometry, chroma_size, to_chroma
from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, texture, view
from tests.videos import write_video

Pixels = NDArray[np.uint8]
PICTURE = texture(3)


def tracks_of(path: Path) -> tuple[ObjectTrack, ...]:
    (clip,) = clips_of(str(path))
    settings = Settings.load(overrides=["naming.model=none"], environment={})
    motion = decode(clip, settings, products=("motion",)).motion
    assert motion is not None
    return motion.tracks


def in_colour(luma: Luma, cb: int, cr: int, place: tuple[slice, slice]) -> Pixels:
    """RGB of luma that is grey but for one place."""
    picture = np.dstack([luma, np.full_like(luma, GREY), np.full_like(luma, GREY)])
    picture[(*place, 1)], picture[(*place, 2)] = cr, cb
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_YCrCb2RGB), np.uint8)


def some_chroma() -> Pixels:
    """[HEIGHT / 2, WIDTH / 2, 2]."""
    planes = [cv2.resize(view(texture(seed)), (WIDTH // 2, HEIGHT // 2)) for seed in (4, 5)]
    return np.asarray(np.dstack(planes), np.uint8)


@pytest.mark.parametrize("is_coloured", [True, False])
def test_a_red_square_as_bright_as_the_wall_is_a_track(is_coloured: bool, tmp_path: Path) -> None:
    # Its luma is the wall's, which holds still: nothing but its colour moves.
    wall = (view(PICTURE) // 3 + 80).astype(np.uint8)
    frames = []
    for number in range(30):
        left = 40 + 8 * number
        place = slice(60, 100), slice(left, left + 24)
        frames.append(in_colour(wall, *((100, 170) if is_coloured else (GREY, GREY)), place))
    tracks = tracks_of(write_video(tmp_path / "clip.mp4", frames, rate=10))
    assert len(tracks) == is_coloured
    for track in tracks:
        box = track.boxes[len(track.boxes) // 2]
        left = 40 + 80 * box.t_s
        assert np.array([box.x0, box.x1]) * WIDTH == pytest.approx([left, left + 24], abs=8)
        assert np.array([box.y0, box.y1]) * HEIGHT == pytest.approx([60, 100], abs=8)


def test_colours_move_with_the_luma_and_differ_where_they_do_not() -> None:
    luma = view(PICTURE)
    chroma = some_chroma()
    shift = np.array([[1.0, 0.0, 6.0], [0.0, 1.0, 2.0]])
    moved = Picture(np.roll(luma, (2, 6), (0, 1)), np.roll(chroma, (1, 3), (0, 1)))
    same = compensated_difference(Picture(luma, chroma), shift, moved)
    assert same.chroma is not None
    assert same.chroma.shape == (HEIGHT // 2, WIDTH // 2)
    assert max(same.luma.max(), same.chroma.max()) == 0
    assert moved.chroma is not None
    moved.chroma[40:50, 60:70, 1] += 30
    other = compensated_difference(Picture(luma, chroma), shift, moved)
    assert other.luma.max() == 0
    assert other.chroma is not None
    assert np.all(other.chroma[40:50, 60:70] == 30)
    assert np.count_nonzero(other.chroma) == 100


def test_where_the_light_goes_colours_fade_towards_grey_and_nothing_moves() -> None:
    luma = view(PICTURE)
    chroma = some_chroma()
    dark = Picture(
        cv2.convertScaleAbs(luma, alpha=0.5).astype(np.uint8),
        cv2.convertScaleAbs(chroma, alpha=0.5, beta=GREY / 2).astype(np.uint8),
    )
    difference = compensated_difference(Picture(luma, chroma), np.eye(2, 3), dark)
    assert difference.chroma is not None
    # A gain is fitted, and not quite this one.
    assert np.percentile(difference.chroma, 95) <= 4


def test_a_picture_without_colours_is_compared_by_its_luma() -> None:
    luma = view(PICTURE)
    chroma = np.full((HEIGHT // 2, WIDTH // 2, 2), GREY, np.uint8)
    for one, other in ((None, chroma), (chroma, None), (None, None)):
        difference = compensated_difference(
            Picture(luma, one), np.eye(2, 3), Picture((255 - luma).astype(np.uint8), other)
        )
        assert difference.chroma is None
        assert difference.larger(difference).chroma is None


@pytest.mark.parametrize("size", [(1, 1), (160, 1), (3, 90), (321, 181)])
def test_frames_of_any_size_are_measured_with_their_colours(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    meter = MotionMeter(MeasureSettings(), aspect=size[0] / size[1])
    for number in range(6):
        luma = rng.integers(0, 255, size[::-1], dtype=np.uint8)
        chroma = rng.integers(0, 255, (*chroma_size(size)[::-1], 2), dtype=np.uint8)
        meter.push(luma, number / 10, chroma=chroma)
    assert meter.finish(0.0, 0.6).camera_path.t_s.shape == (5,)


def test_between_black_bars_colours_are_compared_and_bars_do_not_move() -> None:
    chroma = some_chroma()
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    for number in range(12):
        luma = np.roll(view(PICTURE), 6 * number, axis=1)
        shown = np.roll(chroma, 3 * number, axis=1)
        for bar in (slice(0, 23), slice(HEIGHT - 23, HEIGHT)):
            luma[bar] = 16
            shown[bar.start // 2 : bar.stop // 2] = GREY
        meter.push(luma, number / 10, chroma=shown)
    assert meter.finish(0.0, 1.2).tracks == ()


@pytest.mark.parametrize("format", ["yuv420p", "yuv444p", "yuv420p10le", "nv12", "rgb24", "gbrp"])
def test_chroma_of_any_format_with_colours(format: str) -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :32], rgb[:, 32:] = (200, 40, 40), (40, 40, 200)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    if format != "rgb24":
        frame = frame.reformat(format=format)
    geometry = Geometry(64, 48, transpose=False, flip_x=False, flip_y=False)
    chroma = to_chroma(frame, geometry, size=chroma_size((32, 24)))
    assert chroma is not None
    assert chroma.shape == (12, 16, 2)
    left, right = chroma[:, :6].reshape(-1, 2).mean(axis=0), chroma[:, 10:].reshape(-1, 2).mean(axis=0)
    assert left[1] - GREY > 40 > 0 > left[0] - GREY  # red: Cr
    assert right[0] - GREY > 40 > 0 > right[1] - GREY  # blue: Cb


def test_chroma_is_upright_and_grey_has_none() -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:24] = 200, 40, 40
    turned = Geometry(48, 64, transpose=True, flip_x=False, flip_y=False)
    chroma = to_chroma(av.VideoFrame.from_ndarray(rgb, format="rgb24"), turned, size=(12, 16))
    assert chroma is not None
    assert chroma.shape == (16, 12, 2)
    assert chroma[:, :5, 1].min() > GREY + 40
    assert chroma[:, 7:, 1].max() < GREY + 10
    grey = av.VideoFrame.from_ndarray(rgb[..., 0], format="gray")
    assert to_chroma(grey, turned, size=(12, 16)) is None
