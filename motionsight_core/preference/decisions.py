"""What people decided: which of two descriptions is chosen, and which is rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from motionsight_core.preference.pairs import Side


class Chosen(Protocol):
    """What is read of a choice: a `Choice`, or a row of the table `preferences`."""

    @property
    def pair_id(self) -> str: ...
    @property
    def choice(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """A pair of which people prefer one description."""

    chosen: Side
    rejected: Side
    votes: int
    """People who looked at the pair, those who chose neither side among them."""
    agreement: float
    """Share of them who chose the chosen side, 0 to 1."""


def decided(choices: Iterable[Chosen]) -> dict[str, Decision]:
    """The decision on each pair, by pair_id: the majority of those who chose a side.

    A pair whose sides were chosen equally often, or of which nobody chose a side, is left out: nothing is
    rejected that people did not reject.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in choices:
        votes[one.pair_id][one.choice] += 1
    decisions: dict[str, Decision] = {}
    for pair_id, counts in votes.items():
        if counts["a"] != counts["b"]:
            chosen, rejected = ("a", "b") if counts["a"] > counts["b"] else ("b", "a")
            total = counts.total()
            decisions[pair_id] = Decision(chosen, rejected, total, counts[chosen] / total)
    return decisions
