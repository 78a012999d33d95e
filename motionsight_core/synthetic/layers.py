"""Layers: textures sampled under a camera pose, at subpixel precision and without aliasing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the frame, the last two outside."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A texture with its place in the world."""

    levels: tuple[Pixels, ...]
    """[H, W, C], each half the size of the one before, and twice as fine as its detail; C is 3 (RGB) or
    4 (RGB times alpha, alpha)."""
    origin: complex
    """World point of the texture's upper left corner."""
    density: float
    """Details of the first level in one world pixel: half as many as its texture pixels."""


def make_layer(texture: NDArray[Any], *, origin: complex, density: float, smallest_scale: float) -> Layer:
    """A layer that can be shown at scales (frame pixels per world pixel) down to `smallest_scale`."""
    count = 1 + max(0, int(np.ceil(np.log2(density / smallest_scale) - 1e-6)))
    details = [np.ascontiguousarray(texture, np.uint8)]
    for _ in range(1, count):
        details.append(_halved(details[-1]))
    return Layer(tuple(_doubled(detail) for detail in details), origin, density)


def sample(
    layer: Layer, factor: complex, shift: complex, *, frame_size: tuple[int, int], region: Region
) -> Pixels:
    """The part of the frame (width, height) in `region` that shows the layer, [H, W, C].

    Between two levels it blends, so that a zoom changes sharpness without a jump.
    """
    depth = float(np.clip(np.log2(layer.density / abs(factor)), 0, len(layer.levels) - 1))
    finer = int(depth + 1e-3)
    blend = depth - finer
    first = _warp(layer, finer, factor, shift, frame_size=frame_size, region=region)
    if blend < 1e-3:
        return first
    second = _warp(layer, finer + 1, factor, shift, frame_size=frame_size, region=region)
    return np.asarray(cv2.addWeighted(first, 1 - blend, second, blend, 0), np.uint8)


def compose(frame: Pixels, over: Pixels, region: Region) -> None:
    """Lays RGB-times-alpha pixels [h, w, 4] over the region of the frame [H, W, 3], in place."""
    x0, y0, x1, y1 = region
    under = frame[y0:y1, x0:x1]
    clear = cv2.cvtColor(cv2.bitwise_not(over[:, :, 3]), cv2.COLOR_GRAY2RGB)
    kept = cv2.multiply(under, clear, scale=1 / 255)
    frame[y0:y1, x0:x1] = cv2.add(kept, np.ascontiguousarray(over[:, :, :3]))


def _warp(
    layer: Layer,
    level: int,
    factor: complex,
    shift: complex,
    *,
    frame_size: tuple[int, int],
    region: Region,
) -> Pixels:
    texture = layer.levels[level]
    density = 2 * layer.density / 2**level
    x0, y0, x1, y1 = region
    # Frame pixel (i, j) has its middle at (i + .5, j + .5); texture pixels likewise.
    turn = density / factor
    corner = complex(x0 + 0.5 - frame_size[0] / 2, y0 + 0.5 - frame_size[1] / 2)
    start = turn * (corner - shift) - density * layer.origin - complex(0.5, 0.5)
    matrix = np.array([[turn.real, -turn.imag, start.real], [turn.imag, turn.real, start.imag]])
    transparent = texture.shape[2] == 4
    warped = cv2.warpAffine(
        texture,
        matrix,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT if transparent else cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)


def _doubled(texture: Pixels) -> Pixels:
    """Twice the size, so that linear interpolation between its pixels hardly blurs what moves by fractions
    of a pixel, and puts it where it belongs: OpenCV's cubic interpolation is up to 0.05 pixels off."""
    double = cv2.resize(texture, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4)
    if texture.shape[2] == 4:
        # Where overshoot leaves more colour than alpha, an edge would glow.
        double[:, :, :3] = np.minimum(double[:, :, :3], double[:, :, 3:])
    return np.asarray(double, np.uint8)


def _halved(texture: Pixels) -> Pixels:
    height, width = texture.shape[:2]
    # An even size keeps the pixel grids of two levels aligned.
    even = cv2.copyMakeBorder(texture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    half = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)
