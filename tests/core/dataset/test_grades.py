"""Grades: every score is of exactly one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.dataset.grades import chosen_scorer, grade_of, high_of
from motionsight_core.errors import UsageError
from motionsight_core.settings import DatasetSettings, SourceSettings

thresholds = st.floats(0.0, 0.98).flatmap(
    lambda low: st.tuples(st.just(low), st.floats(low, 1.0, exclude_min=True))
)


@given(thresholds, st.floats(0.0, 1.0))
def test_every_score_is_in_the_one_interval_that_contains_it(
    limits: tuple[float, float], score: float
) -> None:
    low, high = limits
    intervals = {"low": (0.0, low), "standard": (low, high), "high": (high, math.inf)}
    containing = [grade for grade, (begin, end) in intervals.items() if begin <= score < end]
    assert [grade_of(score, low=low, high=high)] == containing


@given(thresholds)
def test_a_boundary_belongs_to_the_grade_above(limits: tuple[float, float]) -> None:
    low, high = limits
    assert grade_of(low, low=low, high=high) == "standard"
    assert grade_of(math.nextafter(high, 0.0), low=low, high=high) in ("standard", "low")
    assert grade_of(high, low=low, high=high) == "high"
    if low > 0:
        assert grade_of(math.nextafter(low, 0.0), low=low, high=high) == "low"


@pytest.mark.parametrize("score", [None, math.nan])
def test_what_has_no_score_is_ungraded(score: float | None) -> None:
    assert grade_of(score, low=0.3, high=0.6) == "ungraded"


def test_a_source_without_a_threshold_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="The source films has no high_camera"):
        high_of(SourceSettings(prefix="/", name="films", high_object=0.5), "camera")


def test_scores_of_several_scorers_are_never_mixed() -> None:
    scores = {("c", "r", "object", "one"): 0.5, ("c", "r", "object", "two"): 0.5}
    with pytest.raises(UsageError, match=r"dataset\.scorer=\.\.\.: one, two"):
        chosen_scorer(scores, DatasetSettings())
    assert chosen_scorer(scores, DatasetSettings(scorer="two")) == "two"
    with pytest.raises(UsageError, match=r"no score of dataset\.scorer=three"):
        chosen_scorer(scores, DatasetSettings(scorer="three"))
    assert chosen_scorer({}, DatasetSettings(scorer="three")) is None
