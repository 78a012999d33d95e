"""A background seen from the side: a town along a street."""

from __future__ import annotations

import numpy as np

from motionsight_core.synthetic.paint import (
    Canvas,
    Color,
    Image,
    blob,
    box,
    flat,
    mix,
    noise,
    polygon,
    ramp,
    textured,
    tinted,
    tree,
)
from motionsight_core.synthetic.sky import LIGHTS, ROOFS, WALLS, Light, faded, paint_sky, pick

_STREET: Color = (122, 122, 126)
_PAVEMENT: Color = (196, 188, 174)
_HAZE_OF_ROWS = (0.6, 0.3, 0.0)
"""Rows of houses, the farthest first."""


def paint_town(canvas: Canvas) -> Image:
    """Rows of houses along a street, hazier towards the back, and a park before them."""
    light = LIGHTS[int(canvas.rng.integers(len(LIGHTS)))]
    image = paint_sky(canvas, light)
    street = canvas.horizon + 0.16 * canvas.unit
    for row, haze in enumerate(_HAZE_OF_ROWS):
        base = street - (len(_HAZE_OF_ROWS) - 1 - row) * 0.02 * canvas.unit
        _houses(canvas, image, light, base=base, haze=haze)
    plaster = noise(canvas, 0.05 * canvas.unit, rough=0.8)
    image = textured(image, plaster * ramp(canvas.rows(), 0, canvas.horizon), 0.05)
    return _park(canvas, _street(canvas, image, street), light, street + 0.18 * canvas.unit)


def _houses(canvas: Canvas, image: Image, light: Light, *, base: float, haze: float) -> None:
    rng, unit = canvas.rng, canvas.unit
    left = -rng.uniform(0, 0.1) * unit
    while left < canvas.width:
        width = rng.uniform(0.07, 0.17) * unit
        if haze == 0 and rng.uniform() < 0.22:
            tree(image, rng, (left + 0.3 * width, base), 0.16 * unit, (light.near, light.meadow))
            left += 0.6 * width
            continue
        height = rng.uniform(0.12, 0.24) * unit * (1 + 0.7 * haze)
        _house(canvas, image, light, left, base - height, width, height, haze)
        left += width + rng.uniform(0, 0.006) * unit


def _house(
    canvas: Canvas, image: Image, light: Light, x: float, y: float, width: float, height: float, haze: float
) -> None:
    """A house whose walls fill the rectangle at (x, y), with its roof above."""
    rng = canvas.rng
    wall = faded(light, tinted(pick(canvas, WALLS), rng.uniform(-0.15, 0.1)), haze)
    roof = faded(light, pick(canvas, ROOFS), haze)
    inset, rise = (0.0, 0.08 * width) if rng.uniform() < 0.5 else (0.25 * width, 0.3 * width)
    polygon(image, ((x, y), (x + inset, y - rise), (x + width - inset, y - rise), (x + width, y)), roof)
    box(image, x, y, x + width, y + height, wall)
    box(image, x + 0.9 * width, y, x + width, y + height, tinted(wall, -0.12))
    columns = int(rng.integers(2, 5))
    pitch = width / (columns + 0.4)
    for top in np.arange(y + 0.35 * pitch, y + height - 0.9 * pitch, 1.25 * pitch):
        for column in range(columns):
            _window(canvas, image, light, x + (column + 0.4) * pitch, float(top), pitch, wall, haze)


def _window(
    canvas: Canvas, image: Image, light: Light, x: float, y: float, pitch: float, wall: Color, haze: float
) -> None:
    lit = canvas.rng.uniform() < 0.15
    pane: Color = (250, 222, 150) if lit else tinted((66, 80, 98), canvas.rng.uniform(-0.1, 0.2))
    frame = 0.06 * pitch
    box(image, x, y, x + 0.55 * pitch, y + 0.75 * pitch, tinted(wall, 0.3))
    box(image, x + frame, y + frame, x + 0.49 * pitch, y + 0.66 * pitch, faded(light, pane, haze))


def _street(canvas: Canvas, image: Image, street: float) -> Image:
    unit, rows = canvas.unit, canvas.rows()
    asphalt = noise(canvas, 0.08 * unit, stretch=3, rough=0.8)
    kerb = street + 0.022 * unit
    ground = mix(flat(canvas, _PAVEMENT), _STREET, np.clip(rows - kerb + 0.5, 0, 1))
    image = mix(image, textured(ground, asphalt, 0.07), np.clip(rows - street + 0.5, 0, 1))
    for left in np.arange(0, canvas.width, 0.12 * unit):
        box(image, left, street + 0.095 * unit, left + 0.06 * unit, street + 0.102 * unit, (226, 224, 214))
    return image


def _park(canvas: Canvas, image: Image, light: Light, top: float) -> Image:
    unit, rng = canvas.unit, canvas.rng
    grass = noise(canvas, 0.1 * unit, stretch=2, rough=0.75)
    lawn = textured(flat(canvas, light.meadow), grass, 0.14)
    image = mix(image, lawn, np.clip(canvas.rows() - top + 0.5, 0, 1))
    for x in rng.uniform(0, canvas.width, int(14 * canvas.width / unit)):
        y = top + rng.uniform(0.0, 0.6) * unit
        size = rng.uniform(0.015, 0.03) * unit
        blob(image, x, y, size, 0.7 * size, tinted(light.near, -0.1))
        blob(image, x - 0.2 * size, y - 0.2 * size, 0.6 * size, 0.4 * size, tinted(light.near, 0.2))
    return image
