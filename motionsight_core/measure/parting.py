"""Two things that were one region before they parted: where each of them was is told from how they go on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import Corners, area, iou, share_inside
from motionsight_core.measure.trails import Trail

Floats = NDArray[np.float64]

#: How far back two things are told apart, seconds.
BACK_S = 2.0
#: Boxes after the parting that tell how each goes.
AFTER = 6
#: Share of the later thing's first box that lies in what both were.
INSIDE = 0.6
#: How many times as large as the earlier thing alone both together are, area.
LARGER = 1.15
#: How well both, taken back, fill what both were, IoU.
FIT = 0.55


def parted(trails: Sequence[Trail]) -> None:
    """Takes things that part back to where each was while they were one region, in place."""
    for later in sorted(trails, key=lambda trail: -trail.times[0]):
        for whole in trails:
            if whole is not later and _part_here(whole, later):
                _take_back(whole, later)
                break


def _part_here(whole: Trail, later: Trail) -> bool:
    """Whether `later` begins where `whole` becomes smaller."""
    start_s = later.times[0]
    if whole.shot != later.shot or not whole.times[0] < start_s <= whole.times[-1]:
        return False
    index = _first_at(whole, start_s)
    before, after = whole.boxes[index - 1], whole.boxes[index : index + AFTER]
    if share_inside(later.boxes[0], before) < INSIDE:
        return False
    return area(before) > LARGER * float(np.median([area(box) for box in after]))


def _take_back(whole: Trail, later: Trail) -> None:
    index = _first_at(whole, later.times[0])
    one, other = _course(whole, index), _course(later, 0)
    for back in range(index - 1, -1, -1):
        t_s = whole.times[back]
        if later.times[0] - t_s > BACK_S and back < index - 1:
            break
        mine, others = _at(one, t_s), _at(other, t_s)
        if _fit(mine, others, whole.boxes[back]) < FIT:
            break
        whole.boxes[back] = mine
        later.put_before(whole.frames[back], t_s, others, layered=whole.layered[back])


def _course(trail: Trail, first: int) -> tuple[Floats, Floats, Floats]:
    """Of a thing by itself: its middle at t = 0 [2], its velocity [2] and its size [2]."""
    boxes, t_s = np.array(trail.boxes[first : first + AFTER]), np.array(trail.times[first : first + AFTER])
    centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    if len(t_s) < 3:
        return np.median(centres, axis=0), np.zeros(2), np.median(sizes, axis=0)
    velocity, middle = np.polyfit(t_s, centres, 1)
    return middle, velocity, np.median(sizes, axis=0)


def _at(course: tuple[Floats, Floats, Floats], t_s: float) -> Corners:
    middle, velocity, size = course
    x, y = middle + velocity * t_s
    sides = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
    left, top, right, bottom = (float(np.clip(side, 0.0, 1.0)) for side in sides)
    return left, top, right, bottom


def _fit(one: Corners, other: Corners, both: Corners) -> float:
    """IoU of what two boxes span with a box."""
    span = (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
    return iou(span, both)


def _first_at(trail: Trail, t_s: float) -> int:
    return next(index for index, time in enumerate(trail.times) if time >= t_s)
