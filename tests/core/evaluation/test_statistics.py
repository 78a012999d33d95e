"""Accuracies, differences and their intervals, against numbers worked out by hand and in closed form."""

from __future__ import annotations

import time

import numpy as np
import pytest

from motionsight_core.evaluation.scores import Outcome
from motionsight_core.evaluation.statistics import ALL, MEAN, accuracies, differences


def arm(*right: bool, categories: str = "", videos: str = "") -> list[Outcome]:
    """Outcomes of questions whose categories and videos are letters."""
    count = len(right)
    return [
        Outcome(str(number), video, category, True, is_right)
        for number, (is_right, category, video) in enumerate(
            zip(right, categories or "x" * count, videos or map(str, range(count)), strict=True)
        )
    ]


def test_accuracy_is_averaged_over_questions_and_over_categories() -> None:
    rows = accuracies(arm(True, True, True, False, False, categories="bbbba"), order=("a", "b", "c"))
    assert [(row.category, row.questions, row.right, row.accuracy) for row in rows] == [
        ("a", 1, 0, 0.0),
        ("b", 4, 3, 0.75),
        (ALL, 5, 3, 0.6),
        (MEAN, 5, 3, 0.375),
    ]


def test_official_denominators_count_what_the_file_lacks_as_wrong() -> None:
    rows = accuracies(arm(True, True, False), order=("x",), full_counts={"": 6, "x": 6, "y": 2})
    assert [(row.category, row.questions, row.lacking, row.accuracy) for row in rows[:2]] == [
        ("x", 6, 3, 1 / 3),
        (ALL, 6, 3, 1 / 3),
    ]


def test_arms_of_different_questions_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different questions"):
        differences(arm(True, False), arm(True))


def test_nothing_gives_nothing() -> None:
    assert accuracies([]) == ()
    assert differences([], []) == ()


def test_a_difference_is_that_of_the_accuracies_in_each_category() -> None:
    mine = arm(True, True, True, False, True, categories="aaabb", videos="uuvvw")
    other = arm(False, True, False, False, False, categories="aaabb", videos="uuvvw")
    found = {one.category: one for one in differences(mine, other)}
    assert found["a"].difference == pytest.approx(2 / 3)
    assert found["b"].difference == pytest.approx(1 / 2)
    assert found[ALL].difference == pytest.approx(3 / 5)
    assert found[MEAN].difference == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert [found[name].videos for name in ("a", "b", ALL, MEAN)] == [2, 2, 3, 3]
    for one in found.values():
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.difference <= one.high


def test_the_same_seed_gives_the_same_interval() -> None:
    rng = np.random.default_rng(3)
    mine, other = (arm(*(rng.uniform(size=60) < share)) for share in (0.7, 0.5))
    assert differences(mine, other, seed=1) == differences(mine, other, seed=1)
    assert differences(mine, other, seed=1) != differences(mine, other, seed=2)


def test_the_interval_of_independent_videos_is_that_of_the_normal_distribution() -> None:
    """With one question a video, the mean of n paired differences has the error s / sqrt(n)."""
    rng = np.random.default_rng(7)
    mine, other = rng.uniform(size=2000) < 0.6, rng.uniform(size=2000) < 0.5
    gained = mine.astype(float) - other
    error = 1.96 * gained.std() / np.sqrt(len(gained))
    total = next(one for one in differences(arm(*mine), arm(*other)) if one.category == ALL)
    assert total.low is not None
    assert total.high is not None
    # Ends of 2,000 draws scatter by about 4 % of the interval's half.
    assert total.low == pytest.approx(gained.mean() - error, abs=0.1 * error)
    assert total.high == pytest.approx(gained.mean() + error, abs=0.1 * error)


def test_copies_of_a_question_about_one_video_leave_the_interval_as_it_is() -> None:
    """They tell nothing new; an interval over questions would shrink to a third."""
    rng = np.random.default_rng(8)
    mine, other = rng.uniform(size=400) < 0.6, rng.uniform(size=400) < 0.5

    def repeated(right: np.ndarray, times: int) -> list[Outcome]:
        return [
            Outcome(f"{video}/{copy}", str(video), "x", True, bool(one))
            for video, one in enumerate(right)
            for copy in range(times)
        ]

    once = differences(repeated(mine, 1), repeated(other, 1))
    nine = differences(repeated(mine, 9), repeated(other, 9))
    for one, other_one in zip(once, nine, strict=True):
        assert one.low == pytest.approx(other_one.low)
        assert one.high == pytest.approx(other_one.high)


def test_one_video_has_no_interval() -> None:
    (_, total, _) = differences(arm(True, True, videos="vv"), arm(True, False, videos="vv"))
    assert (total.difference, total.low, total.high, total.videos) == (0.5, None, None, 1)


def test_2000_resamples_of_8000_questions_take_little_time() -> None:
    rng = np.random.default_rng(9)
    videos = [str(one) for one in rng.integers(1776, size=8000)]
    tasks = [f"task {one}" for one in rng.integers(6, size=8000)]

    def drawn(share: float) -> list[Outcome]:
        right = rng.uniform(size=8000) < share
        return [
            Outcome(str(number), video, task, True, bool(one))
            for number, (video, task, one) in enumerate(zip(videos, tasks, right, strict=True))
        ]

    mine, other = drawn(0.45), drawn(0.42)
    before = time.process_time()
    found = differences(mine, other)
    assert len(found) == 8
    assert time.process_time() - before < 2
