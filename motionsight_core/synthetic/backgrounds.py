"""The world behind (and before) the objects: as large as the camera's path needs it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from motionsight_core.synthetic.camera import Poses
from motionsight_core.synthetic.fields import paint_fields
from motionsight_core.synthetic.hills import paint_hills
from motionsight_core.synthetic.layers import Layer, make_layer
from motionsight_core.synthetic.paint import (
    Canvas,
    Color,
    Field,
    Image,
    blob,
    flat,
    mix,
    noise,
    profile,
    textured,
    tinted,
)
from motionsight_core.synthetic.scene import TEXTURES, THEMES, Scene, Texture, Theme
from motionsight_core.synthetic.textures import TEXTURE_PAINTERS, picture
from motionsight_core.synthetic.town import paint_town

_MOST_PIXELS = 6e6
"""Of a background; one that would be larger is less sharp."""
_MARGIN = 3
"""World pixels around what the camera sees, for the interpolation."""
_LEAVES: Color = (58, 84, 46)
_BARK: Color = (96, 76, 58)
_BLOSSOM: Color = (226, 190, 96)
_PAINTERS: dict[Theme, Callable[[Canvas], Image]] = {
    "hills": paint_hills,
    "town": paint_town,
    "fields": paint_fields,
}


def world(scene: Scene, poses: Poses, span: slice, *, shot: int) -> Layer:
    """The background of a shot (the frames in `span`): RGB, every pixel that its camera sees."""
    canvas, origin, density, smallest = _canvas(scene, poses, span, shot)
    image = _paint(scene, canvas, shot)
    mean = image.mean(axis=(0, 1))
    image = mean + (image - mean) * np.float32(scene.contrast)
    # A texture without detail finer than its pixels moves by fractions of a pixel without flicker.
    soft = cv2.GaussianBlur(np.clip(image, 0, 255), (0, 0), 0.6)
    return make_layer(np.round(soft), origin=origin, density=density, smallest_scale=smallest)


def _paint(scene: Scene, canvas: Canvas, shot: int) -> Image:
    """The background of a shot, each shot of the scene over another one."""
    if scene.picture:
        return picture(canvas, scene.picture)
    family: tuple[Theme | Texture, ...] = THEMES if scene.theme in THEMES else TEXTURES
    theme = family[(family.index(scene.theme) + shot) % len(family)]
    return {**_PAINTERS, **TEXTURE_PAINTERS}[theme](canvas)


def foreground(scene: Scene, poses: Poses, span: slice, *, shot: int) -> Layer:
    """Bushes and trunks near the camera: RGB times alpha, and alpha."""
    canvas, origin, density, smallest = _canvas(scene, poses, span, shot + 10)
    color, alpha = _bushes(canvas)
    texture = np.dstack((np.clip(color, 0, 255) * alpha[:, :, None], 255 * alpha))
    return make_layer(np.floor(texture), origin=origin, density=density, smallest_scale=smallest)


def _canvas(scene: Scene, poses: Poses, span: slice, stream: int) -> tuple[Canvas, complex, float, float]:
    """A canvas of all that the camera sees; its upper left corner, its density and the smallest scale."""
    factor, shift = poses.factor[span], poses.shift[span]
    half = complex(scene.width, scene.height) / 2
    corners = np.array([half, -half, half.conjugate(), -half.conjugate()])
    seen = (corners[:, None] - shift) / factor
    low = complex(seen.real.min() - _MARGIN, seen.imag.min() - _MARGIN)
    high = complex(seen.real.max() + _MARGIN, seen.imag.max() + _MARGIN)
    extent = high - low
    scales = np.abs(factor)
    density = min(float(scales.max()), float(np.sqrt(_MOST_PIXELS / (extent.real * extent.imag))))
    typical = float(np.exp(np.log(scales).mean()))
    # The horizon goes through the middle of what the camera sees on average.
    horizon = float((-shift / factor).imag.mean()) - low.imag
    canvas = Canvas(
        width=int(np.ceil(extent.real * density)),
        height=int(np.ceil(extent.imag * density)),
        unit=scene.width / typical * density,
        horizon=horizon * density,
        rng=np.random.default_rng([scene.seed, 0, stream]),
    )
    return canvas, low, density, float(scales.min())


def _bushes(canvas: Canvas) -> tuple[Image, Field]:
    """Colours [H, W, 3] and alpha [H, W], 0 to 1."""
    unit, rng = canvas.unit, canvas.rng
    leaves = noise(canvas, 0.05 * unit, rough=0.75)
    color = textured(flat(canvas, _LEAVES), leaves, 0.18)
    bark = textured(flat(canvas, _BARK), leaves, 0.14)
    top = canvas.horizon + unit * (0.19 + 0.018 * profile(canvas, 0.16 * unit, rough=0.6))
    hedge = np.clip(canvas.rows() - top + 0.5, 0, 1).astype(np.float32)
    columns = np.arange(canvas.width, dtype=np.float32)[None]
    trunks = np.zeros_like(columns)
    for place in np.arange(rng.uniform(0.05, 0.3), canvas.width / unit, 0.55):
        middle, radius = (place + rng.uniform(-0.1, 0.1)) * unit, rng.uniform(0.014, 0.024) * unit
        trunks = np.maximum(trunks, np.clip(radius - np.abs(columns - middle) + 0.5, 0, 1))
    color = mix(color, bark, trunks * (1 - hedge))
    for _ in range(int(30 * canvas.width / unit)):
        x, y = rng.uniform(0, canvas.width), canvas.horizon + rng.uniform(0.24, 0.5) * unit
        size = rng.uniform(0.004, 0.008) * unit
        blob(color, x, y, size, size, tinted(_BLOSSOM, float(rng.uniform(-0.2, 0.4))))
    return color, np.maximum(hedge, trunks).astype(np.float32)
