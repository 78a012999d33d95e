"""Where a thing is between the frames in which it was detected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: How long a thing goes on before its first detection and after its last one, seconds.
BEYOND_S = 0.8


def boxes_between(t_s: Floats, boxes: Floats, known_s: Floats, things: Floats) -> Floats:
    """Boxes [B, 4] of a thing at all times.

    Args:
        t_s: times [B] of the region.
        boxes: of the region [B, 4].
        known_s: times [K] of the frames in which the thing was detected, in order.
        things: its boxes there [K, 4].
    """
    there = _interpolated(known_s, t_s, boxes)
    margins = things - there
    # Before the first detection and after the last one a margin keeps its share of the region's size, and
    # goes after a while.
    share = _sizes(boxes) / np.maximum(
        _sizes(there)[np.searchsorted(known_s, t_s).clip(0, len(known_s) - 1)], 1e-6
    )
    beyond = (t_s < known_s[0]) | (t_s > known_s[-1])
    gone_s = np.maximum(np.maximum(known_s[0] - t_s, t_s - known_s[-1]) - BEYOND_S, 0.0)
    share *= np.maximum(1 - gone_s / BEYOND_S, 0.0)[:, None]
    by_margins = boxes + _interpolated(t_s, known_s, margins) * np.where(beyond[:, None], share, 1.0)
    if len(known_s) < 3:
        return by_margins
    errors = np.zeros(2)
    for left_out in range(1, len(known_s) - 1):
        others = np.arange(len(known_s)) != left_out
        at = known_s[left_out : left_out + 1]
        own = _interpolated(at, known_s[others], things[others])
        by_margin = there[left_out] + _interpolated(at, known_s[others], margins[others])
        errors += [np.abs(own - things[left_out]).sum(), np.abs(by_margin - things[left_out]).sum()]
    by_itself = _interpolated(t_s, known_s, things)
    outside = (t_s < known_s[0] - BEYOND_S) | (t_s > known_s[-1] + BEYOND_S)
    return np.where(outside[:, None] | (errors[1] <= errors[0]), by_margins, by_itself)


def _sizes(boxes: Floats) -> Floats:
    """Width and height, twice [B, 4], as the sides of boxes come."""
    return np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def _interpolated(t_s: Floats, known_s: Floats, values: Floats) -> Floats:
    return np.stack([np.interp(t_s, known_s, side) for side in values.T], axis=1)
