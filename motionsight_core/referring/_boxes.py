"""Arithmetic of boxes: x0, y0, x1, y1 in fractions of the frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import ObjectTrack

#: Sampled times are cut to the clip, measured times are rounded.
_TIME_TOLERANCE_S = 1e-3


def boxes_at(tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[O, T, 4] the box of each track at each time, between its own boxes; NaN where it is not present."""
    boxes = np.full((len(tracks), len(times_s), 4), np.nan)
    for number, track in enumerate(tracks):
        present = times_s >= track.boxes[0].t_s - _TIME_TOLERANCE_S
        present &= times_s <= track.boxes[-1].t_s + _TIME_TOLERANCE_S
        boxes[number, present] = held_boxes(track, times_s[present])
    return boxes


def held_boxes(track: ObjectTrack, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, 4] the object's box at each time, between its boxes by interpolation, beyond them held."""
    track_times = [box.t_s for box in track.boxes]
    corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
    return np.stack([np.interp(times_s, track_times, corner) for corner in corners.T], axis=1)


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
