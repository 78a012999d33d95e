"""Regions that move against the background in one frame: compensated differences with its neighbours.

A pixel moves when it differs from the frame before and from the frame after, both warped by the camera's
motion. Two frames alone would also show where an object was; the smaller of two differences shows only
where it is. A second look over a longer time brings out what is slow.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import Registration, to_corner_origin

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: The longer look, seconds to either side: brings out what moves less than a pixel from frame to frame.
LONG_LOOK_S = 0.3
#: Error of the registration that an edge may show without counting as motion, pixels.
REGISTRATION_ERROR = 0.25
#: ... and how much of the background's own deviation from the affine is added to it.
MISFIT_WEIGHT = 1.0
#: A difference must exceed this many deviations of the frame's own noise.
NOISE_DEVIATIONS = 4.0
#: Median of |x| over the deviation of x, for normal noise.
MEDIAN_TO_DEVIATION = 0.6745
#: Least moving pixels among a pixel's 3x3 neighbourhood: single ones are noise.
NEIGHBOURS = 4
#: Gap between two parts of one object, in widths of the frame, across and (people are tall) upwards.
GAP_X = 0.028
GAP_Y = 0.040
#: Least moving pixels of a region, share of the frame.
LEAST_MASS = 0.0006
LEAST_MASS_BETWEEN_LAYERS = 0.0015
#: Deformation from frame to frame from which on the background is a slope: ground seen from above.
LEAST_SLOPE = 0.005
#: Regions that are kept of one frame, the largest first.
MOST_REGIONS = 16


@dataclass(frozen=True, slots=True)
class Region:
    """What moves in one place of one frame."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in fractions of width and height."""
    mass: float
    """Moving pixels, share of the frame."""
    strength: float
    """Mean difference over the threshold, 1 at the threshold."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame that waits for its neighbours."""

    t_s: float
    luma: Luma
    far: Floats
    """Affine [3, 3] in pixel indices from the frame before."""
    near: Floats | None
    """The same of a near layer of the background."""
    misfit: float
    """Pixels."""
    layered: bool
    """Whether parallax parts the background: into two layers, or into a slope."""

    @classmethod
    def of(cls, t_s: float, luma: Luma, registration: Registration | None) -> _Frame:
        if registration is None:
            return cls(t_s, luma, np.eye(3), None, 0.0, False)
        height, width = luma.shape
        near = registration.near
        (xx, xy, _), (yx, yy, _) = registration.affine
        slope = float(np.hypot(xx - yy, xy + yx)) / 2
        return cls(
            t_s,
            luma,
            to_corner_origin(registration.affine, height, width),
            None if near is None else to_corner_origin(near, height, width),
            registration.misfit,
            near is not None or slope > LEAST_SLOPE,
        )


class RegionFinder:
    """Finds the regions of frame after frame; holds the few frames of the longer look, and no more."""

    def __init__(self, threshold: float, fps: float) -> None:
        self._threshold = threshold
        self._reach = max(1, round(LONG_LOOK_S * fps))
        self._frames: deque[_Frame] = deque(maxlen=2 * self._reach + 1)
        self._pending = 0

    def push(
        self, t_s: float, luma: Luma, registration: Registration | None
    ) -> list[tuple[float, list[Region]]]:
        """Takes the next frame [h, w]; gives the regions of the frame that can be judged now, if any.

        Args:
            t_s: its time, source seconds.
            registration: how the background moved since the frame before; None for a shot's first.
        """
        softened = cv2.GaussianBlur(luma, (3, 3), 0).astype(np.uint8, copy=False)
        self._frames.append(_Frame.of(t_s, softened, registration))
        self._pending += 1
        return [self._judge(len(self._frames) - self._pending)] if self._pending > self._reach else []

    def flush(self) -> list[tuple[float, list[Region]]]:
        """The regions of the frames that still wait for later ones; forgets all frames."""
        found = []
        if len(self._frames) > 1:
            found = [self._judge(len(self._frames) - self._pending) for _ in range(self._pending)]
        self._frames.clear()
        self._pending = 0
        return found

    def _judge(self, index: int) -> tuple[float, list[Region]]:
        self._pending -= 1
        before = min(self._reach, index)
        after = min(self._reach, len(self._frames) - 1 - index)
        layered = any(frame.layered for frame in self._frames)
        if before and after:
            # Between two layers of the background there is always something that is hidden both long
            # before and long after: the longer look would take it for an object.
            difference = np.minimum(self._difference(index, -1), self._difference(index, 1))
            if not layered:
                long = np.minimum(self._difference(index, -before), self._difference(index, after))
                difference = np.maximum(difference, long)
        else:
            # The first or last frame of a shot: two looks to the one side there is.
            side = 1 if after else -1
            difference = np.minimum(
                self._difference(index, side), self._difference(index, side * max(before, after))
            )
        frame = self._frames[index]
        error = REGISTRATION_ERROR + MISFIT_WEIGHT * frame.misfit
        least = LEAST_MASS_BETWEEN_LAYERS if layered else LEAST_MASS
        regions = moving_regions(frame.luma, difference, self._threshold, error)
        return frame.t_s, [region for region in regions if region.mass >= least]

    def _difference(self, index: int, offset: int) -> Luma:
        """The difference [h, w] of a frame with the one `offset` frames later, by its nearest layer."""
        steps = range(min(index, index + offset) + 1, max(index, index + offset) + 1)
        other, current = self._frames[index + offset].luma, self._frames[index].luma
        far = [self._frames[step].far for step in steps]
        difference = compensated_difference(other, _along(far, back=offset > 0), current)
        near = [layer for step in steps if (layer := self._frames[step].near) is not None]
        if len(near) == len(steps):
            by_near = compensated_difference(other, _along(near, back=offset > 0), current)
            difference = np.minimum(difference, by_near)
        return difference


