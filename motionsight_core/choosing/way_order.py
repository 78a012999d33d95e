"""Questions about the order of two ways: first to the left, then up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.choosing.decision import Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import ANYTHING, Thing, called, subject_in
from motionsight_core.choosing.ways import ways_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.track_path import TrackPath

#: The words for a way, sideways or upright.
SIDEWAYS, UPRIGHT = ("left", "right"), ("up", "down")
#: A part of a way in two directions is at least this long, frame widths ...
_LEAST_LEG = 0.12
#: ... near to its direction, cosine of the angle between ...
_ALONG = 0.92
#: ... of at least so many places, both parts together ...
_LEAST_PLACES = 8
#: ... and as straight as this: the largest distance from its line, frame widths.
_STRAIGHT = 0.05
#: A way that ends where it began, frame widths.
_NO_WAY = 0.02

_ORDER = phrases("order", "sequence")
_NEXT = phrases("then", "and then", "followed by", "after that", "afterwards?", "next", "before")


def way_order_verdict(question: Question, measured: Measured) -> Verdict | None:
    """In which order an object goes in two directions in the picture; None for any other question.

    Raises:
        Undecided: what it is about was not measured, or does not go so.
    """
    claims = [_claimed(claim) for claim in question.claims]
    if question.is_yes_no or not _ORDER.search(question.text) or sum(map(bool, claims)) < 2:
        return None
    tracks = measured.tracks(subject_in(question.text) or Thing("object", (ANYTHING,), 0))
    found = [ways_in_order(TrackPath.of(track), measured.aspect) for track in tracks]
    if not all(found):
        raise Undecided(
            f"The question is about two ways in a row, and {called(tracks[found.index(None)])} does not go "
            "straight in one direction and then in another."
        )
    told = each(tracks, [f"goes {ways[0]} and then {ways[1]}" for ways in found if ways])
    readings = [tuple(float(claim == ways) if claim else None for claim in claims) for ways in found]
    return Verdict(tuple(readings), told)


def ways_in_order(path: TrackPath, aspect: float) -> tuple[str, str] | None:
    """Two straight ways in the picture with one turn between, one sideways and one upright.

    Args:
        path: of a track.
        aspect: the frame's width over its height.

    Returns:
        Of left, right, up and down; None where it goes otherwise.
    """
    places = np.stack([path.x, path.y / aspect], axis=1)
    if len(places) < _LEAST_PLACES:
        return None
    off = _off_line(places)
    turn = int(off.argmax())
    legs = [places[: turn + 1], places[turn:]]
    if off[turn] < _STRAIGHT or any(len(leg) < 3 or _off_line(leg).max() > _STRAIGHT for leg in legs):
        return None
    first, second = (_way_of(leg[-1] - leg[0]) for leg in legs)
    if first and second and (first in SIDEWAYS) != (second in SIDEWAYS):
        return first, second
    return None


def _claimed(claim: str) -> tuple[str, str] | None:
    """The two ways of "first to the left, then up"; None where there are not two of one word each."""
    parts = [ways_in(part) for part in _NEXT.split(claim)]
    if len(parts) != 2 or any(len(ways) != 1 for ways in parts):
        return None
    (first,), (second,) = parts
    return (first, second) if {first, second} <= {*SIDEWAYS, *UPRIGHT} else None


def _way_of(step: NDArray[np.float64]) -> str:
    """The word for a step [2] to the right and down, frame widths; empty where it has no one direction."""
    right, down = map(float, step)
    length = float(np.hypot(right, down))
    if length < _LEAST_LEG or max(abs(right), abs(down)) < _ALONG * length:
        return ""
    if abs(right) > abs(down):
        return SIDEWAYS[right > 0]
    return UPRIGHT[down > 0]


def _off_line(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """[N] how far places [N, 2] are from the line from the first to the last of them."""
    across, down = places[-1] - places[0]
    beside = places - places[0]
    length = float(np.hypot(across, down))
    if length < _NO_WAY:
        return np.hypot(beside[:, 0], beside[:, 1])
    return np.abs(beside[:, 0] * down - beside[:, 1] * across) / length
