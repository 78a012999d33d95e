"""What the background painters share: fractal noise, masks, blending, small things to draw."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.float32]
"""[H, W, 3], RGB, 0 to 255."""
Field = NDArray[np.float32]
"""[H, W]."""
Color = tuple[float, float, float]
"""RGB, 0 to 255."""

_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a painter is to fill."""

    width: int
    """Pixels."""
    height: int
    unit: float
    """Pixels in one typical frame width: what the sizes of things are relative to."""
    horizon: float
    """Row of the canvas."""
    rng: np.random.Generator

    def rows(self) -> Field:
        """[H, 1], each row's own number."""
        return np.arange(self.height, dtype=np.float32)[:, None]


def noise(
    canvas: Canvas, cell: float, *, stretch: float = 1.0, rough: float = 0.5, finest: float = 1.5
) -> Field:
    """Fractal noise [H, W] of mean 0 and standard deviation about 1, with a 1/f spectrum.

    `cell` is the size in pixels of the largest blobs and `stretch` how many times wider than high they
    are; each octave is half as large and `rough` times as strong, down to `finest` pixels.
    """
    total = np.zeros((canvas.height, canvas.width), np.float32)
    power = 0.0
    strength = 1.0
    while cell >= finest:
        rows, columns = int(canvas.height / cell) + 4, int(canvas.width / (cell * stretch)) + 4
        grid = canvas.rng.standard_normal((rows, columns)).astype(np.float32)
        offset = canvas.rng.uniform(1, 2, 2)
        matrix = np.array([[1 / (cell * stretch), 0, offset[0]], [0, 1 / cell, offset[1]]])
        # Cubic interpolation of the grid; a random offset keeps the octaves' grids from lining up.
        total += strength * cv2.warpAffine(
            grid, matrix, (canvas.width, canvas.height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        )
        power += 0.45 * strength**2
        strength *= rough
        cell /= 2
    return total / np.float32(np.sqrt(max(power, 1e-6)))


def profile(canvas: Canvas, cell: float, *, rough: float = 0.5) -> Field:
    """Fractal noise [1, W] along a line, such as the outline of a range of hills."""
    line = Canvas(canvas.width, 8, canvas.unit, 0, canvas.rng)
    return noise(line, cell, rough=rough)[4:5]


def ramp(values: ArrayLike, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def mix(under: Image, over: ArrayLike, share: Field) -> Image:
    """`over` (a colour or an image) upon `under`, as opaque as `share` [H, W] says."""
    weight = np.asarray(share, np.float32)[:, :, None]
    return np.asarray(under + (np.asarray(over, np.float32) - under) * weight, np.float32)


def textured(image: Image, grain: Field, strength: float) -> Image:
    """The image, lighter and darker by `strength` where the noise [H, W] is 1 and -1."""
    return np.asarray(image * (1 + np.float32(strength) * grain)[:, :, None], np.float32)


def flat(canvas: Canvas, color: Color) -> Image:
    """One colour all over."""
    return np.full((canvas.height, canvas.width, 3), color, np.float32)


def tinted(color: Color, amount: float) -> Color:
    """The colour, lighter (amount above 0, to white at 1) or darker (below 0, to black at -1)."""
    target = 255.0 if amount > 0 else 0.0
    red, green, blue = (channel + (target - channel) * abs(amount) for channel in color)
    return red, green, blue


def blob(image: NDArray[np.float32], x: float, y: float, rx: float, ry: float, color: Color) -> None:
    """An ellipse with anti-aliased edges and the axes of the image, at subpixel precision, in place."""
    height, width = image.shape[:2]
    x0, x1 = max(0, int(x - rx - 2)), min(width, int(x + rx + 3))
    y0, y1 = max(0, int(y - ry - 2)), min(height, int(y + ry + 3))
    if x0 >= x1 or y0 >= y1:
        return
    across = (np.arange(x0, x1, dtype=np.float32) + 0.5 - x) / max(rx, 0.5)
    down = (np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5 - y) / max(ry, 0.5)
    distance = np.sqrt(across**2 + down**2)
    share = np.clip((1 - distance) * min(rx, ry) + 0.5, 0, 1).astype(np.float32)
    image[y0:y1, x0:x1] = mix(image[y0:y1, x0:x1], color, share)


def polygon(image: NDArray[np.float32], points: ArrayLike, color: Color) -> None:
    """A filled polygon with anti-aliased edges, at subpixel precision; points are [N, 2]."""
    corners = np.asarray(points, np.float64)
    height, width = image.shape[:2]
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, (width, height))
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = np.round((corners - (x0, y0) - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    image[y0:y1, x0:x1] = mix(image[y0:y1, x0:x1], color, mask.astype(np.float32) / np.float32(255))


def box(image: NDArray[np.float32], x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
    """A filled rectangle."""
    polygon(image, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), color)


def tree(
    image: NDArray[np.float32],
    rng: np.random.Generator,
    foot: tuple[float, float],
    size: float,
    leaves: tuple[Color, Color],
) -> None:
    """A round tree, `size` pixels high, its leaves of a dark and (lit from the upper left) a light colour."""
    x, y = foot
    box(image, x - 0.05 * size, y - 0.4 * size, x + 0.05 * size, y, (84, 66, 50))
    dark, light = leaves
    middle = tuple((one + other) / 2 for one, other in zip(dark, light, strict=True))
    for color, drift in (
        (tinted(dark, -0.25), 0.03),
        ((middle[0], middle[1], middle[2]), -0.01),
        (light, -0.07),
    ):
        for _ in range(5):
            away = rng.normal(0, 0.1, 2) * size
            blob(
                image,
                x + drift * size + away[0],
                y - (0.62 - drift) * size + away[1],
                rng.uniform(0.11, 0.2) * size,
                rng.uniform(0.1, 0.18) * size,
                tinted(color, rng.uniform(-0.08, 0.06)),
            )
