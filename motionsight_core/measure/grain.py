"""Sensor noise of a frame: how much there is, and a picture without most of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

#: Second differences, across and down: linear light gives none, noise 6 times its deviation (Immerkaer,
#: "Fast noise variance estimation", 1996).
SECOND_DIFFERENCE = np.array([1, -2, 1], np.float32)
KERNEL_GAIN = 6.0
#: Blocks in which it is measured, pixels; texture counts as noise, so the smoothest fifth of them is asked.
BLOCK = 16
SMOOTHEST = 20
#: Blocks that are nearly black or white are clipped, and say nothing, levels of 255 ...
DARKEST, BRIGHTEST = 12, 243
#: ... and so much of the frame must be left.
LEAST_SHARE = 0.2
#: Deviation from which on a frame is smoothed, and what is to be left of it, levels.
NOISY = 2.0
LEFT = 1.0
#: A wider blur takes more of the picture than of the noise, pixels.
MOST_BLUR = 1.25
#: How often noise is measured, seconds.
LOOK_EVERY_S = 0.5


def noise_of(luma: Luma) -> float:
    """The standard deviation of the noise of a frame [h, w], levels of 255; 0 where nothing can be told."""
    height, width = luma.shape
    size = (max(width // BLOCK, 1), max(height // BLOCK, 1))
    rough = np.abs(cv2.sepFilter2D(luma, cv2.CV_16S, SECOND_DIFFERENCE, SECOND_DIFFERENCE)).astype(np.float32)
    rough, mean = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (rough, luma))
    told = (mean > DARKEST) & (mean < BRIGHTEST)
    if told.mean() < LEAST_SHARE:
        return 0.0
    # The mean of |x| of normal noise is sqrt(2 / pi) of its deviation.
    return float(np.percentile(rough[told], SMOOTHEST)) * np.sqrt(np.pi / 2) / KERNEL_GAIN


def smoothed(luma: Luma, noise: float) -> Luma:
    """The frame, blurred as far as noise of this deviation demands; as it is where there is little."""
    if noise < NOISY:
        return luma
    # Of independent noise a Gaussian of deviation s leaves 1 / (2 sqrt(pi) s).
    sigma = min(noise / (2 * np.sqrt(np.pi) * LEFT), MOST_BLUR)
    return cv2.GaussianBlur(luma, (0, 0), sigma).astype(np.uint8, copy=False)


class Smoother:
    """Smooths frame after frame by the noise of the last one that was looked at: it hardly changes."""

    def __init__(self) -> None:
        self._noise = 0.0
        self._next_s = -np.inf

    def push(self, luma: Luma, t_s: float) -> Luma:
        """The next frame [h, w] without most of its noise; `t_s` is its time, source seconds."""
        if t_s >= self._next_s:
            self._noise = noise_of(luma)
            self._next_s = t_s + LOOK_EVERY_S
        return smoothed(luma, self._noise)
