"""Decisions and agreement on planted choices equal values computed by hand; sides and order come by hash."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from motionsight_core.errors import RunError
from motionsight_core.preference import Choice, Decision, Pair, agreement, decided, left_side, ordered
from motionsight_core.preference.choices import Verdict
from motionsight_core.preference.pairs import Aspect


def planted(choices: Mapping[str, str], aspect: Aspect = "object", prefix: str = "p") -> list[Choice]:
    """Choices by annotator, a letter to a pair: a, b, e(qual), c(annot tell), - for none."""
    words: dict[str, Verdict] = {"a": "a", "b": "b", "e": "equal", "c": "cannot_tell"}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Choice(f"{prefix}{number}", name, aspect, "a", words[letter], 1.0, at)
        for name, letters in choices.items()
        for number, letter in enumerate(letters)
        if letter != "-"
    ]


def test_two_annotators_who_differ_once_in_four() -> None:
    # 8 ratings, 3 of them a. Observed disagreement 2/8, expected 2 * 3 * 5 / (8 * 7): 1 - 14/30.
    (found,) = agreement(planted({"Ada": "aabb", "Bo": "abbb"}))
    assert found.alpha == pytest.approx(1 - 14 / 30)
    assert (found.scope, found.pairs, found.shared, found.choices) == ("object", 4, 4, 8)


def test_pairs_that_one_person_rated_do_not_count() -> None:
    (found,) = agreement(planted({"Ada": "aabba", "Bo": "abbb-"}))
    assert found.alpha == pytest.approx(1 - 14 / 30)
    assert (found.pairs, found.shared) == (5, 4)


def test_who_cannot_tell_has_not_rated() -> None:
    (found,) = agreement(planted({"Ada": "aabba", "Bo": "abbbc"}))
    assert found.alpha == pytest.approx(1 - 14 / 30)
    assert found.annotators[1].counts == {"a": 1, "b": 3, "cannot_tell": 1}


def test_equal_is_a_rating_of_its_own() -> None:
    # Ratings a a, b e: observed 2/4; expected (a b, a e: 2 * 2 * 1 each, b e: 2) = 10 of 4 * 3.
    (found,) = agreement(planted({"Ada": "ab", "Bo": "ae"}))
    assert found.alpha == pytest.approx(1 - (2 / 4) / (10 / 12))


def test_three_annotators_with_gaps_and_each_left_out() -> None:
    # p0: a a b; p1: b b -; p2: a - b; p3: b b b. Each pair's ordered disagreements weigh 1 / (ratings - 1):
    # p0 4/2, p2 2/1: 4 of 10 ratings. 3 ratings are a, 7 b: expected 2 * 3 * 7 of 10 * 9.
    (found,) = agreement(planted({"Ada": "abab", "Bo": "ab-b", "Cy": "b-bb"}))
    assert found.alpha == pytest.approx(1 - (4 / 10) / (2 * 3 * 7 / 90))
    by_name = {one.annotator: one.alpha_without for one in found.annotators}
    assert by_name["Cy"] == pytest.approx(1.0)
    assert found.between["Ada", "Bo"] == pytest.approx(1.0)
    assert found.between["Ada", "Cy"] == pytest.approx(1 - (4 / 6) / (2 * 2 * 4 / 30))


@pytest.mark.parametrize("choices", [{"Ada": "ab"}, {"Ada": "aa", "Bo": "aa"}, {"Ada": "a-", "Bo": "-b"}])
def test_where_alpha_is_not_defined_it_is_none(choices: dict[str, str]) -> None:
    assert [one.alpha for one in agreement(planted(choices))] == [None]


def test_aspects_are_told_apart_and_together() -> None:
    both = planted({"Ada": "ab", "Bo": "ab"}) + planted({"Ada": "ab", "Bo": "ba"}, "camera", "q")
    alphas = {one.scope: one.alpha for one in agreement(both)}
    assert alphas["object"] == pytest.approx(1.0)
    assert alphas["camera"] == pytest.approx(1 - 1 / (8 / 12))
    assert alphas["both"] == pytest.approx(1 - (4 / 8) / (2 * 4 * 4 / 56))


def test_how_often_the_left_was_chosen_is_counted() -> None:
    (found,) = agreement(planted({"Ada": "aaabec"}))  # a stands on the left
    assert found.annotators[0].left == 3


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(RunError, match=r"pip install 'motionsight\[dataset\]'"):
        agreement(planted({"Ada": "ab", "Bo": "ab"}))


def test_the_majority_of_those_who_chose_a_side_decides() -> None:
    found = decided(planted({"Ada": "abaeac", "Bo": "abbeec", "Cy": "ab-ce-"}))
    assert found == {
        "p0": Decision("a", "b", 3, 1.0),
        "p1": Decision("b", "a", 3, 1.0),
        "p4": Decision("a", "b", 3, 1 / 3),
    }


def test_sides_differ_by_annotator_and_pair_and_never_by_run() -> None:
    sides = {(name, n): left_side(name, f"p{n}") for name in ("Ada", "Bo") for n in range(400)}
    for name in ("Ada", "Bo"):
        assert 150 < sum(sides[name, n] == "a" for n in range(400)) < 250
    assert 150 < sum(sides["Ada", n] == sides["Bo", n] for n in range(400)) < 250
    by_seed = [[left_side("Ada", f"p{n}", seed) for n in range(64)] for seed in (7, 7, 8)]
    assert by_seed[0] == by_seed[1] != by_seed[2]


def test_both_aspects_of_a_clip_follow_each_other_and_the_seed_mixes_clips() -> None:
    pairs = [
        Pair(f"{clip}{aspect}", f"clip{clip}", aspect, "media/x.mp4", "a", "b")
        for aspect in ("camera", "object")
        for clip in range(20)
    ]
    shown = ordered(pairs)
    assert sorted(shown, key=pairs.index) == pairs
    assert all(first.clip_id == second.clip_id for first, second in zip(shown[::2], shown[1::2], strict=True))
    assert shown == ordered(reversed(pairs))
    assert shown != ordered(pairs, seed=1)
