"""The difference that the background may show in a frame: noise, haze, and edges that are not quite met."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.differences import Chroma, Difference, Luma, Picture
from motionsight_core.measure.medians import median_of_levels

#: A difference must exceed this many deviations of the frame's own noise.
NOISE_DEVIATIONS = 5.0
#: Median of |x| over the deviation of x, for normal noise.
MEDIAN_TO_DEVIATION = 0.6745
#: Deviation of luma of a picture of usual contrast, levels of 255, and the least share of it that is told.
USUAL_DEVIATION = 25.0
LEAST_CONTRAST = 0.4
#: Threshold of colours, share of that of luma: they vary less.
CHROMA_SHARE = 0.8
#: Every so manyth pixel across and down tells the noise.
NOISE_STEP = 3


def strength_of(
    current: Picture, difference: Difference, *, threshold: float, error: float
) -> NDArray[np.float32]:
    """The difference at each pixel [h, w] over what one of the background may show, 1 at the threshold; by
    luma or by colour, whichever shows more.

    Args:
        current: lightly blurred, like the difference's sources.
        difference: from the frames before and after.
        threshold: least difference of a moving pixel's luma, of 255.
        error: how far an edge of the background may lie from where it is expected, pixels.
    """
    tolerance = _tolerance(current.luma, difference.luma, threshold * _contrast(current.luma), error)
    strength = np.asarray(difference.luma / tolerance, np.float32)
    if difference.chroma is None or current.chroma is None:
        return strength
    tolerance = _tolerance(current.chroma, difference.chroma, CHROMA_SHARE * threshold, error / 2)
    height, width = strength.shape
    in_colour = cv2.resize(difference.chroma / tolerance, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(strength, in_colour), np.float32)


def _tolerance(current: Luma | Chroma, difference: Luma, least: float, error: float) -> NDArray[np.float32]:
    """The difference [h, w] that a pixel of the background may show, `error` in its own pixels."""
    noise = median_of_levels(difference[::NOISE_STEP, ::NOISE_STEP]) / MEDIAN_TO_DEVIATION
    gradient = cv2.morphologyEx(current, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    if gradient.ndim > difference.ndim:
        gradient = cv2.max(*cv2.split(gradient))
    # The morphological gradient spans two pixels.
    return gradient.astype(np.float32) * np.float32(error / 2) + np.float32(
        max(least, NOISE_DEVIATIONS * noise)
    )


def _contrast(current: Luma) -> float:
    """Of a frame, 1 where it is as usual, less in haze: there a smaller difference is one."""
    deviation = float(cv2.meanStdDev(np.ascontiguousarray(current[::4, ::4]))[1][0, 0])
    return min(max(deviation / USUAL_DEVIATION, LEAST_CONTRAST), 1.0)
