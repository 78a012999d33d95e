"""Planes in space seen by a pinhole camera, without aliasing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.layers import Pixels

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """Where a camera is and how it looks."""

    place: Floats
    """[3], metres."""
    axes: Floats
    """[3, 3], the camera's right, down and forward in the world."""
    focal: float
    """Pixels."""
    middle: Floats
    """[2], pixels."""

    def homography(self, origin: Floats, across: Floats, down: Floats) -> Floats:
        """From coordinates (a, b) of the plane origin + a * across + b * down to pixels, [3, 3]."""
        plane = np.stack((across, down, origin - self.place), axis=1)
        seen = self.axes @ plane
        lens = np.array(((self.focal, 0, self.middle[0]), (0, self.focal, self.middle[1]), (0, 0, 1)))
        return lens @ seen

    def depth_of(self, point: Floats) -> float:
        """Distance [metres] of a point along the view."""
        return float(self.axes[2] @ (point - self.place))

    def down_of(self, x: Floats, y: Floats) -> Floats:
        """How far down the rays through pixels go for each metre of depth."""
        right, down = (x - self.middle[0]) / self.focal, (y - self.middle[1]) / self.focal
        return np.asarray(right * self.axes[0, 1] + down * self.axes[1, 1] + self.axes[2, 1], np.float64)


def view_of(place: Floats, turn: tuple[float, float, float], focal: float, size: tuple[int, int]) -> View:
    """A view from a place: panned to the right, tilted up and rolled clockwise by degrees."""
    pan, tilt, roll = (math.radians(angle) for angle in turn)
    right = np.array((math.cos(pan), 0, -math.sin(pan)))
    ahead = np.array((math.sin(pan), 0, math.cos(pan)))
    below = np.array((0.0, 1.0, 0.0))
    forward = ahead * math.cos(tilt) - below * math.sin(tilt)
    down = below * math.cos(tilt) + ahead * math.sin(tilt)
    axes = np.stack(
        (
            right * math.cos(roll) + down * math.sin(roll),
            down * math.cos(roll) - right * math.sin(roll),
            forward,
        )
    )
    return View(place, axes, focal, np.array(size, np.float64) / 2)


def levels_of(texture: Pixels, *, smallest: int = 8) -> tuple[Pixels, ...]:
    """The texture [H, W, C] and halves of it."""
    levels = [np.ascontiguousarray(texture)]
    while min(levels[-1].shape[:2]) >= 2 * smallest:
        height, width = levels[-1].shape[:2]
        half = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    return tuple(levels)


def seen(
    levels: Sequence[Pixels], level: int, matrix: Floats, region: tuple[int, int, int, int], border: int
) -> Pixels:
    """The part of the picture in `region` (x0, y0, x1, y1) that one level of a plane's texture fills.

    Args:
        levels: from `levels_of`.
        level: which of them.
        matrix: from pixels of the first level to pixels of the picture [3, 3].
        region: in pixels.
        border: what OpenCV puts beyond the texture.
    """
    x0, y0, x1, y1 = region
    texture = levels[level]
    grow = [first / own for first, own in zip(levels[0].shape[1::-1], texture.shape[1::-1], strict=True)]
    # Pixel i has its middle at i + .5, in both.
    from_level = np.array(((grow[0], 0, 0.5 * grow[0]), (0, grow[1], 0.5 * grow[1]), (0, 0, 1)))
    to_region = np.array(((1, 0, -0.5 - x0), (0, 1, -0.5 - y0), (0, 0, 1)))
    return np.asarray(
        cv2.warpPerspective(
            texture,
            to_region @ matrix @ from_level,
            (x1 - x0, y1 - y0),
            flags=cv2.INTER_LINEAR,
            borderMode=border,
        ),
        np.uint8,
    )
