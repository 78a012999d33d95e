"""What landscapes share: the colours of a time of day, the sky, the colours of houses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motionsight_core.synthetic.paint import Canvas, Color, Image, flat, mix, noise, ramp


@dataclass(frozen=True, slots=True)
class Light:
    """The colours of a time of day, RGB."""

    zenith: Color
    haze: Color
    """The sky at the horizon, and what distance fades into."""
    cloud: Color
    far: Color
    """The most distant hills."""
    near: Color
    """Woods."""
    meadow: Color
    straw: Color


LIGHTS = (
    Light(
        zenith=(86, 142, 200), haze=(214, 226, 232), cloud=(248, 248, 246), far=(128, 152, 178),
        near=(62, 104, 66), meadow=(112, 148, 74), straw=(196, 184, 110),
    ),
    Light(
        zenith=(98, 122, 178), haze=(246, 208, 170), cloud=(252, 226, 204), far=(160, 142, 166),
        near=(78, 92, 70), meadow=(136, 138, 74), straw=(214, 172, 96),
    ),
    Light(
        zenith=(110, 160, 190), haze=(232, 232, 214), cloud=(250, 246, 238), far=(140, 160, 160),
        near=(122, 98, 52), meadow=(150, 140, 70), straw=(206, 150, 74),
    ),
    Light(
        zenith=(70, 116, 168), haze=(206, 214, 226), cloud=(226, 230, 238), far=(112, 134, 166),
        near=(44, 88, 84), meadow=(92, 132, 92), straw=(170, 176, 112),
    ),
)  # fmt: skip
WALLS: tuple[Color, ...] = (
    (196, 120, 92), (222, 196, 150), (178, 182, 178), (214, 168, 120), (150, 104, 88),
    (232, 222, 200), (128, 146, 160), (188, 158, 140), (160, 172, 140),
)  # fmt: skip
ROOFS: tuple[Color, ...] = ((150, 76, 58), (110, 84, 78), (84, 92, 104), (170, 100, 66))


def pick(canvas: Canvas, colors: tuple[Color, ...]) -> Color:
    """One of the colours, at random."""
    return colors[int(canvas.rng.integers(len(colors)))]


def faded(light: Light, color: Color, haze: float) -> Color:
    """The colour as seen through `haze`, 0 (none) to 1 (nothing else)."""
    red, green, blue = (own + (air - own) * haze for own, air in zip(color, light.haze, strict=True))
    return red, green, blue


def paint_sky(canvas: Canvas, light: Light) -> Image:
    """Clouds and thin wisps over a gradient, all of them lighter towards the horizon."""
    height_share = ramp(canvas.horizon - canvas.rows(), -0.05 * canvas.unit, 0.55 * canvas.unit)
    image = mix(flat(canvas, light.haze), light.zenith, height_share)
    wisps = noise(canvas, 0.12 * canvas.unit, stretch=2.5, rough=0.6)
    image = mix(image, light.cloud, 0.4 * ramp(wisps, -1.0, 1.6))
    clouds = noise(canvas, 0.26 * canvas.unit, stretch=1.8, rough=0.55)
    # A cloud's lower side lies in its own shadow: darker where the cloud thickens upwards.
    above = np.roll(clouds, -max(2, int(0.02 * canvas.unit)), axis=0)
    below = np.clip((clouds - above) * 1.6, -1, 1)
    shade = np.asarray(light.cloud, np.float32) * (0.89 + 0.11 * below[:, :, None])
    return mix(image, shade, 0.85 * ramp(clouds, -0.1, 0.9))
