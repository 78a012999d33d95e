"""Regions that move against the background in one frame: compensated differences with its neighbours.

A pixel moves when it differs from the frame before and from the frame after, both warped by the camera's
motion. Two frames alone would also show where an object was; the smaller of two differences shows only
where it is. A second look over a longer time brings out what is slow.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import partial, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.bars import Area, BarFinder
from motionsight_core.measure.camera import Registration, to_corner_origin
from motionsight_core.measure.differences import Chroma, Difference, Picture, compensated_difference
from motionsight_core.measure.dividing import divided
from motionsight_core.measure.grouping import Group, moving_groups, of_one_thing
from motionsight_core.measure.medians import medians
from motionsight_core.measure.slopes import drifting_groups
from motionsight_core.measure.tolerance import strength_of

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: The longer look, seconds to either side: brings out what moves less than a pixel from frame to frame.
LONG_LOOK_S = 0.3
#: Error of the registration that an edge may show without counting as motion, pixels.
REGISTRATION_ERROR = 0.25
#: ... and how much of the background's own deviation from the affine is added to it.
MISFIT_WEIGHT = 1.0
#: Least moving pixels of a region, share of the frame.
LEAST_MASS = 0.0006
LEAST_MASS_BETWEEN_LAYERS = 0.0015
#: Deformation from frame to frame from which on the background is a slope: ground seen from above.
LEAST_SLOPE = 0.005
#: A pixel holds still on the screen if it differs from the same place before and after by less, of 255 ...
STILL_LEVELS = 3
#: ... while the background passes there by more than this, pixels.
LEAST_PASSING = 0.7
#: The flow of a region is compared with that of the rows below it: so far down, heights of the region and
#: pixels ...
GROUND_HEIGHTS = 1.0
GROUND_PIXELS = 10
#: ... at every so manyth pixel, if there are enough rows.
ROW_STEP, COLUMN_STEP, LEAST_ROWS = 2, 3, 3


@dataclass(frozen=True, slots=True)
class Region:
    """What moves in one place of one frame."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in fractions of width and height."""
    mass: float
    """Moving pixels, share of the frame."""
    strength: float
    """Mean difference over the threshold, 1 at the threshold."""
    still: float = 0.0
    """Share of its pixels that hold still on the screen while the background passes."""
    flow: tuple[float, float] = (0.0, 0.0)
    """Median of its flow to the next frame, frame widths and heights."""
    passing: tuple[float, float] = (0.0, 0.0)
    """The same of the background there."""
    by_flow: bool = False
    """Whether its flow says that it moves, over ground that recedes, and not the difference of pixels."""
    off_ground: float = 1.0
    """How far its flow is from that of the ground below it, over how far it is from the background's: near
    0 of what stands on the ground, nearer than the background; 1 or more of what moves."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that was judged."""

    t_s: float
    """Source seconds."""
    luma: Luma
    """[h, w], lightly blurred."""
    regions: list[Region]
    layered: bool
    """Whether parallax parts the background: what stands nearer than the rest moves otherwise, too."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame that waits for its neighbours."""

    t_s: float
    picture: Picture
    """Lightly blurred."""
    far: Floats
    """Affine [3, 3] in pixel indices from the frame before."""
    near: Floats | None
    """The same of a near layer of the background."""
    misfit: float
    """Pixels."""
    layered: bool
    """Whether parallax parts the background: into two layers, or into a slope."""
    is_slope: bool
    """Whether the background is a slope."""
    flow: NDArray[np.float32] | None
    """[h, w, 2] from the frame before, pixels."""

    @classmethod
    def of(cls, t_s: float, picture: Picture, registration: Registration | None) -> _Frame:
        if registration is None:
            return cls(t_s, picture, np.eye(3), None, 0.0, False, False, None)
        height, width = picture.luma.shape
        near = registration.near
        (xx, xy, _), (yx, yy, _) = registration.affine
        slope = float(np.hypot(xx - yy, xy + yx)) / 2
        return cls(
            t_s,
            picture,
            to_corner_origin(registration.affine, height, width),
            None if near is None else to_corner_origin(near, height, width),
            registration.misfit,
            near is not None or slope > LEAST_SLOPE,
            near is None and slope > LEAST_SLOPE,
            registration.flow,
        )


