"""What the objects look like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.paint import Canvas, Color, Field, Image, blob, polygon, tinted
from motionsight_core.synthetic.scene import Shape

HEIGHTS: dict[Shape, float] = {
    "ball": 1.0, "balloon": 1.35, "bus": 0.44, "car": 0.4, "crate": 1.0,
    "hand": 1.25, "cloth": 0.8, "figure": 2.4, "hammer": 1.6, "pendulum": 3.2,
}  # fmt: skip
"""Height of each shape for a width of 1."""

_PAINTS: tuple[Color, ...] = (
    (204, 72, 58), (48, 106, 168), (226, 168, 54), (64, 138, 112), (148, 84, 146), (226, 112, 62),
)  # fmt: skip
_CREAM: Color = (242, 236, 222)
_WOOD: Color = (176, 134, 84)
_OPAQUE: Color = (1.0, 1.0, 1.0)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A shape in the making. Its places and sizes are in widths of the shape, from its upper left corner."""

    canvas: Canvas
    margin: int
    """Pixels on every side."""
    color: Image
    alpha: NDArray[np.float32]
    """[H, W, 3], 0 to 1, the channels alike."""

    def shape(self, points: Sequence[Point], color: Color) -> None:
        """A polygon that is part of the shape."""
        polygon(self.alpha, self._pixels(points), _OPAQUE)
        self.detail(points, color)

    def round_shape(self, middle: Point, radius: float, color: Color) -> None:
        """A disc that is part of the shape."""
        (x, y), r = self._pixels([middle])[0], radius * self.canvas.unit
        blob(self.alpha, x, y, r, r, _OPAQUE)
        blob(self.color, x, y, r, r, color)

    def detail(self, points: Sequence[Point], color: Color) -> None:
        """A polygon painted onto the shape."""
        polygon(self.color, self._pixels(points), color)

    def round_detail(self, middle: Point, rx: float, ry: float, color: Color) -> None:
        """An ellipse painted onto the shape."""
        (x, y), unit = self._pixels([middle])[0], self.canvas.unit
        blob(self.color, x, y, rx * unit, ry * unit, color)

    def light_sphere(self, middle: Point, radius: float) -> None:
        """Light from the upper left upon a sphere."""
        (x, y), r = self._pixels([middle])[0], np.float32(radius * self.canvas.unit)
        across = (np.arange(self.canvas.width, dtype=np.float32) - np.float32(x)) / r
        down = (self.canvas.rows() - np.float32(y)) / r
        rim = np.clip(across**2 + down**2, 0, 1)
        light = np.clip(0.98 - 0.15 * across - 0.18 * down - 0.25 * rim**2, 0.3, 1.25)
        self.color[:] *= light[:, :, None]

    def paint(self) -> Color:
        """One of the bright colours."""
        return _PAINTS[int(self.canvas.rng.integers(len(_PAINTS)))]

    def varied(self, color: Color) -> Color:
        """The colour, a little lighter or darker."""
        return tinted(color, float(self.canvas.rng.uniform(-0.12, 0.15)))

    def _pixels(self, points: Sequence[Point]) -> NDArray[np.float64]:
        return self.margin + self.canvas.unit * np.asarray(points, np.float64)


def draw(shape: Shape, canvas: Canvas, *, margin: int) -> tuple[Image, Field]:
    """Colours [H, W, 3] and alpha [H, W], 0 to 1, of a shape one unit wide in a margin of pixels."""
    size = (canvas.height, canvas.width, 3)
    drawing = _Drawing(canvas, margin, np.zeros(size, np.float32), np.zeros(size, np.float32))
    _DRAWERS[shape](drawing)
    return drawing.color, drawing.alpha[:, :, 0]


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _ball(drawing: _Drawing) -> None:
    base = drawing.paint()
    # Colour reaches beyond the edge, which alone the alpha draws.
    drawing.round_detail((0.5, 0.5), 0.6, 0.6, base)
    drawing.round_shape((0.5, 0.5), 0.5, base)
    for turn in np.arange(5) * (2 * math.pi / 5) + drawing.canvas.rng.uniform(0, 1):
        wedge = [
            (0.5 + far * math.cos(turn + side), 0.5 + far * math.sin(turn + side))
            for far, side in ((0.11, 0.0), (0.6, -0.32), (0.6, 0.32))
        ]
        drawing.detail(wedge, _CREAM)
    drawing.round_detail((0.5, 0.5), 0.11, 0.11, tinted(base, -0.3))
    drawing.light_sphere((0.5, 0.5), 0.5)


