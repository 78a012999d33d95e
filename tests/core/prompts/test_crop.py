from __future__ import annotations

import numpy as np
import pytest

from motionsight_core.prompts import crop


def numbered(count: int, height: int = 10, width: int = 20) -> np.ndarray:
    """Frames in which every pixel tells its row, its column and its frame."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([np.dstack([rows, columns, np.full_like(rows, t)]) for t in range(count)]).astype(
        np.uint8
    )


def test_a_crop_is_the_region_and_nothing_else() -> None:
    frames = numbered(1)
    cut = crop(frames, np.array([[0.25, 0.2, 0.75, 0.7]]))
    np.testing.assert_array_equal(cut, frames[:, 2:7, 5:15])


def test_all_windows_have_the_size_of_the_widest_and_of_the_tallest_region() -> None:
    frames = numbered(3)
    regions = np.array([[0.1, 0.2, 0.6, 0.4], [0.4, 0.3, 0.6, 0.9], [0.4, 0.4, 0.6, 0.6]])
    cut = crop(frames, regions)
    assert cut.shape == (3, 6, 10, 3)
    # each about its own region's centre: (7, 3), (10, 6), (10, 5)
    np.testing.assert_array_equal(cut[:, 0, 0], [[0, 2, 0], [3, 5, 1], [2, 5, 2]])


def test_a_window_at_the_edge_is_shifted_into_the_frame() -> None:
    frames = numbered(2)
    regions = np.array([[0.0, 0.0, 0.5, 0.5], [0.95, 0.9, 1.0, 1.0]])
    cut = crop(frames, regions)
    np.testing.assert_array_equal(cut[1], frames[1, 5:, 10:])


def test_every_region_is_whole_in_its_window() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 0.7, (50, 2))
    regions = np.hstack([low, low + rng.uniform(0.05, 0.3, (50, 2))])
    frames = numbered(50, height=97, width=131)
    cut = crop(frames, regions)
    pixels = np.rint(regions * [131, 97, 131, 97])
    top, left = cut[:, 0, 0, 0], cut[:, 0, 0, 1]
    bottom, right = cut[:, -1, -1, 0], cut[:, -1, -1, 1]
    assert np.all((left <= pixels[:, 0]) & (top <= pixels[:, 1]))
    assert np.all((right + 1 >= pixels[:, 2]) & (bottom + 1 >= pixels[:, 3]))


def test_a_large_crop_is_reduced_and_a_small_one_is_not_enlarged() -> None:
    frames = np.full((2, 200, 400, 3), 90, np.uint8)
    whole = np.array([[0.0, 0.0, 1.0, 1.0]] * 2)
    assert crop(frames, whole, max_pixels=20_000).shape == (2, 100, 200, 3)
    assert crop(frames, whole / 10, max_pixels=20_000).shape == (2, 20, 40, 3)


def test_a_region_without_area_leaves_a_pixel() -> None:
    assert crop(numbered(1), np.array([[1.0, 1.0, 1.0, 1.0]])).shape == (1, 1, 1, 3)


def test_a_crop_is_a_copy() -> None:
    frames = numbered(1)
    crop(frames, np.array([[0.0, 0.0, 1.0, 1.0]]))[:] = 255
    assert frames.max() == 19


def test_a_region_per_frame_is_needed() -> None:
    with pytest.raises(ValueError, match="2 frames need 2 regions, got 1"):
        crop(numbered(2), np.zeros((1, 4)))