class RegionFinder:
    """Finds the regions of frame after frame; holds the few frames of the longer look, and no more."""

    def __init__(self, threshold: float, fps: float) -> None:
        self._threshold = threshold
        self._reach = max(1, round(LONG_LOOK_S * fps))
        self._frames: deque[_Frame] = deque(maxlen=2 * self._reach + 1)
        self._pending = 0
        self._bars = BarFinder()

    def push(
        self, t_s: float, luma: Luma, registration: Registration | None, chroma: Chroma | None = None
    ) -> list[Seen]:
        """Takes the next frame [h, w]; gives the regions of the frame that can be judged now, if any.

        Args:
            t_s: its time, source seconds.
            luma: [h, w].
            registration: how the background moved since the frame before; None for a shot's first.
            chroma: [h / 2, w / 2, 2]; None where there are no colours.
        """
        self._bars.push(luma)
        picture = Picture(_softened(luma), None if chroma is None else _softened(chroma))
        self._frames.append(_Frame.of(t_s, picture, registration))
        self._pending += 1
        return [self._judge(len(self._frames) - self._pending)] if self._pending > self._reach else []

    def flush(self) -> list[Seen]:
        """The regions of the frames that still wait for later ones; forgets all frames."""
        found = []
        if len(self._frames) > 1:
            found = [self._judge(len(self._frames) - self._pending) for _ in range(self._pending)]
        self._frames.clear()
        self._pending = 0
        return found

    def _judge(self, index: int) -> Seen:
        self._pending -= 1
        to = partial(self._difference, self._bars.picture, index)
        before = min(self._reach, index)
        after = min(self._reach, len(self._frames) - 1 - index)
        layered = any(frame.layered for frame in self._frames)
        if before and after:
            difference = to(-1).smaller(to(1))
            # The motion of ground that recedes is known too roughly for a longer look.
            if not any(frame.is_slope for frame in self._frames):
                difference = difference.larger(to(-before).smaller(to(after)))
        else:
            # The first or last frame of a shot: two looks to the one side there is.
            side = 1 if after else -1
            difference = to(side).smaller(to(side * max(before, after)))
        frame = self._frames[index]
        luma = frame.picture.luma
        error = REGISTRATION_ERROR + MISFIT_WEIGHT * frame.misfit
        strength = strength_of(frame.picture, difference, threshold=self._threshold, error=error)
        groups = moving_groups(strength, least=LEAST_MASS_BETWEEN_LAYERS if layered else LEAST_MASS)
        step = self._frames[index + 1] if index + 1 < len(self._frames) else frame
        by_flow = not groups and step.is_slope and step.flow is not None
        if by_flow and step.flow is not None:
            groups = drifting_groups(step.flow, luma, least=LEAST_MASS_BETWEEN_LAYERS)
        if not by_flow:
            later = list(self._frames)[index + 1 :]
            groups = divided(groups, [(one.flow, one.far) for one in later if one.flow is not None])
        if len(groups) > 1 and step.flow is not None:
            groups = of_one_thing(groups, step.flow, step.far)
        still = self._still(index) if groups and self._passes(index) else None
        regions = [replace(self._region(index, group, still), by_flow=by_flow) for group in groups]
        return Seen(frame.t_s, luma, regions, layered)

    def _difference(self, area: Area, index: int, offset: int) -> Difference:
        """The difference of a frame with the one `offset` frames later, by its nearest layer.

        Outside of the picture's area it is 0: the edges of black bars would else move with the camera.
        """
        steps = range(min(index, index + offset) + 1, max(index, index + offset) + 1)
        whole = self._frames[index].picture
        other, current = _within(area, self._frames[index + offset].picture), _within(area, whole)
        far = [self._frames[step].far for step in steps]
        difference = compensated_difference(other, _along(far, area, back=offset > 0), current)
        near = [layer for step in steps if (layer := self._frames[step].near) is not None]
        if len(near) == len(steps):
            difference = difference.smaller(
                compensated_difference(other, _along(near, area, back=offset > 0), current)
            )
        if difference.luma.shape == whole.luma.shape:
            return difference
        luma = _framed(difference.luma, area, whole.luma)
        if difference.chroma is None or whole.chroma is None:
            return Difference(luma, None)
        return Difference(luma, _framed(difference.chroma, area.halved, whole.chroma))

    def _passes(self, index: int) -> bool:
        """Whether the background passes anywhere, to the next frame or from the one before."""
        step = self._frames[index + 1] if index + 1 < len(self._frames) else self._frames[index]
        height, width = step.picture.luma.shape
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64).T
        return bool(np.hypot(*(step.far @ corners - corners)[:2]).max() > LEAST_PASSING)

    def _still(self, index: int) -> NDArray[np.bool_]:
        """Which pixels [h, w] hold still on the screen."""
        frames = self._frames
        grey = Picture(frames[index].picture.luma)
        raw = [
            compensated_difference(Picture(frames[other].picture.luma), np.eye(2, 3), grey).luma
            for other in (index - 1, index + 1)
            if 0 <= other < len(frames)
        ]
        return np.asarray(np.max(raw, axis=0) <= STILL_LEVELS)

    def _region(self, index: int, group: Group, still: NDArray[np.bool_] | None) -> Region:
        frame = self._frames[index]
        height, width = frame.picture.luma.shape
        rows, columns = group.rows, group.columns
        x0, y0, x1, y1 = group.box
        region = Region(
            box=(x0 / width, y0 / height, x1 / width, y1 / height),
            mass=len(rows) / (height * width),
            strength=group.strength,
        )
        # The flow to the next frame begins where the region is.
        step = self._frames[index + 1] if index + 1 < len(self._frames) else frame
        if step.flow is None:
            return region
        middle = np.array([(x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2, 1.0])
        passing = (step.far @ middle - middle)[:2]
        flow = medians(step.flow[rows, columns]).astype(np.float64)
        moving = float(np.hypot(*(flow - passing)))
        ground = _nearest_ground(step.flow[:, x0:x1], y1, y1 - y0, flow)
        passes = np.hypot(*passing) > LEAST_PASSING and still is not None
        return replace(
            region,
            still=float(np.mean(still[rows, columns])) if passes and still is not None else 0.0,
            flow=(float(flow[0]) / width, float(flow[1]) / height),
            passing=(float(passing[0]) / width, float(passing[1]) / height),
            off_ground=1.0 if ground is None or moving <= 0 else ground / moving,
        )


def _nearest_ground(flow: NDArray[np.float32], top: int, height: int, mine: Floats) -> float | None:
    """How near the flow of a row below a region comes to the region's own, pixels; None without any.

    Args:
        flow: [h, n, 2] of the columns of the region.
        top: the row below the region.
        height: of the region, rows.
        mine: the region's flow [2].
    """
    below = flow[top : top + round(GROUND_HEIGHTS * height) + GROUND_PIXELS : ROW_STEP, ::COLUMN_STEP]
    if len(below) < LEAST_ROWS:
        return None
    away = medians(below.swapaxes(0, 1)) - mine
    return float(np.hypot(away[:, 0], away[:, 1]).min())


def _softened(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.GaussianBlur(levels, (3, 3), 0).astype(np.uint8, copy=False)


def _within(area: Area, picture: Picture) -> Picture:
    """What lies in an area of a picture."""
    chroma = None if picture.chroma is None else area.halved.of(picture.chroma)
    return Picture(area.of(picture.luma), chroma)


def _framed(part: Luma, area: Area, whole: NDArray[np.uint8]) -> Luma:
    """What lies in an area of a frame, at the size [h, w] of the whole; 0 beside it."""
    frame = np.zeros(whole.shape[:2], np.uint8)
    area.of(frame)[:] = part
    return frame


def _along(steps: list[Floats], area: Area, *, back: bool) -> Floats:
    """The affine [2, 3] over several frames, forwards or back, from those [3, 3] of each; in an area within
    the frame, pixels from its corner."""
    path = reduce(lambda before, step: step @ before, steps)
    whole = np.asarray(np.linalg.inv(path) if back else path, np.float64)[:2]
    if area.left == area.top == 0:
        return whole
    corner = np.array([area.left, area.top])
    return np.column_stack([whole[:, :2], whole[:, 2] + whole[:, :2] @ corner - corner])