def _balloon(drawing: _Drawing) -> None:
    base = drawing.paint()
    drawing.round_detail((0.5, 0.5), 0.6, 0.6, base)
    drawing.round_shape((0.5, 0.5), 0.5, base)
    drawing.shape([(0.04, 0.7), (0.4, 1.1), (0.6, 1.1), (0.96, 0.7)], base)
    for half, color in ((0.36, _CREAM), (0.12, base)):
        drawing.round_detail((0.5, 0.5), 1.1 * half, 0.6, color)
        drawing.detail([(0.5 - half, 0.8), (0.45, 1.12), (0.55, 1.12), (0.5 + half, 0.8)], color)
    for x in (0.42, 0.56):
        drawing.shape(_rectangle(x, 1.08, x + 0.024, 1.2), (92, 74, 58))
    drawing.shape(_rectangle(0.41, 1.18, 0.59, 1.35), (132, 98, 66))
    drawing.light_sphere((0.5, 0.5), 0.85)


def _crate(drawing: _Drawing) -> None:
    drawing.shape(_rectangle(0.0, 0.0, 1.0, 1.0), _WOOD)
    for top in np.arange(0, 1, 0.2):
        drawing.detail(_rectangle(0.0, top, 1.0, top + 0.18), drawing.varied(_WOOD))
        drawing.detail(_rectangle(0.0, top + 0.185, 1.0, top + 0.2), (92, 66, 40))
    paint = drawing.paint()
    for left in (0.0, 0.87):
        drawing.detail(_rectangle(left, 0.0, left + 0.13, 1.0), paint)
    brace = [(0.13, 0.82), (0.13, 1.0), (0.26, 1.0), (0.87, 0.18), (0.87, 0.0), (0.74, 0.0)]
    drawing.detail(brace, tinted(paint, -0.2))


def _car(drawing: _Drawing) -> None:
    base = drawing.paint()
    drawing.shape([(0.2, 0.18), (0.32, 0.0), (0.66, 0.0), (0.82, 0.18)], base)
    drawing.shape([(0.0, 0.2), (0.04, 0.16), (0.84, 0.16), (0.97, 0.2), (1.0, 0.3), (0.0, 0.3)], base)
    drawing.detail([(0.26, 0.16), (0.34, 0.03), (0.48, 0.03), (0.48, 0.16)], (156, 190, 206))
    drawing.detail([(0.51, 0.16), (0.51, 0.03), (0.64, 0.03), (0.75, 0.16)], (156, 190, 206))
    drawing.detail(_rectangle(0.0, 0.24, 1.0, 0.26), tinted(base, -0.35))
    drawing.round_detail((0.97, 0.21), 0.025, 0.02, (252, 240, 190))
    _wheels(drawing, (0.2, 0.8), 0.3, 0.1)


def _bus(drawing: _Drawing) -> None:
    drawing.shape(_rectangle(0.0, 0.0, 1.0, 0.37), drawing.paint())
    drawing.detail(_rectangle(0.0, 0.0, 1.0, 0.03), _CREAM)
    drawing.detail(_rectangle(0.0, 0.24, 1.0, 0.28), _CREAM)
    for left in np.arange(0.04, 0.9, 0.16):
        drawing.detail(_rectangle(left, 0.07, left + 0.12, 0.2), drawing.varied((120, 158, 180)))
    _wheels(drawing, (0.2, 0.78), 0.37, 0.07)


