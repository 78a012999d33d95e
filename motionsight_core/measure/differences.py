"""How far a frame differs from another once that is warped by the camera's motion and has the same light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: Light is compared in each such pixel across and down ...
EXPOSURE_STEP = 4
#: ... by so many fits, each without what moves in the one before.
EXPOSURE_FITS = 3
#: A smaller change of light is none, levels of 255.
LEAST_EXPOSURE = 1.0
#: Variance of the light, levels squared, at which a change is half gain.
EXPOSURE_RIDGE = 25.0
#: Median difference that must go, as a share of what is left of it, if light explains it.
MUCH_BETTER = 0.85


def compensated_difference(other: Luma, other_to_current: Floats, current: Luma) -> Luma:
    """|other warped - current| [h, w]; 0 where `other` does not show the place.

    Args:
        other: luma [h, w], earlier or later.
        other_to_current: affine [2, 3] in pixel indices.
        current: luma [h, w].
    """
    height, width = current.shape
    # A transparent border leaves `current` itself where nothing is known: no difference there.
    warped = cv2.warpAffine(
        other,
        other_to_current,
        (width, height),
        dst=current.copy(),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    ).astype(np.uint8, copy=False)
    gain, offset = exposure_change(warped, current)
    if gain != 1 or offset != 0:
        unknown = warped == current
        warped = cv2.convertScaleAbs(warped, alpha=gain, beta=offset)
        warped[unknown] = current[unknown]
    return cv2.absdiff(warped, current).astype(np.uint8, copy=False)


def exposure_change(before: Luma, after: Luma) -> tuple[float, float]:
    """Gain and offset that lead from the light of one frame [h, w] to that of another of the same view.

    (1, 0) where hardly anything changes, or nothing can be told; objects that move do not count.
    """
    small = [np.ascontiguousarray(frame[::EXPOSURE_STEP, ::EXPOSURE_STEP]) for frame in (before, after)]
    (mean, deviation), (mean_after, deviation_after) = (
        (float(one[0, 0]) for one in cv2.meanStdDev(frame)) for frame in small
    )
    if abs(mean - mean_after) < LEAST_EXPOSURE and abs(deviation - deviation_after) < LEAST_EXPOSURE:
        return 1.0, 0.0  # what moves changes neither by much, and light does
    x, y = (frame.ravel().astype(np.float64) for frame in small)
    gain, offset = 1.0, float(np.median(y - x))
    if abs(offset) < LEAST_EXPOSURE and np.median(np.abs(y - x)) < LEAST_EXPOSURE:
        return 1.0, 0.0
    for _ in range(EXPOSURE_FITS):
        residual = y - gain * x - offset
        scale = max(LEAST_EXPOSURE, 2 * float(np.median(np.abs(residual))))
        weight = 1 / (1 + (residual / scale) ** 2) ** 2
        mean_x, mean_y = (float(np.average(values, weights=weight)) for values in (x, y))
        spread = float(weight @ (x - mean_x) ** 2)
        # A flat picture does not tell gain from offset.
        ridge = EXPOSURE_RIDGE * float(weight.sum())
        gain = (float(weight @ ((x - mean_x) * (y - mean_y))) + ridge) / (spread + ridge)
        offset = mean_y - gain * mean_x
    if np.median(np.abs(y - gain * x - offset)) > MUCH_BETTER * np.median(np.abs(y - x)):
        return 1.0, 0.0
    return gain, offset
