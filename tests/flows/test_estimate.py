from __future__ import annotations

import pytest

from flows.runs.estimate import Estimate, duration


def test_the_rest_takes_as_long_as_the_pace_so_far_says() -> None:
    estimate = Estimate(total=100, started_at_s=0.0)
    assert estimate.remaining_s(25, now_s=50.0) == pytest.approx(150.0)
    assert estimate.remaining_s(100, now_s=200.0) == 0.0


def test_nothing_is_foretold_before_something_is_done() -> None:
    estimate = Estimate(total=100, hourly_cost=3.0, started_at_s=0.0)
    assert estimate.remaining_s(0, now_s=50.0) is None
    assert estimate.sentence(0, now_s=50.0) == ""


def test_the_cost_is_that_of_the_time_so_far_and_of_the_time_in_all() -> None:
    estimate = Estimate(total=100, hourly_cost=2.0, started_at_s=0.0)
    said = "0.0 videos/s, about 3 h to go; cost 2.00, about 8.00 in all"
    assert estimate.sentence(25, now_s=3600.0) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3 * 3600 + 20 * 60 + 5, "3 h 20 min"),
        (86400 * 2, "2 d"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said
