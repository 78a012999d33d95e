"""Pairs of descriptions of one clip, for people to choose from, and what they chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from motionsight_core.dataset.clips import Description, SelectedClip
from motionsight_core.dataset.hashing import digest
from motionsight_core.dataset.rows import ASPECTS, Aspect, Choice
from motionsight_core.preference.decisions import decided


@dataclass(frozen=True, slots=True)
class Pair:
    """Two recipes' descriptions of the same motion of the same clip."""

    clip: SelectedClip
    aspect: Aspect
    a: Description
    """The one that is of C_H."""
    b: Description

    @property
    def pair_id(self) -> str:
        """First 16 hex digits of sha256 over clip, aspect and the two recipes."""
        return digest(self.clip.clip_id, self.aspect, self.a.row.recipe, self.b.row.recipe)[:16]


@dataclass(frozen=True, slots=True)
class Preference:
    """A pair of which people prefer one."""

    pair: Pair
    chosen: Description
    rejected: Description
    votes: int
    """People who chose, undecided ones included."""
    agreement: float
    """Share of these who chose as most did, 0 to 1."""


def candidates(clips: Sequence[SelectedClip]) -> list[Pair]:
    """The pairs of all descriptions of C_H with those of the clip's other recipes that say something else."""
    pairs: list[Pair] = []
    for clip in clips:
        for aspect in ASPECTS:
            if clip.grades[aspect] != "high":
                continue
            first, *others = clip.described(aspect)
            pairs += [
                Pair(clip, aspect, first, other)
                for other in others
                if first.text and other.text and other.text != first.text
            ]
    return pairs


def preferences(pairs: Sequence[Pair], choices: Iterable[Choice]) -> list[Preference]:
    """What most people prefer (`preference.decided`).

    People decide what is rejected: the chosen one is not always that of C_H.
    """
    decisions = decided(choices)
    found: list[Preference] = []
    for pair in pairs:
        if decision := decisions.get(pair.pair_id):
            sides = {"a": pair.a, "b": pair.b}
            found.append(
                Preference(
                    pair,
                    sides[decision.chosen],
                    sides[decision.rejected],
                    decision.votes,
                    decision.agreement,
                )
            )
    return found
