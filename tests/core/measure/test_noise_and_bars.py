"""Noise of the sensor and black bars: neither is motion, and neither hides what moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from motionsight_core.measure.bars import Area, BarFinder
from motionsight_core.measure.cuts import CUT_SHARE, CutFinder, new_share
from motionsight_core.measure.grain import NOISY, Smoother, noise_of, smoothed
from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, film, measured, view
from tests.core.measure.test_regions_and_tracks import PICTURE, covers, with_square

#: As through haze or at dusk: noise is as strong as the picture.
DULL = np.asarray(cv2.convertScaleAbs(PICTURE, alpha=0.2, beta=90), np.uint8)
PILLAR = 40
"""Pixels of a bar on either side."""


def noisy(frame: Luma, deviation: float, t_s: float) -> Luma:
    """The frame with noise that is another one at each time."""
    rng = np.random.default_rng(round(1000 * t_s))
    grain = rng.normal(0, deviation, frame.shape)
    return np.clip(np.round(frame + grain), 0, 255).astype(np.uint8)


def barred(frame: Luma) -> Luma:
    """The frame with black bars at its sides."""
    shown = np.full_like(frame, 16)
    shown[:, PILLAR:-PILLAR] = frame[:, PILLAR:-PILLAR]
    return shown


@pytest.mark.parametrize("deviation", [3.0, 6.0, 12.0])
def test_the_noise_of_a_frame_is_told_and_most_of_it_taken_away(deviation: float) -> None:
    smooth = np.tile(np.linspace(60, 200, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    frame = noisy(smooth, deviation, 0.0)

    assert noise_of(frame) == pytest.approx(deviation, rel=0.15)
    left = smoothed(frame, deviation).astype(np.float32)[20:-20, 20:-20] - smooth[20:-20, 20:-20]
    assert left.std() < deviation / 2.5


def test_a_picture_with_detail_and_without_noise_is_left_as_it_is() -> None:
    frame = view(PICTURE)
    assert noise_of(frame) < NOISY
    assert Smoother().push(frame, 0.0) is frame


def test_noise_as_strong_as_the_picture_makes_no_cuts_and_hides_no_square() -> None:
    motion = measured(film(lambda t_s: noisy(with_square(view(DULL), 20 + 60 * t_s), 20.0, t_s)))

    assert motion.cuts == ()
    assert [move.label for move in motion.camera_moves] == ["static"]
    (track,) = motion.tracks
    assert sum(covers(track, n, 20 + 60 * track.boxes[n].t_s, 70, 15) for n in range(len(track.boxes))) >= 20


def test_two_frames_of_one_view_are_no_cut_though_noise_makes_every_block_another_one() -> None:
    before, after = (noisy(view(DULL), 12.0, t_s) for t_s in (0.0, 0.1))
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    assert new_share(before, after, still) > CUT_SHARE
    assert not CutFinder().is_cut(before, after, still, inliers=0.2)
    other = noisy(view(np.asarray(255 - DULL, np.uint8)), 12.0, 0.1)
    assert CutFinder().is_cut(before, other, still, inliers=0.2)


def test_bars_are_told_from_the_picture_by_what_is_black_in_every_frame() -> None:
    finder = BarFinder()
    finder.push(barred(np.zeros((HEIGHT, WIDTH), np.uint8)))
    assert finder.picture == Area(0, HEIGHT, 0, WIDTH)  # a black frame has no bars
    finder.push(barred(view(PICTURE)))
    # Two pixels more: compression smears the edge.
    assert finder.picture == Area(0, HEIGHT, PILLAR + 2, WIDTH - PILLAR - 2)
    bright = barred(view(PICTURE))
    bright[80:100, 10:30] = 200
    finder.push(bright)
    assert finder.picture == Area(0, HEIGHT, 12, WIDTH - PILLAR - 2)


def test_the_edge_of_a_bar_that_a_hand_held_camera_passes_is_no_track() -> None:
    def frame_at(t_s: float) -> Luma:
        return barred(view(PICTURE, right=6 * np.sin(25 * t_s), down=3 * np.cos(19 * t_s)))

    assert measured(film(frame_at)).tracks == ()


def test_the_edge_of_a_bar_that_a_zoom_passes_is_no_track() -> None:
    motion = measured(film(lambda t_s: barred(view(PICTURE, scale=1 + 0.12 * t_s))))
    assert [move.label for move in motion.camera_moves] == ["zoom_in"]
    assert motion.tracks == ()


def test_a_square_beside_bars_before_a_camera_that_turns_is_one_track() -> None:
    def frame_at(t_s: float) -> Luma:
        return barred(with_square(view(PICTURE, right=-25 * t_s), 80 + 40 * t_s))

    (track,) = measured(film(frame_at)).tracks
    assert all(covers(track, n, 80 + 40 * track.boxes[n].t_s, 70, 13) for n in range(3, 26))


def test_a_texture_as_fine_as_noise_still_shows_a_pan() -> None:
    rng = np.random.default_rng(5)
    grass = cv2.GaussianBlur(rng.normal(0, 1, PICTURE.shape).astype(np.float32), (0, 0), 0.9)
    picture = np.clip(120 + 25 * grass / grass.std(), 0, 255).astype(np.uint8)
    assert noise_of(view(picture)) > NOISY

    (move,) = measured(film(lambda t_s: view(picture, right=-30 * t_s))).camera_moves
    assert (move.label, move.rate) == ("pan_right", pytest.approx(30 / WIDTH, rel=0.1))