def _hand(drawing: _Drawing) -> None:
    skin = drawing.varied((206, 158, 128))
    for number, (left, top) in enumerate(((0.16, 0.22), (0.34, 0.06), (0.52, 0.02), (0.7, 0.14))):
        tone = tinted(skin, -0.04 * number)
        drawing.round_shape((left + 0.07, top + 0.07), 0.075, tone)
        drawing.shape(_rectangle(left, top + 0.07, left + 0.145, 0.7), tone)
        drawing.round_detail((left + 0.07, top + 0.05), 0.04, 0.03, tinted(skin, 0.35))
        for knuckle in (0.25, 0.45):
            drawing.detail(
                _rectangle(left + 0.02, top + knuckle, left + 0.12, top + knuckle + 0.015), tinted(tone, -0.3)
            )
    drawing.round_shape((0.5, 0.8), 0.36, skin)
    drawing.shape([(0.02, 0.5), (0.1, 0.46), (0.3, 0.8), (0.22, 0.95)], tinted(skin, -0.08))
    drawing.shape(_rectangle(0.28, 0.9, 0.74, 1.25), tinted(skin, -0.05))
    for start, end in (((0.2, 0.75), (0.75, 0.82)), ((0.25, 0.88), (0.6, 1.0))):
        crease = [start, end, (end[0], end[1] + 0.015), (start[0], start[1] + 0.015)]
        drawing.detail(crease, tinted(skin, -0.35))


def _cloth(drawing: _Drawing) -> None:
    rng = drawing.canvas.rng
    turns = np.arange(14) * (2 * math.pi / 14)
    reach = rng.uniform(0.78, 1.0, 14)
    outline = [
        (0.5 + 0.5 * far * math.cos(turn), 0.4 + 0.4 * far * math.sin(turn))
        for turn, far in zip(turns, reach, strict=True)
    ]
    drawing.shape(outline, drawing.paint())
    for _ in range(60):
        x, y, size = rng.uniform(0, 1), rng.uniform(0, 0.8), rng.uniform(0.01, 0.05)
        drawing.round_detail((x, y), size, size, drawing.varied(drawing.paint()))


def _figure(drawing: _Drawing) -> None:
    skin, shirt, trousers = drawing.varied((198, 150, 120)), drawing.paint(), (58, 64, 86)
    drawing.shape(_rectangle(0.22, 1.3, 0.46, 2.36), trousers)
    drawing.shape(_rectangle(0.54, 1.3, 0.78, 2.36), tinted(trousers, -0.2))
    drawing.shape([(0.1, 0.55), (0.9, 0.55), (0.82, 1.4), (0.18, 1.4)], shirt)
    drawing.shape(_rectangle(0.0, 0.6, 0.16, 1.35), tinted(shirt, -0.2))
    drawing.shape(_rectangle(0.84, 0.6, 1.0, 1.35), tinted(shirt, -0.2))
    drawing.detail(_rectangle(0.2, 0.8, 0.8, 0.9), _CREAM)
    drawing.round_shape((0.5, 0.28), 0.25, skin)
    drawing.round_detail((0.5, 0.14), 0.25, 0.12, (70, 52, 40))
    for x in (0.41, 0.59):
        drawing.round_detail((x, 0.28), 0.04, 0.04, (40, 36, 34))


def _hammer(drawing: _Drawing) -> None:
    drawing.shape(_rectangle(0.42, 0.2, 0.58, 1.58), drawing.varied(_WOOD))
    drawing.shape(_rectangle(0.02, 0.0, 0.98, 0.36), (86, 90, 98))
    drawing.detail(_rectangle(0.02, 0.05, 0.98, 0.1), (150, 154, 160))


def _pendulum(drawing: _Drawing) -> None:
    drawing.shape(_rectangle(0.45, 0.0, 0.55, 2.4), (110, 92, 60))
    drawing.round_shape((0.5, 2.7), 0.48, drawing.paint())
    drawing.round_detail((0.5, 2.7), 0.2, 0.2, _CREAM)


def _wheels(drawing: _Drawing, places: tuple[float, ...], y: float, radius: float) -> None:
    for x in places:
        drawing.round_shape((x, y), radius, (42, 42, 46))
        drawing.round_detail((x, y), 0.5 * radius, 0.5 * radius, (186, 188, 192))


_DRAWERS: dict[Shape, Callable[[_Drawing], None]] = {
    "ball": _ball,
    "balloon": _balloon,
    "bus": _bus,
    "car": _car,
    "crate": _crate,
    "hand": _hand,
    "cloth": _cloth,
    "figure": _figure,
    "hammer": _hammer,
    "pendulum": _pendulum,
}
