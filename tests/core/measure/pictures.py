"""Synthetic luma whose motion is known: a texture seen through a moving window."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure import MotionMeasurement, MotionMeter
from motionsight_core.settings import MeasureSettings

Luma = NDArray[np.uint8]
Frames = list[tuple[float, Luma]]

WIDTH, HEIGHT, FPS = 320, 180, 10.0


@cache
def texture(seed: int = 0, size: tuple[int, int] = (720, 1280)) -> Luma:
    """A cloudy picture with detail at several scales, [h, w]."""
    rng = np.random.default_rng(seed)
    picture = np.zeros(size, np.float32)
    for sigma in (2.0, 5.0, 12.0):
        layer = cv2.GaussianBlur(rng.standard_normal(size).astype(np.float32), (0, 0), sigma)
        picture += layer / layer.std()
    found = np.clip(128 + 30 * picture, 0, 255).astype(np.uint8)
    found.flags.writeable = False  # several tests look at it
    return found


def view(
    picture: Luma, *, right: float = 0.0, down: float = 0.0, scale: float = 1.0, clockwise: float = 0.0
) -> Luma:
    """The picture's middle, its content moved (pixels), scaled and turned (degrees), [180, 320]."""
    height, width = picture.shape
    angle = np.deg2rad(clockwise)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([WIDTH / 2 + right, HEIGHT / 2 + down])
    matrix = np.hstack([turn, (centre - turn @ np.array([width / 2, height / 2]))[:, None]])
    return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.uint8)


def film(frame_at: Callable[[float], Luma], seconds: float = 3.0, fps: float = FPS) -> Frames:
    """Frames of a picture that depends on the time."""
    return [(index / fps, frame_at(index / fps)) for index in range(round(seconds * fps))]


def measured(frames: Frames, settings: MeasureSettings | None = None) -> MotionMeasurement:
    """The measurement of frames, each lasting until the next."""
    meter = MotionMeter(settings or MeasureSettings(), aspect=WIDTH / HEIGHT)
    for t_s, luma in frames:
        meter.push(luma, t_s)
    return meter.finish(0.0, frames[-1][0] + 1 / FPS if frames else 1.0)
