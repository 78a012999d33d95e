"""The camera's path: from moves and shake to where every frame looks.

Points are complex numbers x + iy in pixels from the frame's centre, x to the right and y down, so that
one multiplication scales and turns (a positive angle is clockwise on the screen).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.synthetic.scene import CONTENT_DIRECTION, Axis, Move, Scene

_STEPS = 8
"""Samples of a rate between two frames; a move may start between frames."""
_SHAKE_HZ = (1.5, 6.0)
_SHAKE_WAVES = 7
_SHAKE_ROLL = 12.0
"""Degrees that the hand turns the camera for each frame width that it moves it."""


@dataclass(frozen=True, slots=True)
class Poses:
    """Where a plane of the world is in each frame: frame point = factor * world point + shift.

    World points are those of the shot's first frame, before shake.
    """

    factor: NDArray[np.complex128]
    """[F], scale and turn."""
    shift: NDArray[np.complex128]
    """[F], pixels."""


def camera_poses(scene: Scene, *, parallax: float = 1.0) -> Poses:
    """The poses of a plane that is `parallax` times nearer than the background, for every frame.

    The rates are those of the displayed picture: they act on what the moves before have left.
    """
    middle_s = (np.arange(scene.frame_count - 1)[:, None] + (np.arange(_STEPS) + 0.5) / _STEPS) / scene.fps
    rates = {axis: np.zeros(scene.frame_count - 1) for axis in ("x", "y", "scale", "angle")}
    for move in scene.moves:
        axis, sign = CONTENT_DIRECTION[move.label]
        nearness = parallax if CAMERA_MOTIONS[move.label].changes_place else 1.0
        rates[axis] += sign * nearness * _unit(scene, axis) * speed(move, middle_s).mean(axis=1)
    growth = (rates["scale"] + 1j * rates["angle"]) / scene.fps
    drift = (rates["x"] + 1j * rates["y"]) / scene.fps

    factor = np.ones(scene.frame_count, np.complex128)
    shift = np.zeros(scene.frame_count, np.complex128)
    for index in range(1, scene.frame_count):
        if index in scene.shot_starts:
            continue
        # The exact flow of dp/dt = growth * p + drift over one frame.
        step = np.exp(growth[index - 1])
        mean_step = (step - 1) / growth[index - 1] if growth[index - 1] else 1.0
        factor[index] = step * factor[index - 1]
        shift[index] = step * shift[index - 1] + mean_step * drift[index - 1]
    sway, turn = _shake(scene)
    return Poses(factor * turn, shift * turn + sway)


def speed(move: Move, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The move's rate at each moment, in the units of `Move.rate`; its mean over the span is `rate`."""
    inside = (t_s >= move.start_s) & (t_s < move.end_s)
    if move.ease_s == 0:
        return np.where(inside, move.rate, 0.0)
    from_edge_s = np.minimum(t_s - move.start_s, move.end_s - t_s)
    ramp = np.clip(from_edge_s / move.ease_s, 0, 1)
    span_s = move.end_s - move.start_s
    # Each smooth ramp covers half the distance of full speed, so the two cost one ease_s of it.
    peak = move.rate * span_s / (span_s - move.ease_s)
    return np.where(inside, peak * ramp**2 * (3 - 2 * ramp), 0.0)


def _unit(scene: Scene, axis: Axis) -> float:
    """Pixels, natural-log scale or radians in one unit of a rate along the axis."""
    return {"x": float(scene.width), "y": float(scene.height), "scale": 1.0, "angle": np.pi / 180}[axis]


def _shake(scene: Scene) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Offset in pixels and turn as a unit factor, [F] each: a sum of waves of a hand's frequencies."""
    if scene.shake == 0:
        return np.zeros(scene.frame_count, np.complex128), np.ones(scene.frame_count, np.complex128)
    rng = np.random.default_rng([scene.seed, 1])
    omega = 2 * np.pi * rng.uniform(*_SHAKE_HZ, (3, _SHAKE_WAVES, 1))
    phase = rng.uniform(0, 2 * np.pi, omega.shape)
    amplitude = rng.uniform(0.5, 1.0, omega.shape) / omega
    t_s = np.arange(scene.frame_count) / scene.fps
    x, y, turn = (amplitude * np.sin(omega * t_s + phase)).sum(axis=1)
    x_speed, y_speed, _ = (amplitude * omega * np.cos(omega * t_s + phase)).sum(axis=1)
    widths = scene.shake / np.sqrt(np.mean(x_speed**2 + y_speed**2))
    angle = np.deg2rad(_SHAKE_ROLL) * widths * turn
    return (x + 1j * y) * widths * scene.width, np.exp(1j * angle)
