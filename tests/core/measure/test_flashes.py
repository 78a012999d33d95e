"""Frames that show nothing, between frames that show the same picture, are neither shots nor motion."""

from __future__ import annotations

import numpy as np
import pytest

from motionsight_core.measure import MotionMeter
from motionsight_core.settings import MeasureSettings
from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, film, measured, texture, view

PICTURE, OTHER = texture(), texture(7)
SQUARE = texture(3)[300:360, 300:360]


def even(level: int) -> Luma:
    return np.full((HEIGHT, WIDTH), level, np.uint8)


def washed_out(frame: Luma, share: float) -> Luma:
    return (frame * (1 - share) + 255 * share).astype(np.uint8)


@pytest.mark.parametrize("share", [0.85, 0.95, 1.0])
@pytest.mark.parametrize("frames", [1, 3])
def test_a_flash_is_no_cut_and_what_moves_goes_on(frames: int, share: float) -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE)
        left = round(20 + 60 * t_s)
        frame[60:120, left : left + 60] = SQUARE
        return washed_out(frame, share) if 1.15 < t_s < 1.15 + frames / 10 else frame

    motion = measured(film(frame_at))

    assert (motion.cuts, motion.dissolves) == ((), ())
    assert [move.label for move in motion.camera_moves] == ["static"]
    assert [(track.start_s, track.end_s) for track in motion.tracks] == [(0.0, pytest.approx(2.9, abs=0.11))]


def test_a_lost_signal_is_no_cut_and_the_camera_goes_on() -> None:
    motion = measured(
        film(lambda t_s: even(16) if 1.15 < t_s < 1.35 else view(PICTURE, right=-32 * t_s), seconds=3.0)
    )

    assert motion.cuts == ()
    assert [(move.label, move.start_s, move.end_s) for move in motion.camera_moves] == [
        ("pan_right", 0.0, 3.0)
    ]
    assert motion.camera_moves[0].rate == pytest.approx(0.1, rel=0.03)


def test_white_between_two_pictures_is_part_of_a_cut() -> None:
    def frame_at(t_s: float) -> Luma:
        return even(255) if 1.15 < t_s < 1.35 else view(PICTURE if t_s < 1.2 else OTHER)

    assert measured(film(frame_at)).cuts


def test_white_for_a_second_is_a_shot() -> None:
    motion = measured(film(lambda t_s: even(255) if 0.95 < t_s < 1.95 else view(PICTURE)))

    assert motion.cuts == pytest.approx((1.0, 2.0))


@pytest.mark.parametrize("lasting_s", [0.6, 0.8, 1.0])
def test_a_picture_that_fades_out_and_in_again_is_no_flash(lasting_s: float) -> None:
    def frame_at(t_s: float) -> Luma:
        return (view(PICTURE) * np.clip(abs(t_s - 1.5) / lasting_s, 0, 1)).astype(np.uint8)

    assert [one.kind for one in measured(film(frame_at)).dissolves] == ["fade_out", "fade_in"]


def test_a_clip_may_end_in_a_flash() -> None:
    frames = film(lambda t_s: even(255) if t_s > 1.85 else view(PICTURE), seconds=2.0)
    meter = MotionMeter(MeasureSettings(), aspect=16 / 9)
    for t_s, luma in frames:
        meter.push(luma, t_s)
    with pytest.raises(ValueError, match="times must increase"):
        meter.push(view(PICTURE), 1.9)  # also after a frame that is held back

    assert meter.finish(0.0, 2.0).camera_moves[0].label == "static"
