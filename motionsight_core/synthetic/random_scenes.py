"""Random scenes, for benchmarks."""

from __future__ import annotations

import numpy as np

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.synthetic.scene import SHAPES, THEMES, Move, Scene, Shape, Sprite, Waypoint

_RATES = {
    "pan": (0.05, 0.35), "tilt": (0.07, 0.4), "zoom": (0.06, 0.3), "roll": (4.0, 16.0),
    "truck": (0.05, 0.2), "pedestal": (0.04, 0.1), "dolly": (0.05, 0.15),
}  # fmt: skip
"""Lowest and highest rate of a random move, in the units of `Move.rate`; drawn evenly on a log scale."""

KINDS: dict[str, tuple[str, ...]] = {
    "static": (),
    "pan": ("pan",),
    "tilt": ("tilt",),
    "zoom": ("zoom",),
    "roll": ("roll",),
    "pan_tilt": ("pan", "tilt"),
    "pan_zoom": ("pan", "zoom"),
    "zoom_roll": ("zoom", "roll"),
    "shake": (),
    "shake_pan": ("pan",),
    "cut": ("pan",),
    "start_stop": ("pan",),
    "truck": ("truck",),
    "pedestal": ("pedestal",),
    "dolly": ("dolly",),
}
"""Kinds of random scenes, and the moves in each. truck, pedestal and dolly have parallax."""


def random_scene(
    rng: np.random.Generator,
    *,
    kind: str | None = None,
    name: str | None = None,
    width: int = 480,
    height: int = 270,
    fps: float = 30.0,
    duration_s: float = 3.5,
) -> Scene:
    """A scene of one of KINDS (any, where `kind` is None), named after its kind where `name` is None.

    Rates lie well above what a measurement can see; a third of the scenes without a cut
    has an object that moves.
    """
    kinds = list(KINDS)
    kind = kinds[int(rng.integers(len(kinds)))] if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"no kind of scene {kind!r}; there are {', '.join(kinds)}")
    span = _span(rng, kind, duration_s)
    moves = tuple(_random_move(rng, move, span) for move in KINDS[kind])
    shaking = kind in ("shake", "shake_pan")
    parallax = any(CAMERA_MOTIONS[move.label].changes_place for move in moves)
    return Scene(
        name=name or kind,
        width=width,
        height=height,
        fps=fps,
        duration_s=duration_s,
        moves=moves,
        shake=_log_uniform(rng, 0.09, 0.25) if shaking else 0.0,
        sprites=(random_sprite(rng, duration_s),) if kind != "cut" and rng.uniform() < 1 / 3 else (),
        cut_s=round(duration_s * rng.uniform(0.35, 0.65), 3) if kind == "cut" else None,
        theme=THEMES[int(rng.integers(len(THEMES)))],
        seed=int(rng.integers(2**31)),
        noise=float(rng.choice((0.0, 1.5, 3.0))),
        parallax=float(rng.uniform(1.6, 2.4)) if parallax else 1.0,
    )


def _span(rng: np.random.Generator, kind: str, duration_s: float) -> tuple[float, float]:
    """Seconds in which the moves of a scene of this kind happen: all of it, or with rest around it."""
    if kind != "start_stop":
        return 0.0, duration_s
    start_s = duration_s * rng.uniform(0.05, 0.3)
    return round(start_s, 3), round(start_s + duration_s * rng.uniform(0.35, 0.6), 3)


def _random_move(rng: np.random.Generator, move: str, span: tuple[float, float]) -> Move:
    positive, negative = sorted(
        (motion for motion in CAMERA_MOTIONS.values() if motion.kind == move), key=lambda motion: -motion.sign
    )
    label = (positive, negative)[int(rng.integers(2))].label
    return Move(*span, label, _log_uniform(rng, *_RATES[move]))


def random_sprite(rng: np.random.Generator, duration_s: float) -> Sprite:
    """An object that crosses a part of the picture."""
    start, end = rng.uniform(0.15, 0.85, (2, 2))
    way = end - start
    # At least a fifth of the frame, so that it moves at all.
    end = start + way * max(1.0, 0.2 / float(np.hypot(*way)))
    shape: Shape = SHAPES[int(rng.integers(len(SHAPES)))]
    return Sprite(
        shape,
        (Waypoint(0.0, float(start[0]), float(start[1])), Waypoint(duration_s, float(end[0]), float(end[1]))),
        size=float(rng.uniform(0.08, 0.2)),
        seed=int(rng.integers(2**31)),
    )


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 4)
