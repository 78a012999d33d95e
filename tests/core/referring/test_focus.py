from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from motionsight_core.record import Box, ObjectTrack
from motionsight_core.referring.focus import focus_regions, union_boxes, window_lengths
from motionsight_core.settings import FocusSettings

EXACT = FocusSettings(padding=0.0, min_size=0.0)


def track(*boxes: tuple[float, float, float, float, float]) -> ObjectTrack:
    """(t_s, x0, y0, x1, y1) each."""
    placed = tuple(Box(*box) for box in boxes)
    return ObjectTrack(1, "moving region", 1.0, placed[0].t_s, placed[-1].t_s, placed)


def track_of(times_s: NDArray[np.float64], boxes: NDArray[np.float64]) -> ObjectTrack:
    """[T] and [T, 4]."""
    rows = np.column_stack([times_s, boxes]).tolist()
    return track(*((t_s, x0, y0, x1, y1) for t_s, x0, y0, x1, y1 in rows))


def every(step_s: float, count: int) -> NDArray[np.float64]:
    return np.array([number * step_s for number in range(count)])


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


def test_one_frame_is_enough() -> None:
    still = track((0.0, 0.1, 0.1, 0.4, 0.4))
    np.testing.assert_allclose(focus_regions([still], np.array([0.0]), EXACT), [[0.1, 0.1, 0.4, 0.4]])


def test_window_bounds_are_kept_at_any_speed() -> None:
    times_s = np.array([0.0, 0.1])
    jump = track((0.0, 0.0, 0.0, 0.1, 0.1), (0.1, 0.9, 0.9, 1.0, 1.0))
    assert window_lengths(union_boxes([jump], times_s), times_s, EXACT) == pytest.approx([0.2, 0.2])


# Several objects ------------------------------------------------------------------------------------


def still(first_s: float, last_s: float, x0: float, x1: float) -> ObjectTrack:
    return track((first_s, x0, 0.4, x1, 0.6), (last_s, x0, 0.4, x1, 0.6))


def test_a_region_reaches_out_for_an_object_before_it_comes_and_lets_go_after_it_has_gone() -> None:
    times_s = np.arange(0, 4, 0.25)
    man, truck = still(0.0, 4.0, 0.1, 0.3), still(2.0, 2.25, 0.8, 0.9)
    regions = focus_regions([man, truck], times_s, EXACT.model_copy(update={"max_window_s": 0.75}))
    # half the frame per second, which is an eighth per step; the window adds one step on either side
    coming, going = [0.4, 0.525, 0.65, 0.775], [0.775, 0.65, 0.525, 0.4]
    np.testing.assert_allclose(regions[:, 2], [0.3] * 3 + coming + [0.9] * 4 + going + [0.3])
    np.testing.assert_allclose(regions[:, 0], 0.1)


def test_one_who_stands_does_not_jitter_because_another_runs_past() -> None:
    times_s = np.arange(0, 6, 0.5)
    trembling = track(*((t, 0.5 + 0.02 * (i % 2), 0.2, 0.6, 0.3) for i, t in enumerate(times_s)))
    runner = track((0.0, 0.6, 0.8, 0.7, 0.9), (1.0, 0.9, 0.8, 1.0, 0.9))
    alone = focus_regions([trembling], times_s, EXACT)
    together = focus_regions([trembling, runner], times_s, EXACT)
    np.testing.assert_allclose(alone[:, 0], 0.5)
    np.testing.assert_allclose(together[:, 0], 0.5)


def test_where_no_object_is_the_region_glides_from_the_last_one_to_the_next() -> None:
    times_s = np.arange(0, 11, 1.0)
    earlier, later = still(0.0, 1.0, 0.0, 0.2), still(9.0, 10.0, 0.8, 1.0)
    regions = focus_regions([earlier, later], times_s, EXACT)
    np.testing.assert_allclose(regions[5], [0.4, 0.4, 0.6, 0.6])
    np.testing.assert_allclose(np.diff(regions[3:8], axis=0)[:, [0, 2]], 0.1)


def test_an_object_that_comes_and_goes_between_two_frames_counts() -> None:
    regions = focus_regions([still(0.4, 0.6, 0.2, 0.3)], np.array([0.0, 1.0]), EXACT)
    np.testing.assert_allclose(regions, [[0.2, 0.4, 0.3, 0.6]] * 2)


# However far apart the frames are -------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [1 / 30, 0.25, 0.6, 1.0, 4.0, 60.0])
def test_the_jitter_of_single_detections_is_merged(step_s: float) -> None:
    times_s = every(step_s, 16)
    jittering = track(
        *((t, 0.4 + 0.02 * (i % 2), 0.4, 0.6, 0.6 + 0.01 * (i % 2)) for i, t in enumerate(times_s))
    )
    regions = focus_regions([jittering], times_s, EXACT)
    np.testing.assert_allclose(regions, np.tile([0.4, 0.4, 0.6, 0.61], (16, 1)))


