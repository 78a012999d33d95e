"""Multiple-choice questions about a rendered scene, whose right answers are known from its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._scenes_matching import family, within_shots
from motionsight_core.benchmark_questions.wording import noun, opposite, order, sentence
from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.synthetic import Move, SceneTruth, TrueTrack

#: Ways of an object that are clear, frame sides, and how much longer than across.
CLEAR_WAY = 0.2
CLEAR_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class SceneQuestion:
    """One question, with its answer."""

    kind: str
    text: str
    options: tuple[str, ...]
    answer: int
    """Position of the right option."""


def questions_about(truth: SceneTruth, rng: np.random.Generator) -> Iterator[SceneQuestion]:
    """All questions that can be asked of a scene; `rng` draws wrong options and positions."""
    for kind, ask in _KINDS.items():
        for text, right, wrong in ask(truth, rng):
            options = [right, *wrong]
            order = rng.permutation(len(options))
            shuffled = tuple(options[index] for index in order)
            yield SceneQuestion(kind, text, shuffled, shuffled.index(right))


_Asked = Iterator[tuple[str, str, Sequence[str]]]
"""Question, right option, wrong options."""


def _labels(truth: SceneTruth) -> list[str]:
    """What the camera does, up to parallax: each label once, in order of time."""
    moves = sorted(within_shots(truth), key=lambda move: move.start_s)
    return list(dict.fromkeys(family(move.label) for move in moves))


def _camera(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    labels = _labels(truth)
    # Two ways along one axis have an order of their own, and shots move each in its way.
    if len({label.split("_")[0] for label in labels}) < len(labels) or truth.dissolves or truth.cuts:
        return
    others = [
        label for label in ("pan_left", "tilt_up", "zoom_in", "roll_cw") if label[:3] not in str(labels)
    ]
    wrong = [[other] for other in rng.permutation(others)[:2]]
    if labels == ["static"]:
        wrong.append(["pan_right"])
    else:
        wrong = [*wrong[:1], [opposite(labels[0]), *labels[1:]], ["static"]]
    yield "How does the camera move?", sentence(labels), [sentence(one) for one in wrong]


def _yes_no(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    labels = _labels(truth)
    if labels == ["static"]:
        asked = str(rng.choice(["pan_left", "tilt_down", "zoom_in", "roll_cw"]))
    else:
        asked = labels[0] if rng.uniform() < 0.5 else opposite(labels[0])
    motion = CAMERA_MOTIONS[asked]
    yes, no = ("Yes", "No") if asked in labels else ("No", "Yes")
    yield f"Does the camera {motion.verb[:-1]} {motion.adverb}?", yes, [no]


def _order(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    moves = sorted(truth.moves, key=lambda move: move.start_s)
    if len(moves) != 2 or truth.cuts or truth.dissolves or moves[0].end_s > moves[1].start_s + 0.05:
        return
    first, second = (family(move.label) for move in moves)
    changed = opposite(first)
    wrong = [order(second, first), order(changed, second), order(second, changed)]
    yield "In which order does the camera move?", order(first, second), wrong
    others = [noun(second), noun(changed), "nothing, it is static"]
    yield "What does the camera do first?", noun(first), others


def _rate(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    if len(truth.moves) != 1 or "parallax" in truth.stressors or truth.cuts:
        return
    (move,) = truth.moves
    if family(move.label).split("_")[0] not in ("pan", "tilt"):
        return
    speed = "Slowly" if move.rate < 0.06 else "At a moderate speed" if move.rate < 0.2 else "Fast"
    wrong = [one for one in ("Slowly", "At a moderate speed", "Fast") if one != speed]
    yield "How fast does the camera move?", speed, wrong


def _direction(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    track = _one_object(truth)
    if track is None or track.repetitions:
        return
    right, down = _way(track)
    along, across = sorted((abs(right), abs(down)), reverse=True)
    if along < CLEAR_WAY or along < CLEAR_RATIO * across or truth.cuts or truth.dissolves:
        return
    sides = ("To the right", "To the left") if abs(right) > abs(down) else ("Downward", "Upward")
    side = sides[(right if abs(right) > abs(down) else down) < 0]
    others = [one for one in ("To the right", "To the left", "Downward", "Upward") if one != side]
    yield "In which direction does the object move in the picture?", side, others


def _one_object(truth: SceneTruth) -> TrueTrack | None:
    tracks = [track for track in truth.objects if not track.incidental]
    return tracks[0] if len(tracks) == 1 and len(truth.objects) == 1 and len(tracks[0].boxes) > 10 else None


def _way(track: TrueTrack) -> tuple[float, float]:
    first, last = track.boxes[0], track.boxes[-1]
    return (
        (last.x0 + last.x1 - first.x0 - first.x1) / 2,
        (last.y0 + last.y1 - first.y0 - first.y1) / 2,
    )


def _count(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    track = _one_object(truth)
    if track is None or track.repetitions is None:
        return
    count = track.repetitions.count
    steps = rng.permutation([-4, -2, 2, 4, 6])
    wrong = [count + int(step) for step in steps if count + step > 0][:3]
    yield "How many times does the object repeat its motion?", str(count), [str(one) for one in wrong]


def _cuts(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    if truth.dissolves:
        return
    count = len(truth.cuts)
    wrong = [one for one in range(5) if one != count]
    yield "How many cuts are there?", str(count), [str(one) for one in rng.permutation(wrong)[:3]]


def _steadiness(truth: SceneTruth, rng: np.random.Generator) -> _Asked:
    if truth.dissolves or truth.cuts or truth.steadiness == "unsteady":
        return
    words = ["It is held by hand and shakes", "It is held steady"]
    right = words.pop(truth.steadiness != "shaky")
    yield "How steadily is the camera held?", right, words


_KINDS: dict[str, Callable[[SceneTruth, np.random.Generator], _Asked]] = {
    "camera": _camera,
    "camera yes/no": _yes_no,
    "camera order": _order,
    "camera speed": _rate,
    "steadiness": _steadiness,
    "object direction": _direction,
    "repetitions": _count,
    "cuts": _cuts,
}


def in_order(rng: np.random.Generator, duration_s: float) -> tuple[Move, ...]:
    """Two moves along different axes, one after the other."""
    rates = {"pan": (0.08, 0.3), "tilt": (0.1, 0.35), "zoom": (0.1, 0.3), "roll": (5.0, 14.0)}
    ways = {"pan": ("left", "right"), "tilt": ("up", "down"), "zoom": ("in", "out"), "roll": ("cw", "ccw")}
    first, second = (str(axis) for axis in rng.permutation(list(rates))[:2])
    middle_s = round(duration_s * float(rng.uniform(0.4, 0.6)), 3)
    spans = ((first, 0.0, middle_s), (second, middle_s, duration_s))
    return tuple(
        Move(
            start_s,
            end_s,
            f"{axis}_{ways[axis][int(rng.integers(2))]}",  # pyrefly: ignore[bad-argument-type]
            round(float(rng.uniform(*rates[axis])), 3),
        )
        for axis, start_s, end_s in spans
    )
