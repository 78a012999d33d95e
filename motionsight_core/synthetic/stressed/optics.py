"""What lens, shutter and sensor do to a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.truth import SceneTruth

SUBFRAMES = 6
"""Pictures that make up one frame under an open shutter, and the time after it."""
_NOISE_PLAY = 64
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)


def blurred(pictures: Iterator[Pixels], shutter: float) -> Iterator[Pixels]:
    """Frames of SUBFRAMES pictures each, exposed for the share `shutter` (0 to 1) of their time."""
    exposed = max(1, round(shutter * SUBFRAMES))
    while group := list(islice(pictures, SUBFRAMES)):
        total = np.zeros(group[0].shape, np.float32)
        for picture in group[:exposed]:
            cv2.accumulate(picture, total)
        yield np.round(total / min(exposed, len(group))).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Flicker:
    """Exposure that varies from frame to frame, as under lamps of another frequency."""

    seed: int
    depth: float = 0.15
    """Largest change of brightness, share of it."""
    hz: float = 3.0
    """Frequency of its regular part."""
    name: str = "flicker"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        rng = np.random.default_rng(self.seed)
        phase = rng.uniform(0, 2 * np.pi)
        for index, picture in enumerate(pictures):
            wave = 0.6 * np.sin(2 * np.pi * self.hz * index / fps + phase) + 0.4 * rng.uniform(-1, 1)
            yield np.asarray(cv2.convertScaleAbs(picture, alpha=1 + self.depth * wave), np.uint8)

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


@dataclass(frozen=True, slots=True)
class SensorNoise:
    """Shot noise, which grows with the light, read noise, which does not, and some of it in the colour."""

    seed: int
    shot: float = 0.6
    """Variance for each level of brightness."""
    read: float = 3.0
    """Standard deviation in the dark, levels of 255."""
    name: str = "noise"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        rng = np.random.default_rng(self.seed)
        tiles: NDArray[np.float32] | None = None
        deviation = np.sqrt(self.shot * np.arange(256) + self.read**2).astype(np.float32)
        for picture in pictures:
            height, width = picture.shape[:2]
            if tiles is None:
                tiles = _tile(rng, height + _NOISE_PLAY, width + _NOISE_PLAY)
            row, column = rng.integers(0, _NOISE_PLAY, 2)
            grain = tiles[row : row + height, column : column + width]
            luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
            noise = grain * cv2.LUT(luma, deviation)[:, :, None]
            yield np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


def _tile(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Noise [H, W, 3] of deviation 1 in luma; a camera's denoising leaves it a little soft."""
    luma = rng.standard_normal((height, width, 1), np.float32)
    color = rng.standard_normal((height, width, 3), np.float32)
    color -= (color @ _LUMA)[:, :, None]
    soft = cv2.GaussianBlur(luma + 0.5 * color, (0, 0), 0.6)
    return np.asarray(soft / (soft @ _LUMA).std(), np.float32)


@dataclass(frozen=True, slots=True)
class Night:
    """Little light: dark, blue, crushed blacks, a few lamps left bright."""

    light: float = 0.18
    """Share of the daylight's brightness."""
    name: str = "night"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        day = np.arange(256) / 255
        dark = self.light * day**1.2 + 0.75 * np.clip((day - 0.86) / 0.14, 0, 1) ** 2
        tint = np.array((0.85, 0.95, 1.15))
        table = np.clip(255 * dark[:, None] * tint, 0, 255).astype(np.uint8).reshape(1, 256, 3)
        for picture in pictures:
            yield np.asarray(cv2.LUT(picture, table), np.uint8)

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


@dataclass(frozen=True, slots=True)
class Haze:
    """Low texture: fog before everything, or a lens out of focus."""

    clear: float = 0.3
    """Contrast that is left, share of it."""
    blur: float = 0.0
    """Standard deviation of the defocus, share of the frame's width."""
    name: str = "low_texture"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        for picture in pictures:
            soft = picture
            if self.blur:
                soft = cv2.GaussianBlur(picture, (0, 0), self.blur * picture.shape[1])
            yield np.asarray(
                cv2.convertScaleAbs(soft, alpha=self.clear, beta=(1 - self.clear) * 175), np.uint8
            )

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth
