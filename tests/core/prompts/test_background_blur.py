from __future__ import annotations

import cv2
import numpy as np
import pytest

from motionsight_core.prompts import blur_background
from motionsight_core.prompts.background_blur import gaussian

NOWHERE = np.array([[0.0, 0.0, 0.0, 0.0]])


def test_inside_the_region_nothing_changes_and_outside_all_is_blurred() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, 100, 200, 3), np.uint8)
    blurred = blur_background(frames, np.array([[0.25, 0.2, 0.75, 0.7]]), sigma=0.02)
    np.testing.assert_array_equal(blurred[0, 20:70, 50:150], frames[0, 20:70, 50:150])
    outside = cv2.GaussianBlur(frames[0], (0, 0), 4.0)
    outside[20:70, 50:150] = frames[0, 20:70, 50:150]
    np.testing.assert_array_equal(blurred[0], outside)


@pytest.mark.parametrize("sigma", [0.005, 0.02, 0.05, 0.1])
def test_an_edge_becomes_as_wide_as_sigma_says(sigma: float) -> None:
    # The slope of a blurred step of height 200 is 200 / (sigma sqrt(2 pi)) per pixel where it is steepest.
    frames = np.zeros((1, 60, 400, 3), np.uint8)
    frames[:, :, 200:] = 200
    row = blur_background(frames, NOWHERE, sigma=sigma)[0, 30, :, 0].astype(float)
    # from 16 to 84 percent of a normal distribution it is two sigma
    width = np.interp(0.8413 * 200, row, np.arange(400)) - np.interp(0.1587 * 200, row, np.arange(400))
    assert width == pytest.approx(2 * sigma * 400, rel=0.03, abs=0.1)


@pytest.mark.parametrize("sigma", [11.0, 30.0])
def test_a_wide_blur_is_the_gaussian_within_a_few_levels(sigma: float) -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (12, 20, 3), np.uint8)
    image = np.asarray(cv2.resize(coarse, (518, 291), interpolation=cv2.INTER_CUBIC), np.uint8)
    full = cv2.GaussianBlur(image, (0, 0), sigma).astype(int)
    difference = np.abs(gaussian(image, sigma) - full)
    # rounding to 8 bits three times, and the enlarging's corners
    assert difference.max() <= 6
    assert difference.mean() < 0.6


def test_the_input_is_kept_and_every_frame_has_its_own_region() -> None:
    frames = np.zeros((2, 40, 40, 3), np.uint8)
    frames[:, :, 20:] = 200
    blurred = blur_background(frames, np.array([[0, 0, 1, 0.5], [0, 0.5, 1, 1]]), sigma=0.1)
    np.testing.assert_array_equal(blurred[0, :20], frames[0, :20])
    np.testing.assert_array_equal(blurred[1, 20:], frames[1, 20:])
    assert blurred[0, 20:].std(axis=1).max() < 95 < frames[0, 20:].std(axis=1).max()
    assert set(np.unique(frames)) == {0, 200}


def test_a_region_per_frame_is_needed() -> None:
    with pytest.raises(ValueError, match="2 frames need 2 regions, got 1"):
        blur_background(np.zeros((2, 4, 4, 3), np.uint8), NOWHERE)
