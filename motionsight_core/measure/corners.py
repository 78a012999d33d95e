"""Boxes as their corners, x0, y0, x1, y1, in whatever unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Corners = tuple[float, float, float, float]
_Box = Corners | NDArray[np.float64]


def area(box: _Box) -> float:
    """Width times height; never quite 0, so that one can divide by it."""
    return max(float((box[2] - box[0]) * (box[3] - box[1])), 1e-9)


def common_area(box: _Box, other: _Box) -> float:
    """What two boxes have in common."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return float(max(width, 0) * max(height, 0))


def share_inside(box: _Box, other: _Box) -> float:
    """Which share of a box lies in another one."""
    return common_area(box, other) / area(box)


def iou(box: _Box, other: _Box) -> float:
    """Intersection over union, 0 to 1."""
    common = common_area(box, other)
    return common / (area(box) + area(other) - common)
