"""Which letter is right, and in which order the options stand: balanced exactly, by a hash and the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle, islice

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.dataset.hashing import digest

#: Options of a question that is made here.
OPTIONS = 4


def balanced_letters(
    questions: Mapping[str, AskedQuestion], *, seed: int, before: Mapping[str, int] | None = None
) -> dict[str, int]:
    """The position of each question's right option.

    Over all questions, and over those of each category, every position is right equally often, or once more
    than another. Which question has which is by a hash: the same questions have the same letters again.

    Args:
        questions: by identifier, each with OPTIONS options.
        seed: of the hash.
        before: positions that questions had among more questions: as many as the balance allows keep theirs.
    """
    before = before or {}
    by_category: dict[str, list[str]] = {}
    for name in sorted(questions, key=lambda name: digest("letter", seed, name)):
        by_category.setdefault(questions[name].category, []).append(name)
    found: dict[str, int] = {}
    spare = 0
    for category in sorted(by_category):
        names = by_category[category]
        # What a category has beyond equal shares goes round over all of them.
        left = Counter(islice(cycle(range(OPTIONS)), spare, spare + len(names)))
        spare += len(names)
        waiting: list[str] = []
        for name in names:
            position = before.get(name)
            if position is not None and left[position]:
                left[position] -= 1
                found[name] = position
            else:
                waiting.append(name)
        found |= dict(zip(waiting, _in_turn(left), strict=True))
    return found


def listed_options(question: AskedQuestion, position: int, *, name: str, seed: int) -> tuple[str, ...]:
    """The options in their order: the right one at its position, the others by a hash of their words."""
    others = [place for place in range(len(question.options)) if place != question.right]
    others.sort(key=lambda place: digest("option", seed, name, question.options[place]))
    return question.ordered(position, tuple(others))


def _in_turn(left: Counter[int]) -> Sequence[int]:
    """The positions that are left, one of each after the other."""
    rounds = max(left.values(), default=0)
    return [position for turn in range(rounds) for position in range(OPTIONS) if left[position] > turn]
