"""How far a frame differs from another once that is warped by the camera's motion and has the same light."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.medians import median

Floats = NDArray[np.float64]
Levels = NDArray[np.uint8]
Luma = Levels
Chroma = Levels

#: Motion that is not undone, pixels: edges may lie as far from where they are expected, and more.
LEAST_WAY = 0.1
#: Chroma of what has no colour.
GREY = 128
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as it is compared with others."""

    luma: Luma
    """[h, w]."""
    chroma: Chroma | None = None
    """[h / 2, w / 2, 2], Cb and Cr; None of a frame without colours."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a picture differs from another at each place, levels of 255."""

    luma: Luma
    """[h, w]."""
    chroma: Luma | None
    """[h / 2, w / 2], the larger one of Cb and Cr; None where one of the two has no colours."""

    def smaller(self, other: Difference) -> Difference:
        """The smaller one of two differences at each place."""
        return self._with(other, np.minimum)

    def larger(self, other: Difference) -> Difference:
        """The larger one of two differences at each place."""
        return self._with(other, np.maximum)

    def _with(self, other: Difference, chosen: Callable[[Luma, Luma], Luma]) -> Difference:
        luma = chosen(self.luma, other.luma)
        if self.chroma is None or other.chroma is None:
            return Difference(luma, None)
        return Difference(luma, chosen(self.chroma, other.chroma))


def compensated_difference(other: Picture, other_to_current: Floats, current: Picture) -> Difference:
    """|other warped - current|, in the same light; 0 where `other` does not show the place.

    Args:
        other: earlier or later.
        other_to_current: affine [2, 3] in pixel indices of the luma.
        current: of the same size.
    """
    moves = _longest_way(other_to_current, current.luma) >= LEAST_WAY
    warped = _warped(other.luma, other_to_current, current.luma) if moves else other.luma
    gain, offset = exposure_change(warped, current.luma)
    difference = _apart(warped, current.luma, gain, offset)
    if other.chroma is None or current.chroma is None:
        return Difference(difference, None)
    warped = _warped(other.chroma, _at_half(other_to_current), current.chroma) if moves else other.chroma
    # Light scales colours about grey.
    in_colour = _apart(warped, current.chroma, gain, GREY * (1 - gain))
    return Difference(difference, np.asarray(cv2.max(*cv2.split(in_colour)), np.uint8))


def _apart(warped: Levels, current: Levels, gain: float, offset: float) -> Levels:
    """|gain * warped + offset - current|; 0 where they are the same before."""
    if gain != 1 or offset != 0:
        unknown = warped == current
        warped = cv2.convertScaleAbs(warped, alpha=gain, beta=offset).astype(np.uint8, copy=False)
        warped[unknown] = current[unknown]
    return cv2.absdiff(warped, current).astype(np.uint8, copy=False)


def _longest_way(motion: Floats, luma: Luma) -> float:
    """How far an affine [2, 3] moves the corner of a frame [h, w] that it moves farthest, pixels."""
    (xx, xy, right), (yx, yy, down) = motion.tolist()
    height, width = luma.shape
    return max(
        math.hypot((xx - 1) * x + xy * y + right, yx * x + (yy - 1) * y + down)
        for x in (0, width)
        for y in (0, height)
    )


def _at_half(motion: Floats) -> Floats:
    """An affine [2, 3] in pixel indices of a frame half as large, whose first pixel lies between the first
    two of the whole one."""
    turned, way = motion[:, :2], motion[:, 2]
    return np.column_stack([turned, (turned.sum(axis=1) / 2 + way - 0.5) / 2])


def _warped(other: Levels, other_to_current: Floats, current: Levels) -> Levels:
    height, width = current.shape[:2]
    # A transparent border leaves `current` itself where nothing is known: no difference there.
    return cv2.warpAffine(
        other,
        other_to_current,
        (width, height),
        dst=current.copy(),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    ).astype(np.uint8, copy=False)


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
    gain, offset = 1.0, median(y - x)
    apart = median(np.abs(y - x))
    if abs(offset) < LEAST_EXPOSURE and apart < LEAST_EXPOSURE:
        return 1.0, 0.0
    for _ in range(EXPOSURE_FITS):
        residual = y - gain * x - offset
        scale = max(LEAST_EXPOSURE, 2 * median(np.abs(residual)))
        weight = 1 / (1 + (residual / scale) ** 2) ** 2
        total = float(weight.sum())
        mean_x, mean_y = float(weight @ x) / total, float(weight @ y) / total
        spread = float(weight @ (x - mean_x) ** 2)
        # A flat picture does not tell gain from offset.
        ridge = EXPOSURE_RIDGE * total
        gain = (float(weight @ ((x - mean_x) * (y - mean_y))) + ridge) / (spread + ridge)
        offset = mean_y - gain * mean_x
    if median(np.abs(y - gain * x - offset)) > MUCH_BETTER * apart:
        return 1.0, 0.0
    return gain, offset
