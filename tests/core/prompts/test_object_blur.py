from __future__ import annotations

import numpy as np
import pytest

from motionsight_core.prompts import blur_objects
from motionsight_core.referring import Mask, Trajectory

NOT_SEEN = (np.nan,) * 4


def frames(count: int, value: int, height: int = 10, width: int = 20) -> np.ndarray:
    return np.full((count, height, width, 3), value, np.uint8)


def mask(rows: slice, columns: slice, height: int = 10, width: int = 20) -> Mask:
    pixels = np.zeros((height, width), bool)
    pixels[rows, columns] = True
    return Mask.of(pixels)


def test_inside_the_mask_the_blurred_frame_shows_and_outside_the_sharp_one() -> None:
    rng = np.random.default_rng(0)
    sharp, blurred = rng.integers(0, 256, (2, 2, 10, 20, 3), np.uint8)
    round_mask = Mask.of((np.hypot(*np.mgrid[-5:5, -10:10]) < 4).astype(bool))
    other = mask(slice(0, 3), slice(0, 4))
    trajectory = Trajectory(np.array([[0.3, 0.1, 0.7, 0.9]] * 2), (round_mask, other))
    composite = blur_objects(sharp, blurred, [trajectory])
    for frame, one in enumerate((round_mask, other)):
        covered = one.pixels()
        np.testing.assert_array_equal(composite[frame][covered], blurred[frame][covered])
        np.testing.assert_array_equal(composite[frame][~covered], sharp[frame][~covered])


def test_an_object_without_a_mask_is_blurred_in_its_box_and_one_not_seen_not_at_all() -> None:
    trajectory = Trajectory(np.array([[0.25, 0.2, 0.75, 0.7], NOT_SEEN]), (None, None))
    composite = blur_objects(frames(2, 10), frames(2, 200), [trajectory])
    expected = frames(2, 10)
    expected[0, 2:7, 5:15] = 200
    np.testing.assert_array_equal(composite, expected)


def test_all_objects_are_blurred() -> None:
    one = Trajectory(np.array([[0.0, 0.0, 0.2, 0.2]]), (None,))
    other = Trajectory(np.array([[0.5, 0.5, 0.7, 0.9]]), (mask(slice(5, 9), slice(10, 14)),))
    composite = blur_objects(frames(1, 10), frames(1, 200), [one, other])
    assert (composite[..., 0] == 200).sum() == 2 * 4 + 4 * 4


def test_larger_frames_and_masks_are_brought_to_the_blurred_frames_size() -> None:
    large = mask(slice(8, 24), slice(20, 60), height=40, width=80)
    trajectory = Trajectory(np.array([[0.25, 0.2, 0.75, 0.6]]), (large,))
    composite = blur_objects(frames(1, 10, 40, 80), frames(1, 200), [trajectory])
    expected = frames(1, 10)
    expected[0, 2:6, 5:15] = 200
    np.testing.assert_array_equal(composite, expected)


def test_without_objects_the_frames_stay_sharp_and_the_inputs_are_kept() -> None:
    sharp, blurred = frames(2, 10), frames(2, 200)
    composite = blur_objects(sharp, blurred, [])
    np.testing.assert_array_equal(composite, sharp)
    composite[:] = 0
    assert sharp.min() == 10


def test_as_many_blurred_frames_as_sampled_ones_are_needed() -> None:
    with pytest.raises(ValueError, match="2 sampled frames need as many blurred ones, got 1"):
        blur_objects(frames(2, 10), frames(1, 200), [])
