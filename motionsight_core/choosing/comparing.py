"""Which of several things is the fastest, comes first, or goes last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from motionsight_core.choosing.decision import Fit, Verdict
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import Thing, things_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import listed, seconds

_FASTER = phrases("fast(?:er|est)", "quick(?:er|est)", "slow(?:er|est)", "more (?:quickly|slowly|rapidly)")
_SLOWER = phrases("slow(?:er|est|ly)")
_FIRST = phrases("first", "earlier", "earliest", "before the others?")
_LAST = phrases("last", "later", "latest", "after the others?")
_LEAVES = phrases("leav(?:es?|ing)", "exits?", "disappears?", "goes? out")
_ENTERS = phrases(
    "enters?", "appears?", "comes?(?: in(?:to)?)?", "arrives?", "(?:starts?|begins?) (?:moving|to move)"
)
_SAME = phrases("same", r"equal\w*", "both", "no difference", "together")
#: Ratio of two speeds from which on one is surely the higher.
_SURE_RATIO = 1.6
#: Below this a speed is none.
_LEAST_SPEED = 1e-6
#: Times this far apart are in order, seconds.
_APART_S = 0.5


def speed_comparison(question: Question, measured: Measured) -> Verdict | None:
    """Which of several things is faster; None for any other question.

    Raises:
        Undecided: one of the things is not among those measured.
    """
    if question.is_yes_no or not _FASTER.search(question.text):
        return None
    things = _things(question)
    if things is None:
        return None
    is_slower = bool(_SLOWER.search(question.text))
    speeds = [
        [measured.over_ground(track).speed for track in measured.tracks(thing)] if thing else None
        for thing in things
    ]

    def lead(one: float, other: float) -> float:
        high, low = (other, one) if is_slower else (one, other)
        return (max(high, _LEAST_SPEED) / max(low, _LEAST_SPEED) - 1) / (_SURE_RATIO - 1)

    told = [
        f"the {thing.word} moves at {listed([f'{one:.2f}' for one in speed])}"
        for thing, speed in zip(things, speeds, strict=True)
        if thing and speed
    ]
    fits = [_least(lead, pairs) for pairs in _pairs(speeds)]
    return Verdict((tuple(fits),), f"{'; '.join(told)} (frame widths per second)")


def order_comparison(question: Question, measured: Measured) -> Verdict | None:
    """Which of several things comes or goes first, or last; None for any other question.

    Raises:
        Undecided: one of the things is not among those measured.
    """
    first, last = bool(_FIRST.search(question.text)), bool(_LAST.search(question.text))
    leaves, enters = bool(_LEAVES.search(question.text)), bool(_ENTERS.search(question.text))
    if question.is_yes_no or first == last or leaves == enters:
        return None
    things = _things(question)
    if things is None:
        return None

    def lead(one: float, other: float) -> float:
        return (other - one if first else one - other) / _APART_S

    times = [[_time_s(thing, measured, leaves=leaves)] if thing else None for thing in things]
    told = [
        f"the {thing.word} {'leaves' if leaves else 'is there from'} {'at ' * leaves}{seconds(time[0])}"
        for thing, time in zip(things, times, strict=True)
        if thing and time
    ]
    fits = [_least(lead, pairs) for pairs in _pairs(times)]
    return Verdict((tuple(fits),), "; ".join(told))


def _things(question: Question) -> list[Thing | None] | None:
    """The thing of each claim; None where they are not such that can be compared.

    Raises:
        Undecided: two of them are the same to a measurement.
    """
    things = [
        None if _SAME.search(claim) else next((thing for thing in things_in(claim) if thing.is_named), None)
        for claim in question.claims
    ]
    named = [thing for thing in things if thing]
    if len(named) < 2:
        return None
    if len({thing.names for thing in named}) < len(named):
        words = listed([thing.word for thing in named])
        raise Undecided(f"The measurement does not tell these apart: {words}. Both are tracks of one name.")
    return things


def _time_s(thing: Thing, measured: Measured, *, leaves: bool) -> float:
    tracks = measured.tracks(thing)
    return max(track.end_s for track in tracks) if leaves else min(track.start_s for track in tracks)


def _pairs(values: Sequence[list[float] | None]) -> list[list[tuple[float, float]] | None]:
    """Each thing's values beside those of all others, whichever of its tracks is meant."""
    return [
        None
        if own is None
        else [(a, b) for other in values if other and other is not own for a in own for b in other]
        for own in values
    ]


def _least(lead: Callable[[float, float], float], pairs: Sequence[tuple[float, float]] | None) -> Fit:
    """0.5 where two are level, 1 where the least lead is a sure one."""
    if pairs is None:
        return None
    return min(max(0.5 + 0.5 * min(lead(one, other) for one, other in pairs), 0.0), 1.0)
