from __future__ import annotations

import numpy as np
import pytest

from motionsight_core.prompts import spotlight


def test_outside_the_region_a_tenth_of_the_light_is_left_and_inside_nothing_changes() -> None:
    frames = np.full((1, 10, 20, 3), (200, 100, 57), np.uint8)
    regions = np.array([[0.25, 0.2, 0.75, 0.7]])
    lit = spotlight(frames, regions, darken_factor=0.9)
    inside = np.zeros((10, 20), bool)
    inside[2:7, 5:15] = True
    np.testing.assert_array_equal(lit[0][inside], np.tile([200, 100, 57], (50, 1)))
    np.testing.assert_array_equal(lit[0][~inside], np.tile([20, 10, 6], (150, 1)))


def test_every_frame_has_its_own_region_and_the_input_is_kept() -> None:
    frames = np.full((2, 4, 4, 3), 100, np.uint8)
    lit = spotlight(frames, np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]]), darken_factor=0.5)
    np.testing.assert_array_equal(lit[0, :, :, 0], [[100, 100, 50, 50]] * 4)
    np.testing.assert_array_equal(lit[1, :, :, 0], [[50, 50, 100, 100]] * 4)
    assert frames.min() == 100


def test_factor_one_is_black_and_factor_zero_changes_nothing() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    regions = np.array([[0.0, 0.0, 0.5, 0.5]])
    np.testing.assert_array_equal(spotlight(frames, regions, darken_factor=0.0), frames)
    assert spotlight(frames, regions, darken_factor=1.0)[0, 4:].max() == 0


def test_a_region_per_frame_is_needed() -> None:
    with pytest.raises(ValueError, match="2 frames need 2 regions, got 1"):
        spotlight(np.zeros((2, 4, 4, 3), np.uint8), np.zeros((1, 4)))
