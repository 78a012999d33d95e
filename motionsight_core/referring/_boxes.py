"""Arithmetic of boxes: x0, y0, x1, y1 in fractions of the frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def box_iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every box of one set with every box of another.

    Args:
        one: [A, 4].
        other: [B, 4].

    Returns:
        [A, B], 0 to 1; 0 where a box is NaN.
    """
    corner0 = np.maximum(one[:, None, :2], other[None, :, :2])
    corner1 = np.minimum(one[:, None, 2:], other[None, :, 2:])
    together = np.clip(corner1 - corner0, 0, None).prod(axis=2)
    union = _areas(one)[:, None] + _areas(other)[None, :] - together
    iou = np.divide(together, union, out=np.zeros_like(union), where=union > 0)
    return np.nan_to_num(iou)


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
