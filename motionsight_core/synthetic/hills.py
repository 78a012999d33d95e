"""A background seen from the side: ranges of hills under a sky."""

from __future__ import annotations

import numpy as np

from motionsight_core.synthetic.paint import (
    Canvas,
    Field,
    Image,
    box,
    flat,
    mix,
    noise,
    polygon,
    profile,
    ramp,
    textured,
    tinted,
    tree,
)
from motionsight_core.synthetic.sky import LIGHTS, ROOFS, WALLS, Light, faded, paint_sky, pick

_RIDGES = 5
_WOODED = 0.5
"""Nearness from which trees and fields can be told apart."""


def paint_hills(canvas: Canvas) -> Image:
    """Ranges of hills in haze, meadows with trees and cottages, clouds above."""
    light = LIGHTS[int(canvas.rng.integers(len(LIGHTS)))]
    image = paint_sky(canvas, light)
    grain = noise(canvas, 0.12 * canvas.unit, stretch=1.5, rough=0.7)
    for index in range(_RIDGES):
        image = _ridge(canvas, image, light, grain, nearness=index / (_RIDGES - 1))
    return image


def _ridge(canvas: Canvas, image: Image, light: Light, grain: Field, *, nearness: float) -> Image:
    unit = canvas.unit
    outline = canvas.horizon + unit * (
        -0.06 + 0.26 * nearness**1.3 + (0.05 - 0.03 * nearness) * profile(canvas, 0.3 * unit)
    )
    depth = canvas.rows() - outline
    color = np.asarray(light.far) * (1 - nearness) + np.asarray(light.near) * nearness
    valley_mist = 0.5 * (1 - nearness) * ramp(depth, 0, 0.14 * unit)
    slope = mix(flat(canvas, light.haze), color, 0.55 + 0.45 * nearness - valley_mist)
    if nearness >= _WOODED:
        patches = noise(canvas, 0.09 * unit, stretch=3.5)
        slope = mix(slope, light.meadow, 0.8 * nearness * ramp(patches, -0.7, 0.0))
        slope = mix(slope, light.straw, 0.75 * nearness * ramp(patches, 0.55, 0.75))
    slope = textured(slope, grain, 0.05 + 0.11 * nearness)
    image = mix(image, slope, np.clip(depth + 0.5, 0, 1))
    if nearness >= _WOODED:
        _plant(canvas, image, light, outline[0], nearness)
    return image


def _plant(canvas: Canvas, image: Image, light: Light, outline: Field, nearness: float) -> None:
    """Trees and cottages on a slope, larger towards its foot, in place."""
    unit, rng = canvas.unit, canvas.rng
    lowest = 0.3 if nearness == 1 else 0.05
    haze = 0.6 * (1 - nearness)
    leaves = (faded(light, light.near, haze), faded(light, light.meadow, haze))
    places = rng.uniform(0, canvas.width, int((34 - 16 * nearness) * canvas.width / unit))
    below = np.sort(rng.uniform(-0.005, lowest, len(places)))
    for x, depth in zip(places, below, strict=True):
        y = outline[int(x)] + depth * unit
        size = rng.uniform(0.7, 1.5) * (0.02 + 0.06 * (nearness - 0.4)) * (1 + 2 * max(0.0, depth)) * unit
        if rng.uniform() < 0.12:
            _cottage(canvas, image, x, y, 0.7 * size)
        else:
            tree(image, rng, (x, y), size, leaves)


def _cottage(canvas: Canvas, image: Image, x: float, y: float, size: float) -> None:
    wall, roof = pick(canvas, WALLS), pick(canvas, ROOFS)
    box(image, x - 0.6 * size, y - 0.5 * size, x + 0.6 * size, y, tinted(wall, 0.3))
    box(image, x + 0.25 * size, y - 0.5 * size, x + 0.6 * size, y, wall)
    corners = np.array(((-0.7, -0.48), (-0.4, -1.0), (0.4, -1.0), (0.7, -0.48)))
    polygon(image, (x, y) + size * corners, roof)
    for left in (-0.4, -0.05):
        box(image, x + left * size, y - 0.36 * size, x + (left + 0.18) * size, y - 0.14 * size, (70, 76, 88))
