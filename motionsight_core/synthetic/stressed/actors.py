"""Objects for stressed scenes: large ones before the lens, crowds, things that repeat a motion."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from motionsight_core.synthetic.scene import SHAPES, Repetitions, Shape, Sprite, Waypoint

_STEP_S = 1 / 30
"""Between two waypoints of a path that is no straight line."""
Cycle = Literal["bounce", "pendulum", "hammer", "nod", "jump"]
CYCLES: tuple[Cycle, ...] = ("bounce", "pendulum", "hammer", "nod", "jump")
_PERIODS_S: dict[Cycle, tuple[float, float]] = {
    "bounce": (0.5, 1.0),
    "pendulum": (0.8, 1.6),
    "hammer": (0.45, 0.9),
    "nod": (0.5, 1.1),
    "jump": (0.6, 1.1),
}
"""Shortest and longest period."""


def foreground(rng: np.random.Generator, duration_s: float) -> Sprite:
    """A hand or a cloth that comes before the lens, moves about there, and leaves or stays.

    It covers 15 to 50 % of the frame where all of it is inside.
    """
    shape: Shape = ("hand", "cloth", "cloth")[int(rng.integers(3))]
    # Share of its box that the shape fills, and height for a width of 1, on a 16:9 frame.
    filled, height = {"hand": (0.6, 1.25), "cloth": (0.6, 0.8)}[shape]
    size = math.sqrt(rng.uniform(0.15, 0.5) * 9 / 16 / (filled * height))
    side = float(rng.choice((-1.0, 1.0)))
    outside = 0.5 + side * (0.5 + size)
    middle = 0.5 + side * rng.uniform(0.0, 0.2)
    low = rng.uniform(0.5, 0.75)
    enters_s = rng.uniform(0.1, 0.25) * duration_s
    stays_until_s = rng.uniform(0.65, 0.85) * duration_s
    path = [Waypoint(0.0, outside, low + 0.15), Waypoint(enters_s / 3, outside, low + 0.15, side * 20)]
    path += [
        Waypoint(
            float(at_s),
            middle + rng.normal(0, 0.1),
            low + rng.normal(0, 0.08),
            side * rng.uniform(-10, 15),
        )
        for at_s in np.arange(enters_s + 0.2, stays_until_s, rng.uniform(0.35, 0.7))
    ]
    if rng.uniform() < 0.6:
        path.append(Waypoint(duration_s - 0.05, outside, low))
    return Sprite(shape, tuple(path), size=size, space="frame", seed=_seed(rng))


def crowd(rng: np.random.Generator, duration_s: float) -> tuple[Sprite, ...]:
    """Many small things that flock across the picture, or that jitter each in its place."""
    count = int(rng.integers(14, 36))
    size = rng.uniform(0.014, 0.035)
    shape: Shape = ("ball", "balloon", "figure")[int(rng.integers(3))]
    size *= 0.5 if shape == "figure" else 1.0
    flocks = rng.uniform() < 0.5
    drift = rng.uniform(0.05, 0.15) * np.exp(1j * rng.uniform(0, 2 * np.pi))
    sprites = []
    for _ in range(count):
        x, y = rng.uniform(0.02, 0.98), rng.uniform(0.1, 0.9)
        own = drift * rng.uniform(0.7, 1.3) if flocks else 0j
        reach, hz = (0.01, 0.6) if flocks else (rng.uniform(0.008, 0.02), rng.uniform(0.8, 2.0))
        phase = rng.uniform(0, 2 * np.pi, 2)
        start = complex(x, y) - own * duration_s / 2
        path = [
            Waypoint(
                float(t_s),
                float(start.real + own.real * t_s + reach * math.sin(2 * math.pi * hz * t_s + phase[0])),
                float(start.imag + own.imag * t_s + 1.6 * reach * math.sin(5.1 * hz * t_s + phase[1])),
            )
            for t_s in np.arange(0, duration_s + 0.1, 0.1)
        ]
        sprites.append(Sprite(shape, tuple(path), size=size, seed=_seed(rng), incidental=True))
    return tuple(sprites)


def walkers(rng: np.random.Generator, duration_s: float) -> tuple[Sprite, ...]:
    """One to three objects of usual size that cross the picture."""
    sprites = []
    for _ in range(int(rng.integers(1, 4))):
        shape = (*SHAPES, "figure")[int(rng.integers(len(SHAPES) + 1))]
        way = float(rng.choice((-1.0, 1.0)))
        y, reach = rng.uniform(0.3, 0.8), rng.uniform(0.25, 0.8)
        start = 0.5 - way * reach / 2 + rng.uniform(-0.1, 0.1)
        path = (
            Waypoint(0.0, start, y),
            Waypoint(duration_s, start + way * reach, y + rng.uniform(-0.1, 0.1)),
        )
        size = rng.uniform(0.05, 0.09) if shape == "figure" else rng.uniform(0.08, 0.2)
        sprites.append(Sprite(shape, path, size=size, seed=_seed(rng)))
    return tuple(sprites)


def repeating(
    rng: np.random.Generator, duration_s: float, cycle: Cycle, *, aspect: float, count: int | None = None
) -> Sprite:
    """An object that does something a whole number of times, and is at rest before and after.

    Args:
        rng: of everything that `cycle` leaves open.
        duration_s: of the scene.
        cycle: one of CYCLES.
        aspect: the frame's width over its height.
        count: how often, fast enough for the scene; drawn where it is None.
    """
    period_s = rng.uniform(*_PERIODS_S[cycle])
    start_s = rng.uniform(0.1, 0.4)
    if count is None:
        count = max(3, int((duration_s - start_s - 0.1) / period_s))
        count -= int(rng.integers(0, max(1, count // 3)))
    else:
        period_s = min(period_s, (duration_s - start_s - 0.1) / count)
    x, y = rng.uniform(0.3, 0.7), rng.uniform(0.45, 0.6)
    pose = _POSES[cycle](rng, x, y, aspect)
    times = np.arange(0, duration_s + _STEP_S, _STEP_S)
    phases = np.clip((times - start_s) / period_s, 0, count)
    path = tuple(
        Waypoint(float(t_s), *pose(float(phase % 1) if phase < count else 0.0))
        for t_s, phase in zip(times, phases, strict=True)
    )
    shape, size = _LOOKS[cycle]
    return Sprite(
        shape,
        path,
        size=size * rng.uniform(0.8, 1.25),
        space="frame",
        seed=_seed(rng),
        repetitions=Repetitions(count, round(period_s, 4)),
    )


Pose = Callable[[float], tuple[float, float, float]]
"""From the phase, 0 to 1, to x, y and the angle in degrees; 0 is at rest."""


def _bounce(rng: np.random.Generator, x: float, y: float, aspect: float) -> Pose:
    height = rng.uniform(0.2, 0.4)
    # From its highest place down to the ground, faster and faster, and back.
    return lambda phase: (x, y - 0.2 + height * (1 - abs(2 * phase - 1)) ** 2, 0.0)


def _pendulum(rng: np.random.Generator, x: float, y: float, aspect: float) -> Pose:
    reach, length = rng.uniform(16, 35), 0.5 * 3.2 * _LOOKS["pendulum"][1]

    def pose(phase: float) -> tuple[float, float, float]:
        angle = reach * math.cos(2 * math.pi * phase)
        turn = math.radians(angle)
        # It hangs above the picture's middle, and turns about its upper end.
        return x - length * math.sin(turn), y - 0.2 + aspect * length * math.cos(turn) - 0.1, angle

    return pose


def _hammer(rng: np.random.Generator, x: float, y: float, aspect: float) -> Pose:
    reach, length = rng.uniform(45, 80), 0.5 * 1.6 * _LOOKS["hammer"][1]

    def pose(phase: float) -> tuple[float, float, float]:
        # Slowly up, quickly down; at rest it lies on what it strikes.
        lift = math.sin(math.pi * phase / 1.4) if phase < 0.7 else math.cos(math.pi / 2 * (phase - 0.7) / 0.3)
        turn = math.radians(80 - reach * lift)
        return x + length * math.sin(turn), y + 0.15 - aspect * length * math.cos(turn), math.degrees(turn)

    return pose


def _nod(rng: np.random.Generator, x: float, y: float, aspect: float) -> Pose:
    depth = rng.uniform(0.05, 0.1)
    return lambda phase: (x, y + depth * (1 - math.cos(2 * math.pi * phase)) / 2, 0.0)


def _jump(rng: np.random.Generator, x: float, y: float, aspect: float) -> Pose:
    height = rng.uniform(0.1, 0.22)

    def pose(phase: float) -> tuple[float, float, float]:
        # On the ground for two fifths of the time.
        air = max(0.0, 1 - ((phase - 0.5) / 0.3) ** 2)
        return x, y + 0.1 - height * air, 0.0

    return pose


_POSES = {"bounce": _bounce, "pendulum": _pendulum, "hammer": _hammer, "nod": _nod, "jump": _jump}
_LOOKS: dict[Cycle, tuple[Shape, float]] = {
    "bounce": ("ball", 0.1),
    "pendulum": ("pendulum", 0.08),
    "hammer": ("hammer", 0.13),
    "nod": ("balloon", 0.14),
    "jump": ("figure", 0.09),
}


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