@pytest.mark.parametrize("step_s", [0.3, 0.6, 1.0, 4.0, 60.0])
def test_what_moves_by_more_than_a_tenth_of_the_frame_in_a_step_keeps_its_own_box(step_s: float) -> None:
    times_s = every(step_s, 5)
    moving = track(*((t, 0.15 * i, 0.4, 0.15 * i + 0.2, 0.6) for i, t in enumerate(times_s)))
    regions = focus_regions([moving], times_s, EXACT)
    np.testing.assert_allclose(regions, union_boxes([moving], times_s), atol=1e-12)


def test_jitter_between_frames_that_lie_close_is_no_speed() -> None:
    times_s = every(1 / 30, 60)
    boxes = np.tile([0.4, 0.4, 0.6, 0.6], (60, 1)) + np.where(np.arange(60) % 2, 0.01, 0.0)[:, None]
    # 0.02 per frame would be 0.6/s, faster than fast; over 0.2 s it is nothing
    assert np.median(window_lengths(boxes, times_s, EXACT)) == pytest.approx(1.5)


# For any objects ------------------------------------------------------------------------------------


def wandering(rng: np.random.Generator, times_s: NDArray[np.float64], step: float) -> ObjectTrack:
    """An object that is there for some time, whose edges move by at most `step` from frame to frame."""
    first, last = sorted(rng.integers(0, len(times_s), 2))
    low = rng.uniform(0, 0.9, 2)
    start = np.concatenate([low, low + rng.uniform(0, 1 - low)])
    moves = rng.choice([1.0, 0.1], (last - first + 1, 1)) * rng.uniform(-step, step, (last - first + 1, 4))
    moves[0] = 0
    # Clipping and the larger of two edges move no faster than what they are made of.
    corners = np.clip(start + np.cumsum(moves, axis=0), 0, 1)
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2])
    # Seldom seen for the first time just when a frame is sampled.
    seen_s = times_s[first : last + 1] + rng.choice([0.0, 0.5]) * (times_s[1] - times_s[0])
    return track_of(seen_s, corners)


any_focus = st.builds(
    FocusSettings,
    min_window_s=st.floats(0, 0.5),
    max_window_s=st.floats(0.5, 3),
    fast_speed=st.floats(0.1, 1),
    padding=st.floats(0, 0.2),
    min_size=st.floats(0, 0.6),
)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 24),
    st.floats(0.05, 5),
    st.integers(1, 4),
    st.floats(0, 0.3),
    any_focus,
)
def test_regions_hold_their_objects_and_jump_no_farther_than_these(
    seed: int, count: int, step_s: float, objects: int, step: float, settings: FocusSettings
) -> None:
    rng = np.random.default_rng(seed)
    times_s = every(step_s, count)
    tracks = [wandering(rng, times_s, step) for _ in range(objects)]
    regions = focus_regions(tracks, times_s, settings)

    assert np.all((regions >= 0) & (regions <= 1))
    assert np.all(regions[:, 2:] - regions[:, :2] >= settings.min_size - 1e-9)
    union = union_boxes(tracks, times_s)
    there = ~np.isnan(union[:, 0])
    assert np.all(regions[there, :2] <= union[there, :2] + 1e-9)
    assert np.all(regions[there, 2:] >= union[there, 2:] - 1e-9)

    reaching = settings.fast_speed * min(step_s, settings.max_window_s / 3)
    # float noise, and 1e-6 s of what counts as present
    assert np.abs(np.diff(regions, axis=0)).max() <= 2 * max(step, reaching) + 1e-5


@given(st.integers(0, 2**32 - 1), st.integers(1, 64), st.floats(0.02, 5))
def test_a_still_object_that_jitters_within_half_the_margin_has_one_region(
    seed: int, count: int, step_s: float
) -> None:
    settings = FocusSettings(padding=0.06)
    jitter = np.random.default_rng(seed).uniform(-0.015, 0.015, (count, 4))
    times_s = every(step_s, count)
    boxes = np.array([0.3, 0.3, 0.7, 0.6]) + jitter
    regions = focus_regions([track_of(times_s, boxes)], times_s, settings)
    np.testing.assert_allclose(regions, np.tile(regions[0], (count, 1)), atol=1e-12)
    # and it is no larger than the jitter makes it
    assert np.all(np.abs(regions[0] - [0.24, 0.24, 0.76, 0.66]) <= 0.015 + 1e-9)
