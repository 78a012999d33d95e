"""Scenes whose camera is asked about: one move or none, two at once, two in a row."""

from __future__ import annotations

import numpy as np

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.wording import (
    CAMERA_FIRST,
    CAMERA_LAST,
    CAMERA_ORDER,
    HOW_CAMERA,
    noun,
    opposite,
    order,
    sentence,
)
from motionsight_core.synthetic.questions._types import DURATION_S, AskedScene, Frame, one_of
from motionsight_core.synthetic.random_scenes import random_sprite
from motionsight_core.synthetic.scene import Move, Sprite

CATEGORY = "Camera Motion"
_WAYS = {"pan": ("left", "right"), "tilt": ("up", "down"), "zoom": ("in", "out"), "roll": ("cw", "ccw")}
_RATES = {"pan": (0.08, 0.3), "tilt": (0.1, 0.35), "zoom": (0.1, 0.3), "roll": (5.0, 14.0)}
"""Rates that are clear to see, in the units of `Move.rate`."""
_AT_ONCE = (("pan", "tilt"), ("pan", "zoom"), ("zoom", "roll"))
#: Share of scenes in which an object moves as well.
_WITH_OBJECT = 1 / 3


def one_move(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """One of two axes, one way or the other."""
    one, other = (_label(rng, axis) for axis in _axes(rng))
    labels = (one, opposite(one), other, opposite(other))
    return _whole(rng, frame, "camera_move", [(label,) for label in labels])


def move_or_none(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """A camera that rests, or one of three moves."""
    one, other = (_label(rng, axis) for axis in _axes(rng))
    return _whole(rng, frame, "camera_rest", [("static",), (one,), (opposite(one),), (other,)])


def moves_at_once(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """Two moves at once, each one way or the other."""
    one, other = (_label(rng, axis) for axis in _AT_ONCE[int(rng.integers(len(_AT_ONCE)))])
    labels: list[tuple[str, ...]] = [
        (first, second) for first in (one, opposite(one)) for second in (other, opposite(other))
    ]
    return _whole(rng, frame, "camera_together", labels)


def moves_in_order(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """Two moves, one after the other; asks for both, the first and the last."""
    one, other = (_label(rng, axis) for axis in _axes(rng))
    contrary = opposite(one), opposite(other)
    # Each of the four moves is the first of one and the last of another: no question gives another's answer.
    orders = [(one, other), (other, one), contrary, contrary[::-1]]
    right = int(rng.integers(len(orders)))
    first, last = orders[right]
    middle_s = round(DURATION_S * float(rng.uniform(0.4, 0.6)), 3)
    moves = (_move(rng, first, 0.0, middle_s), _move(rng, last, middle_s, DURATION_S))
    labels = (one, other, *contrary)
    nouns = tuple(noun(label) for label in labels)
    return AskedScene(
        "camera_order",
        frame.scene(rng, moves=moves, sprites=_object(rng)),
        (
            AskedQuestion(
                CATEGORY,
                CAMERA_ORDER,
                tuple(order(*labels) for labels in orders),
                right,
            ),
            AskedQuestion(CATEGORY, CAMERA_FIRST, nouns, labels.index(first)),
            AskedQuestion(CATEGORY, CAMERA_LAST, nouns, labels.index(last)),
        ),
    )


def _whole(rng: np.random.Generator, frame: Frame, sort: str, offered: list[tuple[str, ...]]) -> AskedScene:
    """Moves that last the whole scene: one of those offered, all alike."""
    right = int(rng.integers(len(offered)))
    moves = tuple(_move(rng, label, 0.0, DURATION_S) for label in offered[right] if label != "static")
    question = AskedQuestion(CATEGORY, HOW_CAMERA, tuple(sentence(labels) for labels in offered), right)
    return AskedScene(sort, frame.scene(rng, moves=moves, sprites=_object(rng)), (question,))


def _axes(rng: np.random.Generator) -> list[str]:
    """Two axes, any."""
    return [str(axis) for axis in rng.permutation(list(_WAYS))[:2]]


def _label(rng: np.random.Generator, axis: str) -> str:
    return f"{axis}_{one_of(rng, _WAYS[axis])}"


def _move(rng: np.random.Generator, label: str, start_s: float, end_s: float) -> Move:
    rate = round(float(rng.uniform(*_RATES[label.partition("_")[0]])), 3)
    return Move(start_s, end_s, label, rate)  # pyrefly: ignore[bad-argument-type]


def _object(rng: np.random.Generator) -> tuple[Sprite, ...]:
    return (random_sprite(rng, DURATION_S),) if rng.uniform() < _WITH_OBJECT else ()
