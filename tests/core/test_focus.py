from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.focus import focus_regions, union_boxes, window_lengths
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.settings import FocusSettings

EXACT = FocusSettings(padding=0.0, min_size=0.0)


def track(*boxes: tuple[float, float, float, float, float]) -> ObjectTrack:
    """(t_s, x0, y0, x1, y1) each."""
    placed = tuple(Box(*box) for box in boxes)
    return ObjectTrack(1, "moving region", 1.0, placed[0].t_s, placed[-1].t_s, placed)


def test_an_object_at_rest_has_the_longest_window_and_one_merged_region() -> None:
    times_s = np.arange(0, 3, 0.5)
    # jitters by 0.01 around its place: a Manhattan speed of 0.02 per 0.5 s
    jittering = track(
        *((t, 0.4 + 0.01 * (i % 2), 0.4, 0.6 + 0.01 * (i % 2), 0.6) for i, t in enumerate(times_s))
    )
    boxes = union_boxes([jittering], times_s)
    windows_s = window_lengths(boxes, times_s, EXACT)
    # speed 0.02/s of 0.5/s: 4 % of the way from 1.5 s to 0.2 s
    np.testing.assert_allclose(windows_s, 1.5 - 0.04 * 1.3)
    regions = focus_regions([jittering], times_s, EXACT)
    np.testing.assert_allclose(regions, np.tile([0.4, 0.4, 0.61, 0.6], (6, 1)))


def test_a_running_object_has_the_shortest_window_and_a_region_of_its_own_box() -> None:
    times_s = np.arange(0, 1.5, 0.25)
    running = track(*((t, 0.6 * t, 0.4, 0.6 * t + 0.1, 0.5) for t in times_s))
    np.testing.assert_allclose(window_lengths(union_boxes([running], times_s), times_s, EXACT), 0.2)
    regions = focus_regions([running], times_s, EXACT)
    np.testing.assert_allclose(regions[:, 0], 0.6 * times_s)
    np.testing.assert_allclose(regions[:, 2], 0.6 * times_s + 0.1)


def test_the_speed_of_a_centre_is_its_manhattan_distance() -> None:
    times_s = np.array([0.0, 1.0])
    diagonal = track((0.0, 0.1, 0.1, 0.3, 0.3), (1.0, 0.2, 0.25, 0.4, 0.45))
    # the centre goes 0.1 right and 0.15 down in one second: 0.25/s, half of fast_speed
    np.testing.assert_allclose(window_lengths(union_boxes([diagonal], times_s), times_s, EXACT), 0.85)


def test_several_objects_share_one_region_while_both_are_there() -> None:
    times_s = np.array([0.0, 1.0])
    left = track((0.0, 0.1, 0.1, 0.2, 0.2), (1.0, 0.1, 0.1, 0.2, 0.2))
    right = track((0.0, 0.7, 0.6, 0.9, 0.8), (0.0, 0.7, 0.6, 0.9, 0.8))
    np.testing.assert_allclose(
        union_boxes([left, right], times_s), [[0.1, 0.1, 0.9, 0.8], [0.1, 0.1, 0.2, 0.2]]
    )


def test_boxes_between_two_times_are_interpolated() -> None:
    moving = track((0.0, 0.0, 0.0, 0.2, 0.2), (1.0, 0.4, 0.0, 0.6, 0.2))
    np.testing.assert_allclose(union_boxes([moving], np.array([0.25])), [[0.1, 0.0, 0.3, 0.2]])


def test_a_frame_after_the_last_box_takes_that_box() -> None:
    running = track((0.0, 0.0, 0.4, 0.1, 0.5), (1.9, 0.8, 0.4, 0.9, 0.5))
    regions = focus_regions([running], np.array([0.0, 1.0, 2.0]), EXACT)
    np.testing.assert_allclose(regions[2], [0.8, 0.4, 0.9, 0.5])


def test_a_frame_without_a_box_takes_the_nearest_one() -> None:
    times_s = np.arange(0, 5, 1.0)
    late = track((3.0, 0.1, 0.1, 0.4, 0.4), (4.0, 0.1, 0.1, 0.4, 0.4))
    np.testing.assert_allclose(focus_regions([late], times_s, EXACT), np.tile([0.1, 0.1, 0.4, 0.4], (5, 1)))


def test_without_any_object_the_region_is_the_whole_frame() -> None:
    np.testing.assert_array_equal(
        focus_regions([], np.arange(3.0), FocusSettings()), np.tile([0, 0, 1, 1], (3, 1))
    )


def test_a_region_is_padded_and_at_least_of_the_smallest_size() -> None:
    settings = FocusSettings(padding=0.05, min_size=0.3)
    small = track((0.0, 0.5, 0.2, 0.52, 0.6), (1.0, 0.5, 0.2, 0.52, 0.6))
    (region, _) = focus_regions([small], np.array([0.0, 1.0]), settings)
    np.testing.assert_allclose(region, [0.36, 0.15, 0.66, 0.65])


def test_a_region_at_the_edge_is_shifted_into_the_frame_not_cut() -> None:
    settings = FocusSettings(padding=0.0, min_size=0.3)
    corner = track((0.0, 0.98, 0.0, 1.0, 0.02), (1.0, 0.98, 0.0, 1.0, 0.02))
    np.testing.assert_allclose(
        focus_regions([corner], np.array([0.0, 1.0]), settings)[0], [0.7, 0.0, 1.0, 0.3]
    )


@given(
    st.lists(st.tuples(*[st.floats(0, 0.9)] * 2, *[st.floats(0.01, 0.1)] * 2), min_size=1, max_size=12),
    st.floats(0.05, 2.0),
)
def test_every_region_holds_its_frames_box_and_lies_in_the_frame(shapes, step_s: float) -> None:
    times_s = np.array([number * step_s for number in range(len(shapes))])
    moving = track(*((t, x, y, x + w, y + h) for t, (x, y, w, h) in zip(times_s, shapes, strict=True)))
    regions = focus_regions([moving], times_s, FocusSettings())
    boxes = union_boxes([moving], times_s)
    assert np.all(regions >= 0)
    assert np.all(regions <= 1)
    assert np.all(regions[:, :2] <= boxes[:, :2] + 1e-9)
    assert np.all(regions[:, 2:] >= boxes[:, 2:] - 1e-9)


def test_one_frame_is_enough() -> None:
    still = track((0.0, 0.1, 0.1, 0.4, 0.4))
    np.testing.assert_allclose(focus_regions([still], np.array([0.0]), EXACT), [[0.1, 0.1, 0.4, 0.4]])


def test_window_bounds_are_kept_at_any_speed() -> None:
    times_s = np.array([0.0, 0.1])
    jump = track((0.0, 0.0, 0.0, 0.1, 0.1), (0.1, 0.9, 0.9, 1.0, 1.0))
    assert window_lengths(union_boxes([jump], times_s), times_s, EXACT) == pytest.approx([0.2, 0.2])
