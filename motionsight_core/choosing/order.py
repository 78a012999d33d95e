"""Questions about objects in time: which comes, moves or goes first, and at which edge."""

from __future__ import annotations

import re

from motionsight_core.choosing.decision import Fit, Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import Thing, called, subject_in, things_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.track_path import TrackPath
from motionsight_core.measure.wording import seconds
from motionsight_core.record import ObjectTrack

_FIRST = re.compile(r"\b(?:first|earlier|earliest|before the others?)\b")
_LAST = re.compile(r"\b(?:last|later|latest|after the others?)\b")
_LEAVES = re.compile(r"\b(?:leav(?:es?|ing)|exits?|disappears?|goes? out|stops?)\b")
_ENTERS = re.compile(r"\b(?:enters?|appears?|comes? in(?:to)?|starts?|begins?|moves?|arrives?|comes?)\b")
#: Times this far apart are in order, seconds.
_APART_S = 0.5
_SIDES = {
    "left": re.compile(r"\bleft\b"),
    "right": re.compile(r"\bright\b"),
    "top": re.compile(r"\b(?:top|above|upper)\b"),
    "bottom": re.compile(r"\b(?:bottom|below|lower)\b"),
}


def order_verdict(question: Question, measured: Measured) -> Verdict | None:
    """Which of several things is the first, or the last; None for any other question.

    Raises:
        Undecided: one of the things is not among those measured.
    """
    first, last = bool(_FIRST.search(question.text)), bool(_LAST.search(question.text))
    leaves, enters = bool(_LEAVES.search(question.text)), bool(_ENTERS.search(question.text))
    if question.is_yes_no or first == last or not (leaves or enters):
        return None
    named = [next(iter(things_in(claim)), None) for claim in question.claims]
    if sum(thing is not None for thing in named) < 2:
        return None
    if len({thing.names for thing in named if thing}) < 2:
        raise Undecided(
            "The options name things that are not told apart by what is measured: people, animals, vehicles."
        )
    times = [None if thing is None else _times(thing, measured, leaves=leaves) for thing in named]
    known = [time for time in times if time is not None]
    sign = 1 if first else -1
    fits: list[Fit] = []
    for time in times:
        if time is None:
            fits.append(None)
            continue
        gaps = [sign * (b - a) for other in known if other is not time for a in time for b in other]
        fits.append(max(0.0, min(1.0, 0.5 + 0.5 * min(gaps) / _APART_S)))
    told = "; ".join(
        f"the {thing.word} is there {'until' if leaves else 'from'} {', '.join(seconds(one) for one in time)}"
        f"{'' if leaves else ' on'}"
        for thing, time in zip(named, times, strict=True)
        if thing is not None and time is not None
    )
    return Verdict((tuple(fits),), told)


def _times(thing: Thing, measured: Measured, *, leaves: bool) -> list[float]:
    """When a thing comes, or goes: its first track's start, or its last track's end."""
    tracks = measured.tracks(thing)
    return [max(track.end_s for track in tracks)] if leaves else [min(track.start_s for track in tracks)]


def edge_verdict(question: Question, measured: Measured) -> Verdict | None:
    """From which side something enters, or at which it leaves; None for any other question.

    Raises:
        Undecided: it is not among what was measured, or comes and goes elsewhere.
    """
    enters = bool(re.search(r"\b(?:enters?|entering|appears?|comes? in(?:to)?)\b", question.text))
    leaves = bool(re.search(r"\b(?:leav(?:es?|ing)|exits?|exiting|goes? out)\b", question.text))
    if question.is_yes_no or enters == leaves:
        return None
    sides = [_side(claim) for claim in question.claims]
    subject = subject_in(question.text)
    if subject is None or sum(side is not None for side in sides) < 2:
        return None
    tracks = measured.tracks(subject)
    edges = [_edge(track, leaves=leaves) for track in tracks]
    verb = "leaves at" if leaves else "enters at"
    told = each(
        tracks, [f"{verb} {f'the {edge} edge' if edge else 'no edge of the frame'}" for edge in edges]
    )
    if not all(edges):
        raise Undecided(
            f"The question is about the edge of the frame at which {called(tracks[0])} comes or goes. Measured: {told}."
        )
    readings = [tuple(None if side is None else float(side == edge) for side in sides) for edge in edges]
    return Verdict(tuple(readings), told)


def _edge(track: ObjectTrack, *, leaves: bool) -> str:
    path = TrackPath.of(track)
    return path.exit_edge() if leaves else path.entry_edge()


def _side(text: str) -> str | None:
    found = [side for side, words in _SIDES.items() if words.search(text)]
    return found[0] if len(found) == 1 else None
