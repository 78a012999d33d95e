"""Letters are balanced exactly, and by a hash: the same questions have the same letters again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.letters import OPTIONS, balanced_letters, listed_options

#: Questions of each category: each remainder of four, and a category of one.
COUNTS = {"Camera Motion": 22, "Action Order": 7, "Repetition Count": 5, "Motion Recognition": 1}


def asked(category: str = "Camera Motion") -> AskedQuestion:
    return AskedQuestion(category, "How does the camera move?", ("right", "one", "two", "three"), 0)


@pytest.fixture
def questions() -> dict[str, AskedQuestion]:
    return {
        f"{category}-{number}": asked(category)
        for category, count in COUNTS.items()
        for number in range(count)
    }


def spread(positions: Iterable[int]) -> int:
    counts = Counter(dict.fromkeys(range(OPTIONS), 0))
    counts.update(positions)
    return max(counts.values()) - min(counts.values())


def assert_balanced(letters: Mapping[str, int], questions: Mapping[str, AskedQuestion]) -> None:
    assert letters.keys() == questions.keys()
    assert spread(letters.values()) <= 1
    for category in {one.category for one in questions.values()}:
        assert spread(letters[name] for name, one in questions.items() if one.category == category) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_each_letter_is_right_equally_often_over_all_and_in_each_category(questions, seed: int) -> None:
    assert_balanced(balanced_letters(questions, seed=seed), questions)


def test_letters_depend_on_the_questions_and_the_seed_and_not_on_their_order(questions) -> None:
    again = dict(reversed(questions.items()))
    assert balanced_letters(questions, seed=1) == balanced_letters(again, seed=1)
    assert balanced_letters(questions, seed=1) != balanced_letters(questions, seed=2)


def test_what_is_left_of_questions_is_balanced_again_and_most_keep_their_letters(questions) -> None:
    before = balanced_letters(questions, seed=3)
    # The worst for the balance: all that have one letter are gone.
    left = {name: one for name, one in questions.items() if before[name] != 2}
    after = balanced_letters(left, seed=3, before=before)
    assert_balanced(after, left)
    moved = [name for name in left if after[name] != before[name]]
    assert 0 < len(moved) <= len(left) / 4 + len(COUNTS)
    assert balanced_letters(questions, seed=3, before=before) == before


def test_the_right_option_stands_at_its_letter_and_the_others_in_an_order_by_hash() -> None:
    lists = {
        name: listed_options(asked(), position, name=name, seed=1)
        for number in range(40)
        for position in (number % OPTIONS,)
        for name in (f"q{number}",)
    }
    for number in range(40):
        assert lists[f"q{number}"].index("right") == number % OPTIONS
        assert set(lists[f"q{number}"]) == set(asked().options)
    orders = {tuple(option for option in one if option != "right") for one in lists.values()}
    assert len(orders) == 6, "all orders of the three others"