def _along(steps: list[Floats], *, back: bool) -> Floats:
    """The affine [2, 3] over several frames, forwards or back, from those [3, 3] of each."""
    path = np.eye(3)
    for step in steps:
        path = step @ path
    return np.asarray(np.linalg.inv(path) if back else path, np.float64)[:2]


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
    )
    return cv2.absdiff(warped, current).astype(np.uint8, copy=False)


def moving_regions(current: Luma, difference: Luma, threshold: float, error: float) -> list[Region]:
    """The regions of one frame, the one with most moving pixels first.

    Args:
        current: luma [h, w], lightly blurred like the difference's sources.
        difference: how far each pixel [h, w] differs from the frames before and after.
        threshold: least difference of a moving pixel, of 255.
        error: how far an edge of the background may lie from where it is expected, pixels.
    """
    tolerance = _tolerance(current, difference, threshold, error)
    excess = difference.astype(np.float32) - tolerance
    mask = (excess > 0).astype(np.uint8)
    count = cv2.boxFilter(mask, -1, (3, 3), normalize=False)
    mask &= (count >= NEIGHBOURS).astype(np.uint8)
    return _grouped(mask, difference, tolerance)


def _tolerance(current: Luma, difference: Luma, threshold: float, error: float) -> NDArray[np.float32]:
    """The difference [h, w] that a pixel of the background may show."""
    noise = float(np.median(difference[::3, ::3])) / MEDIAN_TO_DEVIATION
    gradient = cv2.morphologyEx(current, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    # The morphological gradient spans two pixels.
    return gradient.astype(np.float32) * np.float32(error / 2) + np.float32(
        max(threshold, NOISE_DEVIATIONS * noise)
    )


def _grouped(mask: NDArray[np.uint8], difference: Luma, tolerance: NDArray[np.float32]) -> list[Region]:
    height, width = mask.shape
    kernel = np.ones((2 * round(GAP_Y * width / 2) + 1, 2 * round(GAP_X * width / 2) + 1), np.uint8)
    joined = cv2.dilate(mask, kernel)
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    if count <= 1:
        return []
    rows, columns = np.nonzero(mask)
    owner = labels[rows, columns]
    masses = np.bincount(owner, minlength=count)
    strength = np.bincount(
        owner, weights=difference[rows, columns] / tolerance[rows, columns], minlength=count
    )
    regions = []
    for label in np.argsort(-masses, kind="stable")[:MOST_REGIONS]:
        mass = masses[label]
        if mass < LEAST_MASS * height * width:
            break
        mine = owner == label
        x, y = columns[mine], rows[mine]
        box = (x.min() / width, y.min() / height, (x.max() + 1) / width, (y.max() + 1) / height)
        regions.append(
            Region(
                box=tuple(float(side) for side in box),  # pyright: ignore[reportArgumentType]
                mass=float(mass / (height * width)),
                strength=float(strength[label] / mass),
            )
        )
    return regions
