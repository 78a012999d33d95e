"""What is certain of a clip's camera, as far as it can be asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from motionsight_core.benchmark_questions.measurements import Measurement
from motionsight_core.benchmark_questions.wording import opposite
from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.choosing.camera import REST_S, comes_after, told
from motionsight_core.measure.wording import listed
from motionsight_core.record import CameraMove

#: A camera that rests, one move, two at once, two in a row, or more than that.
Form: TypeAlias = Literal["rest", "one", "together", "in_order", "many"]

#: Two moves are at once if they share at least this part of the longer one's time ...
_TOGETHER = 0.8
#: ... and in a row if they share at most this part of the shorter one's.
_IN_ORDER = 0.25
#: Looks of which one can be taken for the other: a camera that circles something seems to pan.
_ALIKE = frozenset({"pan", "arc"})


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What the camera does, all of it."""

    form: Form
    labels: tuple[str, ...]
    """In order of time, as `camera_moves` has them; of a camera that rests, `static`."""
    counts: tuple[tuple[str, int], ...]
    """How often it pans, tilts, zooms or rolls, where this can be counted."""
    told: str
    """What was measured, such as "pan left from 0.0 s to 4.0 s, confidence .97"."""


def camera_facts(measurement: Measurement, *, confidence: float) -> CameraFacts | str:
    """The facts, or why there are none.

    Args:
        measurement: of the clip.
        confidence: the least that counts; a move below it may or may not be there.
    """
    moves = sorted(measurement.camera_moves, key=lambda move: (move.start_s, move.end_s, move.label))
    if not moves:
        return "Its camera was not measured."
    if measurement.shot_changes:
        return "Its shot changes, so that its camera is not one."
    doubtful = [move for move in moves if move.confidence < confidence]
    if doubtful:
        return f"Its camera is less certain than questions.confidence: {told(doubtful[0])}."
    moving = [move for move in moves if move.label != "static"]
    said = listed([told(move) for move in moves])
    if not moving:
        if measurement.steadiness not in ("static", "smooth"):
            return f"Its camera makes no move, and is {measurement.steadiness} all the same."
        return CameraFacts("rest", ("static",), (), said)
    labels = tuple(move.label for move in moving)
    return CameraFacts(_form(moving), labels, _counts(moving), said)


def is_other_axis(label: str, labels: Sequence[str]) -> bool:
    """Whether a move is along another axis than all of these, and cannot be taken for one of them."""
    axis = CAMERA_MOTIONS[label].axis
    taken = {CAMERA_MOTIONS[one].axis for one in labels}
    return axis not in ("static", *taken) and not (axis in _ALIKE and taken & _ALIKE)


def _form(moves: Sequence[CameraMove]) -> Form:
    if len(moves) == 1:
        return "one"
    if len(moves) > 2:
        return "many"
    first, second = moves
    common_s = min(first.end_s, second.end_s) - max(first.start_s, second.start_s)
    lengths = sorted(move.end_s - move.start_s for move in moves)
    if common_s >= _TOGETHER * lengths[1] and is_other_axis(second.label, [first.label]):
        return "together"
    in_order = common_s <= _IN_ORDER * lengths[0] and comes_after(second, first)
    tells_apart = second.label == opposite(first.label) or is_other_axis(second.label, [first.label])
    return "in_order" if in_order and tells_apart else "many"


def _counts(moves: Sequence[CameraMove]) -> tuple[tuple[str, int], ...]:
    """Kinds of move with how often the camera makes one; two of one direction have a rest between."""
    counts: Counter[str] = Counter()
    last: dict[str, CameraMove] = {}
    unclear = {kind for move in moves for kind in _ALIKE if CAMERA_MOTIONS[move.label].axis == "arc"}
    for move in moves:
        motion = CAMERA_MOTIONS[move.label]
        before = last.get(motion.axis)
        if motion.changes_place or (
            before is not None and before.label == move.label and move.start_s - before.end_s < REST_S
        ):
            unclear.add(motion.axis)
        counts[motion.axis] += 1
        last[motion.axis] = move
    return tuple((axis, count) for axis, count in sorted(counts.items()) if axis not in unclear)
