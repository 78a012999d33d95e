"""Sensor noise of a frame: how much there is, and a picture without most of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

#: Second differences, across and down: linear light gives none, noise 6 times its deviation (Immerkaer,
#: "Fast noise variance estimation", 1996).
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
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


def noise_of(luma: Luma) -> float:
    """The standard deviation of the noise of a frame [h, w], levels of 255; 0 where nothing can be told."""
    height, width = luma.shape
    size = (max(width // BLOCK, 1), max(height // BLOCK, 1))
    rough = np.abs(cv2.filter2D(luma, cv2.CV_32F, KERNEL))
    rough, mean = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (rough, luma))
    told = (mean > DARKEST) & (mean < BRIGHTEST)
    if told.mean() < LEAST_SHARE:
        return 0.0
    # The mean of |x| of normal noise is sqrt(2 / pi) of its deviation.
    return float(np.percentile(rough[told], SMOOTHEST)) * np.sqrt(np.pi / 2) / KERNEL_GAIN


def smoothed(luma: Luma) -> Luma:
    """The frame, blurred as far as its noise demands; as it is where there is little."""
    noise = noise_of(luma)
    if noise < NOISY:
        return luma
    # Of independent noise a Gaussian of deviation s leaves 1 / (2 sqrt(pi) s).
    sigma = noise / (2 * np.sqrt(np.pi) * LEFT)
    return cv2.GaussianBlur(luma, (0, 0), sigma).astype(np.uint8, copy=False)
