"""Scenes whose objects are asked about, before a camera that rests."""

from __future__ import annotations

import numpy as np

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.wording import (
    CONTRARY,
    DIRECTIONS,
    OBJECT,
    SAME_SPEED,
    SLOWS_DOWN,
    SPEEDS_UP,
    STANDS_STILL,
    WHICH_MOVES,
    capital,
    which_direction,
    which_order,
)
from motionsight_core.benchmark_questions.wording import (
    change_of_speed as how_speed_changes,
)
from motionsight_core.benchmark_questions.wording import (
    how_often as how_many_times,
)
from motionsight_core.benchmark_questions.wording import (
    ways_in_order as first_and_then,
)
from motionsight_core.synthetic.questions._types import DURATION_S, AskedScene, Frame, drawn_seed, one_of
from motionsight_core.synthetic.scene import SHAPES, Easing, Shape, Sprite, Waypoint
from motionsight_core.synthetic.stressed.actors import CYCLES, repeating

#: How far an object goes, of the frame's side along which it goes.
_LEAST_WAY, _MOST_WAY = 0.4, 0.6
_COLUMNS = (0.14, 0.38, 0.62, 0.86)
"""Where four objects stand side by side, fractions of the frame's width."""
#: One cycle of a repetition with a given number of them, seconds.
_PERIOD_S = 0.7
_SPEEDS: dict[str, Easing | None] = {
    SPEEDS_UP: "ease_in",
    SLOWS_DOWN: "ease_out",
    SAME_SPEED: "linear",
    STANDS_STILL: None,
}


def which_moves(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """Four objects, of which one goes up or down; the others stand."""
    shapes = [SHAPES[at] for at in rng.permutation(len(SHAPES))[: len(_COLUMNS)]]
    right = int(rng.integers(len(shapes)))
    sprites = []
    for at, (column, shape) in enumerate(zip(rng.permutation(_COLUMNS), shapes, strict=True)):
        x, size = float(column), float(rng.uniform(0.1, 0.16))
        start, end = rng.permutation([rng.uniform(0.22, 0.32), rng.uniform(0.68, 0.78)])
        path = _line((x, float(start)), (x, float(end)))
        sprites.append(Sprite(shape, path if at == right else path[:1], size=size, seed=drawn_seed(rng)))
    question = AskedQuestion(
        "Motion-related Objects",
        WHICH_MOVES,
        tuple(capital(shape) for shape in shapes),
        right,
    )
    return AskedScene("which_object", frame.scene(rng, sprites=tuple(sprites)), (question,))


def direction(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """One object that goes left, right, up or down."""
    right = int(rng.integers(len(DIRECTIONS)))
    across, down = list(DIRECTIONS.values())[right]
    reach = float(rng.uniform(_LEAST_WAY, _MOST_WAY)) / 2
    middle = _middle(rng)
    path = _line(
        (middle[0] - reach * across, middle[1] - reach * down),
        (middle[0] + reach * across, middle[1] + reach * down),
    )
    question = AskedQuestion(
        "Location-related Motion",
        which_direction(OBJECT),
        tuple(DIRECTIONS),
        right,
    )
    return AskedScene("object_direction", frame.scene(rng, sprites=(_sprite(rng, path),)), (question,))


def change_of_speed(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """One object that crosses the picture faster and faster, slower and slower, evenly, or not at all."""
    right = int(rng.integers(len(_SPEEDS)))
    easing = list(_SPEEDS.values())[right]
    side = float(rng.choice((-1.0, 1.0)))
    y = float(rng.uniform(0.35, 0.7))
    path = _line((0.5 - 0.32 * side, y), (0.5 + 0.32 * side, y))
    sprite = _sprite(rng, path[:1] if easing is None else path, easing=easing or "linear")
    question = AskedQuestion("Motion Recognition", how_speed_changes(OBJECT), tuple(_SPEEDS), right)
    return AskedScene("object_speed", frame.scene(rng, sprites=(sprite,)), (question,))


def ways_in_order(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """One object that goes sideways and then up or down, or the other way about."""
    sideways, upright = one_of(rng, ("to the left", "to the right")), one_of(rng, ("up", "down"))
    contrary = CONTRARY[sideways], CONTRARY[upright]
    orders = [(sideways, upright), (upright, sideways), contrary, contrary[::-1]]
    right = int(rng.integers(len(orders)))
    steps = {"to the left": (-1, 0), "to the right": (1, 0), "up": (0, -1), "down": (0, 1)}
    places = np.cumsum([(0, 0), *(steps[way] for way in orders[right])], axis=0) * _LEAST_WAY
    places = places - (places.min(axis=0) + places.max(axis=0)) / 2 + _middle(rng)
    times = (0.0, DURATION_S / 2, DURATION_S)
    path = tuple(Waypoint(t_s, float(x), float(y)) for t_s, (x, y) in zip(times, places, strict=True))
    question = AskedQuestion(
        "Action Order",
        which_order(OBJECT),
        tuple(first_and_then(first, second) for first, second in orders),
        right,
    )
    return AskedScene("object_order", frame.scene(rng, sprites=(_sprite(rng, path),)), (question,))


def how_often(rng: np.random.Generator, frame: Frame) -> AskedScene:
    """An object that swings, bounces, strikes, nods or jumps a number of times."""
    least, step = int(rng.integers(3, 5)), int(rng.integers(1, 3))
    counts = [least + step * number for number in range(4)]
    right = int(rng.integers(len(counts)))
    cycle = CYCLES[int(rng.integers(len(CYCLES)))]
    # Long enough for the largest of the counts: how long the scene is says nothing.
    duration_s = round(0.6 + _PERIOD_S * counts[-1], 1)
    aspect = frame.width / frame.height
    sprite = repeating(rng, duration_s, cycle, aspect=aspect, count=counts[right])
    question = AskedQuestion(
        "Repetition Count",
        how_many_times(OBJECT),
        tuple(map(str, counts)),
        right,
    )
    scene = frame.scene(rng, sprites=(sprite,), duration_s=duration_s)
    return AskedScene("repetition", scene, (question,))


def _middle(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(0.45, 0.55)), float(rng.uniform(0.45, 0.55))


def _line(start: tuple[float, float], end: tuple[float, float]) -> tuple[Waypoint, Waypoint]:
    return Waypoint(0.0, *start), Waypoint(DURATION_S, *end)


def _sprite(rng: np.random.Generator, path: tuple[Waypoint, ...], *, easing: Easing = "linear") -> Sprite:
    shape: Shape = SHAPES[int(rng.integers(len(SHAPES)))]
    return Sprite(shape, path, size=float(rng.uniform(0.1, 0.18)), easing=easing, seed=drawn_seed(rng))
