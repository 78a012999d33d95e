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
    containing = {"low": 0.0 <= score < low, "standard": low <= score <= high, "high": high < score}
    assert sum(containing.values()) == 1
    assert containing[grade_of(score, low=low, high=high)]


@given(thresholds)
def test_the_boundaries_are_of_the_grade_between(limits: tuple[float, float]) -> None:
    low, high = limits
    assert grade_of(low, low=low, high=high) == "standard"
    assert grade_of(high, low=low, high=high) == "standard"
    assert grade_of(math.nextafter(high, 2.0), low=low, high=high) == "high"
    if low > 0:
        assert grade_of(math.nextafter(low, 0.0), low=low, high=high) == "low"


@pytest.mark.parametrize("score", [None, math.nan])
def test_what_has_no_score_is_ungraded(score: float | None) -> None:
    assert grade_of(score, low=0.3, high=0.6) == "ungraded"


def test_a_source_without_a_threshold_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="The source films has no high_camera"):
        high_of(SourceSettings(prefix="/", name="films", high_object=0.5), "camera")


@pytest.mark.parametrize(
    ("name", "thresholds"),
    [
        ("Kinetics-700", (0.75, 0.70)),
        ("kinetics700", (0.75, 0.70)),
        ("ActivityNet", (0.75, 0.72)),
        ("Charades", (0.72, 0.70)),
        ("Charades-Ego", (0.72, 0.70)),
        ("SSV2", (0.68, 0.68)),
        ("OpenVid-1M", (0.70, 0.70)),
    ],
)
def test_a_source_of_the_paper_has_the_paper_s_thresholds_unless_it_has_its_own(
    name: str, thresholds: tuple[float, float]
) -> None:
    source = SourceSettings(prefix="/", name=name)
    assert (high_of(source, "object"), high_of(source, "camera")) == thresholds
    assert high_of(SourceSettings(prefix="/", name=name, high_object=0.5), "object") == 0.5


def test_scores_of_several_scorers_are_never_mixed() -> None:
    scores = {("c", "r", "object", "one"): 0.5, ("c", "r", "object", "two"): 0.5}
    with pytest.raises(UsageError, match=r"dataset\.scorer=\.\.\.: one, two"):
        chosen_scorer(scores, DatasetSettings())
    assert chosen_scorer(scores, DatasetSettings(scorer="two")) == "two"
    with pytest.raises(UsageError, match=r"no score of dataset\.scorer=three"):
        chosen_scorer(scores, DatasetSettings(scorer="three"))
    assert chosen_scorer({}, DatasetSettings(scorer="three")) is None
