"""Of a damaged clock only what cannot be true is mended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from motionsight_core.video.timeline import Timeline, timeline_of


def timeline(pts: list[int | None], *, clock_restarts: bool = False) -> Timeline:
    """Of timestamps in hundredths of a second, at a nominal 25 frames per second."""
    return timeline_of(pts, time_base=0.01, nominal_s=0.04, clock_restarts=clock_restarts)


def hundredths(found: Timeline) -> list[float]:
    return [round(time_s * 100, 6) for time_s in found.times_s]


@pytest.mark.parametrize(
    ("what", "pts"),
    [
        ("a constant rate", [0, 4, 8, 12]),
        ("a screen recording with a long hold", [0, 4, 8, 2_400_000, 2_400_004]),
        ("a frame every quarter of an hour", [0, 90_000, 180_000, 270_000]),
        ("another origin", [700, 704, 708]),
        ("one frame", [5]),
    ],
)
def test_timestamps_that_can_be_true_are_kept(what: str, pts: list[int | None]) -> None:
    found = timeline(pts)
    assert found.is_as_stored, what
    assert hundredths(found) == [value - pts[0] for value in pts if value is not None and pts[0] is not None]


@pytest.mark.parametrize(
    ("what", "pts", "expected", "mended"),
    [
        ("one doubled", [0, 5, 8, 8, 16, 20], [0, 5, 8, 12, 16, 20], [3]),
        ("the first doubled", [0, 0, 8, 12], [0, 4, 8, 12], [1]),
        ("the last doubled", [0, 4, 8, 8], [0, 4, 8, 12], [3]),
        ("three alike", [0, 4, 4, 4, 16], [0, 4, 8, 12, 16], [2, 3]),
        ("one missing", [0, 4, None, 12], [0, 4, 8, 12], [2]),
        ("the first missing", [None, 4, 8], [0, 4, 8], [0]),
        ("the last missing", [0, 4, None], [0, 4, 8], [2]),
        ("one far too late", [0, 4, 7_000_000, 12, 16, 20], [0, 4, 8, 12, 16, 20], [2]),
        ("two far too late", [0, 4, 7_000_000, 7_000_004, 16, 20], [0, 4, 8, 12, 16, 20], [2, 3]),
        ("one too early", [100, 104, 7, 112, 116, 120, 124], [0, 4, 8, 12, 16, 20, 24], [2]),
        ("the first before all time", [-(2**62), 4, 8, 12, 16], [0, 4, 8, 12, 16], [0]),
        ("one of two before all time", [-(10**9), 0], [0, 4], [1]),
        ("one after all time", [0, 4, 2**62, 12, 16, 20], [0, 4, 8, 12, 16, 20], [2]),
        ("the first too late", [9_000_000, 4, 8, 12, 16], [0, 4, 8, 12, 16], [0]),
        ("the last too early", [100, 104, 108, 0], [0, 4, 8, 12], [3]),
        ("a jittering webcam", [0, 33, 67, 100, 99, 167, 200], [0, 33, 67, 100, 133.5, 167, 200], [4]),
    ],
)
def test_only_the_doubtful_frames_get_another_time(
    what: str, pts: list[int | None], expected: list[float], mended: list[int]
) -> None:
    found = timeline(pts)
    assert hundredths(found) == expected, what
    assert found.mended.tolist() == mended
    assert not len(found.joins)


def test_a_recording_whose_clock_starts_anew_goes_on_where_the_one_before_ended() -> None:
    first = [100 + 4 * number for number in range(20)]
    second = [3 + 5 * number for number in range(20)]
    found = timeline([*first, *second])
    assert found.joins.tolist() == [20]
    assert not len(found.mended)
    assert hundredths(found)[:20] == [4 * number for number in range(20)]
    # One usual step after the last, then the second recording's own steps.
    np.testing.assert_allclose(np.diff(found.times_s[20:]), 0.05)
    assert 0.04 <= found.times_s[20] - found.times_s[19] <= 0.05


def test_a_doubled_timestamp_in_a_later_recording_is_mended_there() -> None:
    found = timeline_of([218, 0, None, 0, 57], time_base=1 / 90_000, nominal_s=0.04, clock_restarts=False)
    assert np.all(np.diff(found.times_s) > 1e-6)


def test_recordings_that_overlap_by_a_few_frames_are_joined_and_not_squeezed() -> None:
    first = [4 * number for number in range(30)]
    second = [106 + 4 * number for number in range(30)]
    found = timeline([*first, *second])
    assert found.joins.tolist() == [30]
    assert found.times_s[-1] == pytest.approx(59 * 0.04)


def test_three_recordings_are_joined_one_after_the_other() -> None:
    one = [4 * number for number in range(25)]
    found = timeline([*one, *one, *one])
    assert found.joins.tolist() == [25, 50]
    assert found.times_s[-1] == pytest.approx(74 * 0.04)


def test_a_jump_ahead_joins_recordings_only_where_clocks_may_start_anew() -> None:
    pts: list[int | None] = [*(4 * number for number in range(20)), *(6000 + 4 * n for n in range(20))]
    joined = timeline(pts, clock_restarts=True)
    assert joined.joins.tolist() == [20]
    assert joined.times_s[-1] == pytest.approx(39 * 0.04)
    held = timeline(pts)
    assert held.is_as_stored
    assert held.times_s[-1] == pytest.approx(60.76)


def test_slow_slides_in_a_broadcast_are_no_joined_recordings() -> None:
    slides: list[int | None] = [3000 * number for number in range(5)]
    assert timeline(slides, clock_restarts=True).is_as_stored


def test_timestamps_in_decoding_order_are_sorted() -> None:
    """AVI stores B-frames under the times at which they are decoded."""
    found = timeline([0, 12, 4, 8, 24, 16, 20, 36, 28, 32])
    assert hundredths(found) == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]


def test_frames_without_any_timestamp_come_at_the_nominal_rate() -> None:
    found = timeline([None] * 5)
    assert found.is_as_stored
    assert hundredths(found) == [0, 4, 8, 12, 16]


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=1, max_size=60),
    st.booleans(),
)
@example(pts=[0, 9007199254734153, None, 9007199254734154], clock_restarts=False)
def test_times_start_at_zero_and_increase_whatever_the_timestamps_are(
    pts: list[int | None], clock_restarts: bool
) -> None:
    found = timeline_of(pts, time_base=1 / 90_000, nominal_s=0.04, clock_restarts=clock_restarts)
    assert len(found.times_s) == len(pts)
    assert found.times_s[0] == 0
    assert np.all(np.isfinite(found.times_s))
    assert np.all(np.diff(found.times_s) > 0)


@given(
    st.lists(st.integers(1, 50), min_size=20, max_size=60),
    st.data(),
)
def test_one_wild_timestamp_leaves_all_other_times_alone(steps: list[int], data: st.DataObject) -> None:
    sound = np.cumsum([0, *steps]).tolist()
    place = data.draw(st.integers(1, len(sound) - 10))
    wild = data.draw(st.one_of(st.integers(sound[-1] + 5000, 8_000_000), st.integers(-8_000_000, -5000)))
    pts: list[int | None] = [*sound[:place], wild, *sound[place + 1 :]]
    found = timeline(pts)
    others = np.arange(len(sound)) != place
    np.testing.assert_allclose(found.times_s[others], np.array(sound)[others] / 100, atol=1e-9)
    assert found.mended.tolist() == [place]
