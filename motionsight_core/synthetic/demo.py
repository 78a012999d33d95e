"""The twelve scenes of the demo, one of each sort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motionsight_core.synthetic.scene import Easing, Move, Scene, Shape, Sprite, Waypoint


def demo_scenes(*, seed: int, width: int, height: int, fps: float, duration_s: float) -> list[Scene]:
    """Twelve scenes; the seed changes colours, textures and the hand's shake, not the motion."""
    end_s, half_s = duration_s, round(duration_s / 2, 3)
    pause_s, ease_s = round(0.12 * duration_s, 3), round(0.12 * duration_s, 3)
    blank = Scene("", width, height, fps, duration_s, noise=1.0)
    scenes = [
        replace(blank, name="pan_right", theme="hills", moves=(Move(0.0, end_s, "pan_right", 0.16),)),
        replace(
            blank,
            name="static_with_ball",
            theme="town",
            sprites=(_crossing("ball", (0.15, 0.8), (0.8, 0.72), end_s, size=0.11, seed=seed),),
        ),
        replace(blank, name="zoom_in", theme="fields", moves=(Move(0.0, end_s, "zoom_in", 0.2),)),
        replace(
            blank,
            name="car_crossing_slows_down",
            theme="town",
            sprites=(
                _crossing("car", (-0.1, 0.8), (0.8, 0.8), end_s, size=0.24, seed=seed, easing="ease_out"),
            ),
        ),
        replace(blank, name="pan_left", theme="town", moves=(Move(0.0, end_s, "pan_left", 0.13),)),
        replace(
            blank,
            name="tilt_up_then_down",
            theme="hills",
            moves=(
                Move(0.0, half_s, "tilt_up", 0.24, ease_s),
                Move(half_s, end_s, "tilt_down", 0.2, ease_s),
            ),
        ),
        replace(blank, name="hand_shake", theme="town", shake=0.14),
        replace(
            blank,
            name="roll_cw_then_ccw",
            theme="fields",
            moves=(Move(0.0, half_s, "roll_cw", 11.0), Move(half_s, end_s, "roll_ccw", 8.0)),
        ),
        replace(
            blank,
            name="cut_between_two_shots",
            theme="hills",
            moves=(Move(0.0, half_s, "pan_right", 0.12),),
            cut_s=half_s,
        ),
        replace(blank, name="zoom_out", theme="hills", moves=(Move(0.0, end_s, "zoom_out", 0.18),)),
        replace(
            blank,
            name="pan_right_then_hold",
            theme="fields",
            moves=(Move(pause_s, pause_s + half_s, "pan_right", 0.2, ease_s),),
        ),
        replace(
            blank,
            name="pan_right_with_balloon",
            theme="hills",
            moves=(Move(0.0, end_s, "pan_right", 0.1),),
            sprites=(_crossing("balloon", (0.3, 0.4), (0.95, 0.3), end_s, size=0.12, seed=seed),),
        ),
    ]
    # Seeds by name: a scene keeps its looks when another joins the list.
    return [replace(scene, seed=_seed(seed, scene.name)) for scene in scenes]


def _seed(seed: int, name: str) -> int:
    return int(np.random.default_rng([seed, *name.encode()]).integers(2**31))


def _crossing(
    shape: Shape,
    start: tuple[float, float],
    end: tuple[float, float],
    end_s: float,
    *,
    size: float,
    seed: int,
    easing: Easing = "linear",
) -> Sprite:
    """An object that goes straight from one place to another in the whole of the scene."""
    path = (Waypoint(0.0, *start), Waypoint(end_s, *end))
    return Sprite(shape, path, size=size, easing=easing, seed=seed)
