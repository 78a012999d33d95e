"""Which of several things moves."""

from __future__ import annotations

import re

from motionsight_core.choosing.decision import Fit, Verdict
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import Thing, called, things_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import listed
from motionsight_core.naming.vocabulary import kind_of
from motionsight_core.record import MOVING_REGION

_WHICH = re.compile(
    r"(?:which|what|who)(?: (?:of (?:these|the following)|objects?|things?|animals?|vehicles?))*"
    r"(?: (?:is|are))? mov(?:es?|ing)(?: in the (?:clip|video|picture|scene))?"
)
#: How well a name fits that is mixed up with the one that was recognised, such as a car with a truck.
_ALIKE = 0.5


def which_verdict(question: Question, measured: Measured) -> Verdict | None:
    """Which of the options' things was seen to move; None for any other question.

    Raises:
        Undecided: something moves that was not recognised, or nothing does.
    """
    if question.is_yes_no or not _WHICH.fullmatch(question.text):
        return None
    things = [next(iter(things_in(claim)), None) for claim in question.claims]
    if sum(thing is not None and thing.is_named for thing in things) < 2:
        return None
    tracks = measured.motion.tracks
    if not tracks:
        raise Undecided("The question is about what moves, and nothing was measured that moves by itself.")
    if any(track.label == MOVING_REGION for track in tracks):
        raise Undecided("Something moves that was not recognised, and it may be any of the options.")
    labels = {track.label for track in tracks}
    told = f"{listed(list(dict.fromkeys(called(track) for track in tracks)))} moves"
    return Verdict((tuple(_fit(thing, labels) for thing in things),), told)


def _fit(thing: Thing | None, labels: set[str]) -> Fit:
    if thing is None or not thing.is_named:
        return None
    if labels & set(thing.names):
        return 1.0
    alike = frozenset().union(*(kind_of(name) for name in thing.names))
    return _ALIKE if labels & alike else 0.0
