"""The objects: drawn once, with texture, soft edges and a soft shadow, and moved along their paths."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.camera import Poses
from motionsight_core.synthetic.layers import Layer, Pixels, Region, make_layer
from motionsight_core.synthetic.paint import Canvas, noise, textured
from motionsight_core.synthetic.scene import Scene, Shape, Sprite, Waypoint
from motionsight_core.synthetic.shapes import HEIGHTS, draw

_MARGIN = 0.14
"""Room for the shadow around the shape, in widths of the shape."""
_OVERSAMPLED = 3
_LARGE: frozenset[Shape] = frozenset({"hand", "cloth"})
"""Shapes that may be larger than the frame: drawn at their own size, which is fine enough."""
_SHADOW = 0.3


@dataclass(frozen=True, slots=True)
class Cutout:
    """A sprite, ready to be laid over a frame."""

    layer: Layer
    """World pixels are pixels of the frame at scale 1; its origin puts the shape's middle at 0."""
    outline: NDArray[np.complex128]
    """[N] corners of the shape's convex hull, shadow not included, from the shape's middle."""
    reach: float
    """Farthest texture pixel from the middle, world pixels."""


def cut_out(sprite: Sprite, *, frame_width: int, scales: tuple[float, float]) -> Cutout:
    """Draws the sprite for being shown at scales from `scales[0]` to `scales[1]`."""
    smallest, largest = scales
    width = sprite.size * frame_width
    # Fewer than eight pixels would leave nothing of the drawing.
    density = max(largest, 8 / width)
    shape = drawn(sprite, width * density)
    height, columns = shape.shape[:2]
    origin = -complex(columns, height) / 2 / density
    layer = make_layer(
        _with_shadow(shape, width * density), origin=origin, density=density, smallest_scale=smallest
    )
    return Cutout(layer, _hull(shape[:, :, 3]) / density + origin, abs(origin))


def drawn(sprite: Sprite, width: float) -> NDArray[np.float32]:
    """The shape, `width` pixels wide, with a margin: RGB times alpha and alpha, [H, W, 4], 0 to 255."""
    margin = math.ceil(_MARGIN * width)
    size = math.ceil(width) + 2 * margin, math.ceil(HEIGHTS[sprite.shape] * width) + 2 * margin
    finer = 1 if sprite.shape in _LARGE else _OVERSAMPLED
    canvas = Canvas(
        width=finer * size[0],
        height=finer * size[1],
        unit=finer * width,
        horizon=0,
        rng=np.random.default_rng(sprite.seed),
    )
    color, alpha = draw(sprite.shape, canvas, margin=finer * margin)
    grain = noise(canvas, 0.2 * canvas.unit, rough=0.7, finest=finer)
    color = np.clip(textured(color, grain, 0.05), 0, 255)
    premultiplied = np.dstack((color * alpha[:, :, None], 255 * alpha))
    return np.asarray(cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA), np.float32)


def _hull(alpha: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Corners [N] of the convex hull of the pixels that are more than half opaque."""
    rows, columns = np.nonzero(alpha > 127)
    corners = np.concatenate([np.stack((columns + dx, rows + dy), axis=1) for dx in (0, 1) for dy in (0, 1)])
    hull = cv2.convexHull(corners.astype(np.float32))[:, 0].astype(np.float64)
    return hull[:, 0] + 1j * hull[:, 1]


def place(sprite: Sprite, t_s: float) -> Waypoint:
    """Where the sprite's middle is at a moment, in its own space."""
    times = np.array([point.t_s for point in sprite.path])
    span = times[-1] - times[0]
    share = float(np.clip((t_s - times[0]) / span, 0, 1)) if span else 0.0
    eased = {
        "linear": share,
        "ease_in": share**2,
        "ease_out": 1 - (1 - share) ** 2,
        "ease_in_out": share**2 * (3 - 2 * share),
    }[sprite.easing]
    at_s = times[0] + eased * span
    x = np.interp(at_s, times, [point.x for point in sprite.path])
    y = np.interp(at_s, times, [point.y for point in sprite.path])
    angle = np.interp(at_s, times, [point.angle for point in sprite.path])
    return Waypoint(t_s, float(x), float(y), float(angle))


def pose_of(scene: Scene, sprite: Sprite, poses: Poses, index: int) -> tuple[complex, complex]:
    """Factor and shift that bring a point of the cutout into a frame, from its middle.

    Args:
        scene: that the sprite is in.
        sprite: one of them.
        poses: of the background.
        index: of the frame.
    """
    point = place(sprite, index / scene.fps)
    middle = complex((point.x - 0.5) * scene.width, (point.y - 0.5) * scene.height)
    turn = cmath.rect(1.0, math.radians(point.angle))
    if sprite.space == "frame":
        return turn, middle
    factor = complex(poses.factor[index])
    return factor * turn, factor * middle + complex(poses.shift[index])


def region_of(cutout: Cutout, factor: complex, shift: complex, size: tuple[int, int]) -> Region | None:
    """The part of a frame of a size (width, height) that a cutout may fill; None where that is nothing."""
    reach = cutout.reach * abs(factor) + 1
    x, y = shift.real + size[0] / 2, shift.imag + size[1] / 2
    low = max(0, int(x - reach)), max(0, int(y - reach))
    high = min(size[0], int(x + reach) + 1), min(size[1], int(y + reach) + 1)
    return (*low, *high) if low[0] < high[0] and low[1] < high[1] else None


def _with_shadow(shape: NDArray[np.float32], width: float) -> Pixels:
    """The shape [H, W, 4] over its own blurred shadow, a little below it."""
    alpha = np.ascontiguousarray(shape[:, :, 3])
    moved = np.array([[1, 0, 0.01 * width], [0, 1, 0.03 * width]])
    fallen = cv2.warpAffine(alpha, moved, (shape.shape[1], shape.shape[0]))
    soft = _SHADOW * cv2.GaussianBlur(fallen, (0, 0), max(0.5, 0.03 * width))
    result = shape.copy()
    result[:, :, 3] += soft * (1 - alpha / 255)
    return np.clip(np.round(result), 0, 255).astype(np.uint8)
