"""What a hash chooses, so that a reader of the words alone is right in about one of four."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from motionsight_core.benchmark_questions.letters import OPTIONS
from motionsight_core.dataset.hashing import digest, share

T = TypeVar("T")


def by_hash(names: Iterable[str], *parts: object) -> list[str]:
    """Names in an order that looks random and never changes."""
    return sorted(names, key=lambda name: digest(*parts, name))


def one_of(values: Sequence[T], *parts: object) -> T:
    """One of some values, all alike."""
    return values[int(share(*parts) * len(values))]


def one_in_four(
    rare: Iterable[str], common: Iterable[str], *parts: object
) -> tuple[frozenset[str], frozenset[str]]:
    """Names for which an option is right, and three times as many for which it is offered and wrong.

    An option that is offered where it is right alone would be right wherever it is seen.

    Args:
        rare: for which it is right.
        common: for which it can be offered.
        parts: of the hash that chooses.
    """
    rare, common = by_hash(rare, *parts), by_hash(common, *parts)
    wrong = OPTIONS - 1
    kept = rare[: len(common) // wrong]
    return frozenset(kept), frozenset(common[: wrong * len(kept)])


class Counts:
    """Numbers to choose from, among which the right one is the smallest, second, third or largest alike."""

    def __init__(self, *parts: object) -> None:
        self._parts = parts
        self._used: Counter[int] = Counter()

    def offered(self, name: str, right: int, *, step: int, least: int) -> tuple[tuple[int, ...], int]:
        """Four numbers that rise, and the place of the right one among them.

        Args:
            name: of the clip.
            right: the right number.
            step: from one to the next.
            least: the smallest that may stand there.
        """
        places = [place for place in range(OPTIONS) if right - step * place >= least]
        # Small numbers leave few places; others make up for it.
        place = min(places, key=lambda one: (self._used[one], digest(*self._parts, name, one)))
        self._used[place] += 1
        return tuple(right + step * (number - place) for number in range(OPTIONS)), place
