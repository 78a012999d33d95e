"""A background seen from above: fields, hedges, a road, a river, farms."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.paint import (
    Canvas,
    Color,
    Field,
    Image,
    blob,
    flat,
    mix,
    noise,
    polygon,
    textured,
    tinted,
)

_CROPS: tuple[Color, ...] = (
    (122, 150, 76), (150, 168, 92), (98, 132, 72), (204, 188, 112), (188, 166, 96),
    (162, 132, 92), (134, 112, 82), (176, 184, 118), (112, 142, 92),
)  # fmt: skip
_HEDGE: Color = (62, 88, 54)
_ROAD: Color = (206, 198, 184)
_RIVER: Color = (92, 134, 152)
_ROOFS: tuple[Color, ...] = ((168, 88, 66), (190, 112, 80), (128, 116, 112))


def paint_fields(canvas: Canvas) -> Image:
    """Patchwork fields from above, with detail from the size of the frame down to a furrow."""
    image = flat(canvas, _CROPS[0])
    cells = _cells(canvas)
    for cell in cells:
        _crop(canvas, image, cell)
    image = textured(image, noise(canvas, 0.3 * canvas.unit, rough=0.62), 0.09)
    for cell in cells:
        _hedge(canvas, image, cell)
    image = _band(canvas, image, _RIVER, width=0.045 * canvas.unit, bank=(86, 112, 70))
    for _ in range(1 + int(canvas.height / canvas.unit)):
        image = _band(canvas, image, _ROAD, width=0.02 * canvas.unit, bank=(150, 146, 112))
    for _ in range(int(3 * canvas.width * canvas.height / canvas.unit**2) + 1):
        _farm(canvas, image)
    return image


def _cells(canvas: Canvas) -> list[NDArray[np.float64]]:
    """Corners [N, 2] of the cells around the points of a shaken grid, those outside left out."""
    pitch = 0.21 * canvas.unit
    margin = int(2 * pitch)
    grid = cv2.Subdiv2D((-margin, -margin, canvas.width + 2 * margin, canvas.height + 2 * margin))
    for x in np.arange(-pitch, canvas.width + pitch, pitch):
        for y in np.arange(-pitch, canvas.height + pitch, pitch):
            point = np.array((x, y)) + canvas.rng.uniform(-0.38, 0.38, 2) * pitch
            grid.insert((float(point[0]), float(point[1])))
    facets, _ = grid.getVoronoiFacetList([])
    cells = [np.asarray(facet, np.float64) for facet in facets]
    size = (canvas.width, canvas.height)
    return [cell for cell in cells if np.all(cell.max(axis=0) > 0) and np.all(cell.min(axis=0) < size)]


def _crop(canvas: Canvas, image: Image, cell: NDArray[np.float64]) -> None:
    rng = canvas.rng
    color = tinted(_CROPS[int(rng.integers(len(_CROPS)))], rng.uniform(-0.12, 0.12))
    polygon(image, cell, color)
    x0, y0 = np.maximum(np.floor(cell.min(axis=0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(cell.max(axis=0)).astype(int), (canvas.width, canvas.height))
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [np.round(cell - (x0, y0)).astype(np.int32)], (255,), lineType=cv2.LINE_AA)
    image[y0:y1, x0:x1] *= 1 + (_furrows(canvas, x0, y0, mask.shape) * mask / np.float32(255))[:, :, None]


def _furrows(canvas: Canvas, x0: int, y0: int, shape: tuple[int, ...]) -> Field:
    rng = canvas.rng
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.012, 0.035) * canvas.unit
    x = np.arange(x0, x0 + shape[1], dtype=np.float32)
    y = np.arange(y0, y0 + shape[0], dtype=np.float32)[:, None]
    phase = (x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / pitch)
    return np.asarray(rng.uniform(0.02, 0.09) * np.sin(phase), np.float32)


def _hedge(canvas: Canvas, image: Image, cell: NDArray[np.float64]) -> None:
    """Bushes along some of the cell's edges, each with its shadow to the lower right."""
    rng, unit = canvas.rng, canvas.unit
    for start, end in zip(cell, np.roll(cell, -1, axis=0), strict=True):
        if rng.uniform() < 0.45:
            continue
        length = float(np.hypot(*(end - start)))
        gaps = rng.uniform(0.012, 0.03) * unit
        for share in np.arange(0, 1, gaps / max(length, gaps)):
            x, y = start + (end - start) * share + rng.normal(0, 0.003, 2) * unit
            size = rng.uniform(0.005, 0.011) * unit
            if not (-size < x < canvas.width + size and -size < y < canvas.height + size):
                continue
            blob(image, x + 0.5 * size, y + 0.5 * size, size, size, tinted(_HEDGE, -0.45))
            blob(image, x, y, size, size, tinted(_HEDGE, rng.uniform(-0.1, 0.15)))
            blob(image, x - 0.25 * size, y - 0.25 * size, 0.5 * size, 0.5 * size, tinted(_HEDGE, 0.25))


def _band(canvas: Canvas, image: Image, color: Color, *, width: float, bank: Color) -> Image:
    """A winding river or road right across the canvas."""
    rng = canvas.rng
    angle = rng.uniform(-0.5, 0.5) + rng.choice((0.0, np.pi / 2))
    normal = np.array((-np.sin(angle), np.cos(angle)))
    middle = np.array((canvas.width, canvas.height)) * rng.uniform(0.25, 0.75, 2)
    x = np.arange(canvas.width, dtype=np.float32) - np.float32(middle[0])
    away = x * np.float32(normal[0]) + (canvas.rows() - np.float32(middle[1])) * np.float32(normal[1])
    along = x * np.float32(normal[1]) - (canvas.rows() - np.float32(middle[1])) * np.float32(normal[0])
    wave = (
        0.05 * canvas.unit * np.sin(along * np.float32(2 * np.pi / (0.9 * canvas.unit)) + rng.uniform(0, 6))
    )
    distance = np.abs(away - wave)
    image = mix(image, bank, np.clip(0.75 * width - distance + 0.5, 0, 0.7).astype(np.float32))
    surface = textured(flat(canvas, color), noise(canvas, 0.03 * canvas.unit), 0.03)
    return mix(image, surface, np.clip(0.5 * width - distance + 0.5, 0, 1).astype(np.float32))


def _farm(canvas: Canvas, image: Image) -> None:
    """A few roofs, each of two slopes with a shadow."""
    rng = canvas.rng
    place = rng.uniform(0, 1, 2) * (canvas.width, canvas.height)
    for _ in range(int(rng.integers(2, 5))):
        middle = place + rng.normal(0, 0.035, 2) * canvas.unit
        angle = rng.choice((0.0, np.pi / 2)) + rng.normal(0, 0.15)
        along = np.array((np.cos(angle), np.sin(angle))) * rng.uniform(0.012, 0.024) * canvas.unit
        across = np.array((-np.sin(angle), np.cos(angle))) * rng.uniform(0.009, 0.013) * canvas.unit
        roof = _ROOFS[int(rng.integers(len(_ROOFS)))]
        ends = np.array((middle - along, middle + along))
        outline = np.vstack((ends - across, (ends + across)[::-1]))
        polygon(image, outline + 0.008 * canvas.unit, (66, 72, 56))
        polygon(image, outline, tinted(roof, -0.2))
        polygon(image, np.vstack((ends - across, ends[::-1])), tinted(roof, 0.15))
