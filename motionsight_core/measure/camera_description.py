"""What the camera does, told from its measured moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from motionsight_core.camera_motion import CAMERA_MOTIONS, Axis
from motionsight_core.measure.editing_description import describe_editing
from motionsight_core.measure.types import CameraPath, MotionMeasurement, ShakenSpan
from motionsight_core.measure.wording import (
    MOMENT_S,
    RATE_WORDS,
    SPEED_CHANGE,
    listed,
    moment_s,
    seconds,
    sentence,
    sides,
    word_for,
)
from motionsight_core.record import CameraMove

#: Adjectives of the rate words.
ADJECTIVES = {"slowly": "slow", "at a moderate speed": "moderate", "fast": "fast", "very fast": "very fast"}
#: Moves are told together if their starts, and their ends, differ by at most this share of the longer one's
#: time, and by at most so many seconds.
TOGETHER = 0.15
TOGETHER_S = 1.0
#: What the picture does.
TREMBLING = {"shaky": "shakes strongly", "unsteady": "trembles a little"}
#: More parts than this are not told one by one.
MOST_SPANS = 3
#: More moves than this are summarised.
MOST_MOVES = 4
#: Confidence below which a move is told with a "probably".
SURE = 0.8
#: A way this long is worth telling, frame sides (pan, tilt), natural-log scale, degrees.
WORTH_TELLING = {"pan": 0.15, "tilt": 0.15, "zoom": 0.08, "roll": 3.0}
#: A drift of a hand-held camera larger than this, frame sides, is told by itself.
LARGE_DRIFT = 0.35
#: Times that differ by less are the same, seconds.
EXACT_S = 0.05


@dataclass(frozen=True, slots=True)
class Phase:
    """Moves that happen together."""

    start_s: float
    end_s: float
    moves: tuple[CameraMove, ...]


def describe_camera(measurement: MotionMeasurement, *, start_s: float, end_s: float) -> str:
    """What the camera does from `start_s` to `end_s`, source seconds, in one to four sentences."""
    if not len(measurement.camera_path.t_s):
        return "The clip has too few frames to tell how the camera moves."
    moves = [move for move in measurement.camera_moves if move.label != "static"]
    # What is told of a part is not told of the whole.
    whole = "" if measurement.shaken and measurement.steadiness != "unsteady" else measurement.steadiness
    sentences = describe_editing(measurement, start_s=start_s, end_s=end_s)
    if not moves:
        sentences.append(_at_rest(whole))
    elif len(moves) > MOST_MOVES or (measurement.steadiness != "smooth" and len(moves) > 2):
        sentences += _summary(moves, whole)
    else:
        sentences += _phases_told(_phases(moves), measurement.camera_path, start_s, end_s)
        sentences += _trembling(whole)
    return " ".join([*sentences, *_shaken(measurement.shaken, start_s, end_s)])


def _at_rest(steadiness: str) -> str:
    if steadiness == "shaky":
        return "The camera stays on one view but shakes strongly, as if held by hand."
    if steadiness == "unsteady":
        return "The camera stays on one view and trembles a little, as if held by hand."
    if not steadiness:
        return "The camera stays on one view."
    return "The camera is fixed: a steady view, as from a tripod, throughout."


def _trembling(steadiness: str) -> list[str]:
    if steadiness not in TREMBLING:
        return []
    return [f"The picture {TREMBLING[steadiness]}, as if the camera were held by hand."]


def _shaken(spans: Sequence[ShakenSpan], start_s: float, end_s: float) -> list[str]:
    """Where the picture shakes, if not throughout: the strongly shaken parts first."""
    sentences = []
    for steadiness, trembles in TREMBLING.items():
        times = [
            _span_told(span.start_s, span.end_s, start_s, end_s)
            for span in spans
            if span.steadiness == steadiness
        ]
        if times:
            when = "at times" if len(times) > MOST_SPANS else listed(times)
            sentences.append(sentence(f"{when} the picture {trembles}, as if the camera were held by hand"))
    return sentences


def _span_told(from_s: float, to_s: float, start_s: float, end_s: float) -> str:
    """ "from 1.0 s to 2.5 s", or less where it begins or ends with the clip."""
    least_s = moment_s(start_s, end_s)
    until = "to the end" if end_s - to_s < least_s else f"to {seconds(to_s)}"
    return f"until {seconds(to_s)}" if from_s - start_s < least_s else f"from {seconds(from_s)} {until}"


def _phases(moves: Sequence[CameraMove]) -> list[Phase]:
    """The moves by their starts, the longer one first; those that begin and end together as one.

    No phase spans a move the other way: told together, they would contradict each other.
    """
    phases: list[list[CameraMove]] = []
    for move in sorted(moves, key=lambda move: (move.start_s, -move.end_s)):
        for phase in phases:
            if all(_are_together(move, other) for other in phase) and not _spans_opposite(
                [*phase, move], moves
            ):
                phase.append(move)
                break
        else:
            phases.append([move])
    return [
        Phase(min(move.start_s for move in phase), max(move.end_s for move in phase), tuple(phase))
        for phase in phases
    ]


def _spans_opposite(phase: Sequence[CameraMove], moves: Sequence[CameraMove]) -> bool:
    """Whether the time of a phase meets that of a move the other way than one of its own."""
    start_s, end_s = min(move.start_s for move in phase), max(move.end_s for move in phase)
    return any(
        _are_opposite(one, other) and other.start_s < end_s and start_s < other.end_s
        for one in phase
        for other in moves
    )


def _are_opposite(one: CameraMove, other: CameraMove) -> bool:
    motions = CAMERA_MOTIONS[one.label], CAMERA_MOTIONS[other.label]
    return motions[0].axis == motions[1].axis and motions[0].sign == -motions[1].sign


def _are_together(one: CameraMove, other: CameraMove) -> bool:
    longer_s = max(one.end_s - one.start_s, other.end_s - other.start_s)
    shorter_s = min(one.end_s - one.start_s, other.end_s - other.start_s)
    apart_s = max(abs(one.start_s - other.start_s), abs(one.end_s - other.end_s))
    # Of two moves of a moment, one may be over before the other begins.
    return apart_s <= min(max(TOGETHER * longer_s, MOMENT_S), TOGETHER_S, shorter_s / 2)


def _phases_told(phases: Sequence[Phase], path: CameraPath, start_s: float, end_s: float) -> list[str]:
    sentences, until_s = [], start_s
    for phase in phases:
        opposed = any(
            _are_opposite(one, other) for one in phase.moves for told in phases for other in told.moves
        )
        # Where it turns round, not even a moment may be rounded away.
        edge_s = EXACT_S if opposed else moment_s(start_s, end_s)
        beginning = _beginning(phase, None if phase is phases[0] else until_s, (start_s, end_s), edge_s)
        sentences.append(beginning + _asides(phase.moves, path))
        until_s = max(until_s, phase.end_s)
    if end_s - until_s >= moment_s(start_s, end_s):
        if phases[-1].end_s == until_s:
            sentences[-1] += ", then holds still"
        else:
            sentences.append(f"from {seconds(until_s)} on it holds still")
    return [sentence(text) for text in sentences]


def _beginning(phase: Phase, before_s: float | None, span_s: tuple[float, float], edge_s: float) -> str:
    """ "the camera pans right slowly from 0.4 s to 2.9 s", linked to what came before.

    Args:
        phase: what to tell.
        before_s: until when the phases before it last; None for the first one.
        span_s: of the clip.
        edge_s: how near to its ends a phase begins and ends with the clip.
    """
    start_s, end_s = span_s
    least_s = moment_s(start_s, end_s)
    from_start, to_end = phase.start_s - start_s < edge_s, end_s - phase.end_s < edge_s
    what = _told_together(phase.moves)
    until = "to the end" if to_end else f"until {seconds(phase.end_s)}"
    from_to = f"from {seconds(phase.start_s)} {'to the end' if to_end else f'to {seconds(phase.end_s)}'}"
    if before_s is None:
        if from_start and to_end:
            return f"the camera {what} throughout"
        if from_start:
            return f"the camera {what} {until}"
        if to_end:
            return f"the camera holds still until {seconds(phase.start_s)}, then {what} {until}"
        return f"the camera {what} {from_to}"
    pause_s = phase.start_s - before_s
    if pause_s < -least_s:
        span = "throughout" if from_start and to_end else until if from_start else from_to
        return f"{span} it also {what}"
    if pause_s < least_s:
        return f"it then {what} {until}"
    return f"after a pause it {what} {from_to}"


def _told_together(moves: Sequence[CameraMove]) -> str:
    """ "pans right at a moderate speed while zooming in slowly"."""
    first, *others = sorted(moves, key=_strength, reverse=True)
    text = _told(first, CAMERA_MOTIONS[first.label].verb)
    beside = [_told(move, CAMERA_MOTIONS[move.label].participle) for move in others]
    return f"{text} while {listed(beside)}" if beside else text


def _told(move: CameraMove, verb: str) -> str:
    """ "pans left slowly", or "probably pans left slowly" of what is no more than likely."""
    motion = CAMERA_MOTIONS[move.label]
    rate = word_for(move.rate, RATE_WORDS[motion.axis])
    doubt = "probably" if move.confidence < SURE else ""
    return " ".join(part for part in (doubt, verb, motion.adverb, rate) if part)


def _asides(moves: Sequence[CameraMove], path: CameraPath) -> str:
    """ ", by about a third of the frame's width, slowing down": of a move that is alone."""
    if len(moves) > 1:
        return ""
    change = _change(moves[0], path)
    return _by(moves[0]) + (f", {change}" if change else "")


def _by(move: CameraMove) -> str:
    amount = _amount(move)
    return f", {amount}" if amount else ""


def _strength(move: CameraMove) -> float:
    """How much the picture changes, roughly frame sides per second."""
    return move.rate * {"roll": 0.01, "arc": 1.0}.get(_axis(move), 1.0)


def _axis(move: CameraMove) -> Axis:
    return CAMERA_MOTIONS[move.label].axis


def _amount(move: CameraMove) -> str:
    """How far it goes in all."""
    axis, way = _axis(move), _way(move)
    # The angle of an arc rests on an assumed field of view: a word for its rate is all it carries.
    if axis == "arc" or way < WORTH_TELLING[axis]:
        return ""
    if axis == "pan":
        return f"by about {sides(way, 'width')}"
    if axis == "tilt":
        return f"by about {sides(way, 'height')}"
    if axis == "zoom":
        factor = math.exp(way * CAMERA_MOTIONS[move.label].sign)
        return f"until things are {factor:.1f} times as large"
    step = 5 if way >= 10 else 1
    return f"by about {round(way / step) * step} degrees"


def _change(move: CameraMove, path: CameraPath) -> str:
    """Whether it gets faster or slower on the way."""
    axis = _axis(move)
    if axis == "arc":
        return ""
    inside = (path.t_s >= move.start_s) & (path.t_s <= move.end_s)
    if np.count_nonzero(inside) < 9:
        return ""
    speeds, lasting_s = np.abs(getattr(path, axis)), path.duration_s
    thirds = np.linspace(move.start_s, move.end_s, 4)
    parts = [inside & (path.t_s >= low) & (path.t_s < high) for low, high in pairwise(thirds)]
    if not all(part.any() for part in parts):
        return ""
    early, _, late = (float(np.average(speeds[part], weights=lasting_s[part])) for part in parts)
    if late > SPEED_CHANGE * early:
        return "speeding up"
    return "slowing down" if early > SPEED_CHANGE * late else ""


def _way(move: CameraMove) -> float:
    """How far a move goes in all, in the units of its rate without the second."""
    return move.rate * (move.end_s - move.start_s)


def _summary(moves: Sequence[CameraMove], steadiness: str) -> list[str]:
    """For footage with many moves: how it feels, which ways it goes, and what stands out."""
    ways: dict[str, float] = {}
    for move in moves:
        if _axis(move) in ("pan", "tilt"):
            ways[move.label] = ways.get(move.label, 0.0) + _way(move)
    main = sorted(ways, key=lambda label: -ways[label])[:3]
    drifts = "small drifts" if max(ways.values(), default=0.0) < LARGE_DRIFT else "drifts"
    manner = "the camera moves several times"
    if steadiness in TREMBLING:
        manner = f"hand-held: the picture {TREMBLING[steadiness]}"
    directions = listed([_direction(label) for label in main])
    sentences = [sentence(f"{manner}, with {drifts} {directions}" if main else manner)]
    largest = max(moves, key=lambda move: _strength(move) * (move.end_s - move.start_s))
    pace = ADJECTIVES[word_for(largest.rate, RATE_WORDS[_axis(largest)])]
    sentences.append(
        f"The largest move is a {pace} {CAMERA_MOTIONS[largest.label].noun} from {seconds(largest.start_s)} "
        f"to {seconds(largest.end_s)}{_by(largest)}."
    )
    return sentences


def _direction(label: str) -> str:
    motion = CAMERA_MOTIONS[label]
    return f"to the {motion.direction}" if motion.axis == "pan" else motion.direction
