"""Which option what was measured decides on, if it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from motionsight_core.choosing.question import Question, letter
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import listed

#: How well the measurement bears out a claim, 0 to 1; None where they cannot be compared.
Fit: TypeAlias = float | None

#: An option is chosen if it fits at least so well ...
LEAST_FIT = 0.5
#: ... and so much better than any other.
MARGIN = 0.2
#: How well an option may fit that cannot be compared.
UNCOMPARED = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a measurement says of a question's claims."""

    readings: tuple[tuple[Fit, ...], ...]
    """Fits of `Question.claims`, once for each way in which question and measurement can be understood: by
    each of the people who may be meant, in the picture and over the ground. All must lead to one option."""
    measured: str
    """What was measured, such as "pan left from 0.4 s to 2.1 s, confidence .97"."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option that the measurement decides on."""

    position: int
    """From 0."""
    evidence: str
    """One sentence: what was measured."""


def decide(question: Question, verdict: Verdict) -> Choice:
    """The option that fits best in every reading.

    Raises:
        Undecided: there is none; the sentence says why.
    """
    chosen = {_best(question, reading, verdict.measured) for reading in verdict.readings}
    if len(chosen) != 1:
        options = listed([letter(position) for position in sorted(chosen)])
        raise Undecided(
            f"The measurement does not decide between options {options}: each is right in another reading of "
            f"the question. Measured: {verdict.measured}."
        )
    return Choice(chosen.pop(), f"Measured: {verdict.measured}.")


def _best(question: Question, claims: Sequence[Fit], measured: str) -> int:
    fits = _of_options(question, claims)
    known = {position: fit for position, fit in enumerate(fits) if fit is not None}
    if question.is_yes_no and not known:
        raise Undecided(f"The question asks for more than what was measured: {measured}.")
    if len(known) < 2:
        raise Undecided(
            f"The options cannot be compared with what was measured: {measured}. Name moves, directions, "
            "speeds or counts in them, or name a multimodal LLM with annotator=... ."
        )
    best = max(known, key=known.__getitem__)
    if known[best] < LEAST_FIT:
        raise Undecided(f"No option fits what was measured: {measured}.")
    level = [
        position
        for position, role in enumerate(question.roles)
        # That it cannot be told is nothing that can be the case.
        if role != "unknown" and known.get(position, UNCOMPARED) > known[best] - MARGIN
    ]
    names = listed([letter(position) for position in level])
    if any(position not in known for position in level):
        raise Undecided(f"The measurement does not decide between options {names}. Measured: {measured}.")
    if len(level) > 1:
        raise Undecided(f"Options {names} fit what was measured about equally well: {measured}.")
    return best


def _of_options(question: Question, claims: Sequence[Fit]) -> list[Fit]:
    """The fit of each option, from those of the claims."""
    if question.is_yes_no:
        (fit,) = claims
        denied = None if fit is None else 1 - fit
        return [{"yes": fit, "no": denied}.get(role) for role in question.roles]
    if question.is_negated:
        claims = [None if fit is None else 1 - fit for fit in claims]
    known = [fit for fit in claims if fit is not None]
    complete = bool(known) and len(known) == len(claims)
    both = min(known) if complete and len(known) > 1 else None
    none = 1 - max(known) if complete else None
    if "both" in question.roles and both is not None:
        # "Both" excludes that only one of them is the case.
        claims = [None if fit is None else min(fit, 1 - both) for fit in claims]
    left = iter(claims)
    return [
        next(left) if role == "claim" else {"both": both, "none": none}.get(role) for role in question.roles
    ]
