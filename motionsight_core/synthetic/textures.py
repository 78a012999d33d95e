"""Backgrounds of one material all over, unlike the landscapes that the measurement was tuned on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.paint import Canvas, Color, Image, flat, mix, noise, ramp, textured
from motionsight_core.synthetic.scene import Texture

_PALETTES: tuple[tuple[Color, ...], ...] = (
    ((168, 92, 70), (190, 120, 92), (140, 76, 62), (204, 178, 150)),
    ((112, 118, 124), (152, 150, 142), (88, 92, 100), (190, 186, 178)),
    ((52, 86, 48), (96, 134, 62), (38, 60, 40), (150, 168, 88)),
    ((196, 168, 122), (150, 116, 76), (112, 84, 58), (222, 204, 170)),
    ((60, 84, 120), (132, 160, 186), (40, 52, 84), (208, 212, 216)),
)


def picture(canvas: Canvas, path: str) -> Image:
    """A picture file [any size], scaled to cover the canvas. ValueError where it cannot be read."""
    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{path} cannot be read as a picture; give a folder of JPEG or PNG files")
    height, width = pixels.shape[:2]
    scale = max(canvas.width / width, canvas.height / height)
    size = (max(canvas.width, round(width * scale)), max(canvas.height, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    covering = cv2.resize(pixels, size, interpolation=way)
    x, y = (size[0] - canvas.width) // 2, (size[1] - canvas.height) // 2
    cropped = covering[y : y + canvas.height, x : x + canvas.width]
    return np.asarray(cv2.cvtColor(cropped, cv2.COLOR_BGR2RGB), np.float32)


def _palette(canvas: Canvas) -> NDArray[np.float32]:
    """[4, 3], the colours of one material."""
    return np.asarray(_PALETTES[int(canvas.rng.integers(len(_PALETTES)))], np.float32)


def _courses(canvas: Canvas, width: float, height: float, joint: float, shift: float) -> Image:
    """Rows of blocks with joints between them, each row `shift` widths along; sizes in frame widths."""
    palette, unit = _palette(canvas), canvas.unit
    rows = canvas.rows() / np.float32(height * unit)
    row = np.floor(rows)
    columns = np.arange(canvas.width, dtype=np.float32)[None] / np.float32(width * unit) + row * shift
    column = np.floor(columns)
    # A hash of row and column is the block's own shade.
    shade = np.mod(np.sin(row * 12.9898 + column * 78.233) * 43758.547, 1).astype(np.float32)
    image = palette[0] + (palette[1] - palette[0]) * shade[:, :, None]
    image *= (0.85 + 0.3 * np.mod(shade * 7.31, 1))[:, :, None]
    across = np.minimum(columns - column, 1 - (columns - column)) * np.float32(width * unit)
    down = np.minimum(rows - row, 1 - (rows - row)) * np.float32(height * unit)
    gap = np.clip(joint * unit - np.minimum(across, down) + 0.5, 0, 1).astype(np.float32)
    grain = noise(canvas, 0.04 * unit, rough=0.85)
    stains = noise(canvas, 0.4 * unit, rough=0.6)
    return textured(textured(mix(image, palette[2], gap), grain, 0.09), stains, 0.1)


def _bricks(canvas: Canvas) -> Image:
    size = canvas.rng.uniform(0.05, 0.11)
    return _courses(canvas, size, 0.4 * size, 0.04 * size, 0.5)


def _planks(canvas: Canvas) -> Image:
    size = canvas.rng.uniform(0.3, 0.7)
    boards = _courses(canvas, size, 0.13 * size, 0.006, float(canvas.rng.uniform(0.2, 0.45)))
    return textured(boards, noise(canvas, 0.02 * canvas.unit, stretch=14, rough=0.8), 0.12)


def _marble(canvas: Canvas) -> Image:
    palette, unit = _palette(canvas), canvas.unit
    warp = noise(canvas, 0.25 * unit, rough=0.6)
    along = np.arange(canvas.width, dtype=np.float32)[None] * 0.7 + canvas.rows()
    veins = np.abs(np.sin(along * np.float32(9 / unit) + 2.2 * warp)) ** 0.4
    image = mix(flat(canvas, _color(palette[2])), palette[3], veins.astype(np.float32))
    return textured(image, noise(canvas, 0.02 * unit, rough=0.8), 0.06)


def _weave(canvas: Canvas) -> Image:
    palette, unit = _palette(canvas), canvas.unit
    pitch = canvas.rng.uniform(0.012, 0.03) * unit
    x = np.arange(canvas.width, dtype=np.float32)[None]
    warp = np.sin(x * np.float32(2 * np.pi / pitch)) * np.ones_like(canvas.rows())
    weft = np.sin(canvas.rows() * np.float32(2 * np.pi / pitch)) * np.ones_like(x)
    over = ramp(warp + weft, -1.0, 1.0)
    image = mix(flat(canvas, _color(palette[0])), palette[3], over)
    # Without wear one thread looks like the next, and nobody could tell how far such a cloth has moved.
    wear = noise(canvas, 0.2 * unit, rough=0.75)
    dye = ramp(noise(canvas, 0.5 * unit, rough=0.5), -0.2, 0.2)
    return textured(mix(image, palette[1], 0.6 * dye), wear, 0.16)


def _asphalt(canvas: Canvas) -> Image:
    grain = noise(canvas, 0.008 * canvas.unit, rough=0.95)
    image = textured(flat(canvas, (104, 104, 108)), grain, 0.22)
    cracks = np.abs(noise(canvas, 0.3 * canvas.unit, rough=0.65))
    image = mix(image, (52, 52, 56), np.clip(1 - cracks / 0.03, 0, 0.8).astype(np.float32))
    return textured(image, noise(canvas, 0.5 * canvas.unit), 0.08)


def _scattered(canvas: Canvas, sizes: tuple[float, float], cover: float, ground: Color, rim: float) -> Image:
    """Round things of the palette's colours, scattered until they would cover the canvas `cover` times."""
    palette, unit, rng = _palette(canvas), canvas.unit, canvas.rng
    soil = textured(flat(canvas, ground), noise(canvas, 0.1 * unit, rough=0.8), 0.15)
    # OpenCV draws soft edges in bytes only.
    image = np.clip(soil, 0, 255).astype(np.uint8)
    low, high = np.log(sizes)
    mean = float(np.exp((low + high) / 2)) * unit
    count = min(20_000, int(cover * canvas.width * canvas.height / (3.1 * mean**2)))
    places = rng.uniform(0, (canvas.width, canvas.height), (count, 2))
    radii = np.exp(rng.uniform(low, high, (count, 1))) * unit
    axes = radii * np.hstack((np.ones((count, 1)), rng.uniform(0.6, 1.0, (count, 1))))
    colors = palette[rng.integers(4, size=count)] * rng.uniform(0.7, 1.2, (count, 1))
    parts = [(places, axes, colors), (places - 0.25 * radii, 0.5 * axes, 1.15 * colors)]
    if rim:
        parts.insert(0, (places + rim * radii, axes, 0.4 * colors))
    # Whole numbers in sixteenths of a pixel; the parts of one thing follow each other.
    fixed = [
        (
            np.round(16 * (middle - 0.5)).astype(int).tolist(),
            np.round(16 * axis).astype(int).tolist(),
            np.clip(color, 0, 255).tolist(),
        )
        for middle, axis, color in parts
    ]
    for index in range(count):
        for middle, axis, color in fixed:
            cv2.ellipse(image, middle[index], axis[index], 0, 0, 360, color[index], -1, cv2.LINE_AA, 4)
    return image.astype(np.float32)


def _pebbles(canvas: Canvas) -> Image:
    return _scattered(canvas, (0.008, 0.03), 1.6, (72, 66, 60), 0.15)


def _foliage(canvas: Canvas) -> Image:
    leaves = _scattered(canvas, (0.006, 0.025), 1.4, (34, 52, 30), 0.3)
    return textured(leaves, noise(canvas, 0.3 * canvas.unit, rough=0.6), 0.25)


def _confetti(canvas: Canvas) -> Image:
    return _scattered(canvas, (0.004, 0.02), 0.5, (206, 202, 194), 0.0)


def _color(values: NDArray[Any]) -> Color:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


TEXTURE_PAINTERS: dict[Texture, Callable[[Canvas], Image]] = {
    "bricks": _bricks,
    "pebbles": _pebbles,
    "foliage": _foliage,
    "weave": _weave,
    "planks": _planks,
    "marble": _marble,
    "confetti": _confetti,
    "asphalt": _asphalt,
}
