"""Action focusing (section 3.2, eq. 3): one steady region that holds what moves.

Detections jitter from frame to frame, and a light that follows them would flicker. The temporal
aggregator merges the boxes of a window around each sampled frame. The window adapts to the motion,
the Manhattan distance that the centre covers per second: long where an object stays in place, so
that the region is still; short where it runs, so that the region keeps up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import ObjectTrack
from motionsight_core.settings import FocusSettings

#: x0, y0, x1, y1 of the whole frame.
_WHOLE = np.array([0.0, 0.0, 1.0, 1.0])


def focus_regions(
    tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64], settings: FocusSettings
) -> NDArray[np.float64]:
    """The focus region of each sampled frame.

    Args:
        tracks: the acting objects; boxes in fractions of the frame.
        times_s: [T] times of the sampled frames, source seconds, increasing.
        settings: the window, the margin and the least size.

    Returns:
        [T, 4] x0, y0, x1, y1 in fractions of the frame, inside 0..1. A frame without a box takes
        the nearest one in time; with no box at all every region is the whole frame.
    """
    if not tracks:
        return np.tile(_WHOLE, (len(times_s), 1))
    boxes = _without_gaps(union_boxes(tracks, times_s), tracks, times_s)
    windows_s = window_lengths(boxes, times_s, settings)
    merged = np.empty_like(boxes)
    for frame, (time_s, window_s) in enumerate(zip(times_s, windows_s, strict=True)):
        near = np.abs(times_s - time_s) <= window_s / 2 + 1e-9
        merged[frame, :2] = boxes[near, :2].min(axis=0)
        merged[frame, 2:] = boxes[near, 2:].max(axis=0)
    return _with_margin(merged, settings)


def union_boxes(tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, 4] smallest box around all objects present at each time; NaN where there is none."""
    union = np.full((len(times_s), 4), np.nan)
    for track in tracks:
        track_times = np.array([box.t_s for box in track.boxes])
        corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
        present = (times_s >= track_times[0] - 1e-6) & (times_s <= track_times[-1] + 1e-6)
        here = np.stack([np.interp(times_s[present], track_times, corner) for corner in corners.T], axis=1)
        union[present, :2] = np.fmin(union[present, :2], here[:, :2])
        union[present, 2:] = np.fmax(union[present, 2:], here[:, 2:])
    return union


def window_lengths(
    boxes: NDArray[np.float64], times_s: NDArray[np.float64], settings: FocusSettings
) -> NDArray[np.float64]:
    """[T] window of each frame, seconds: from `max_window_s` at rest down to `min_window_s`.

    Args:
        boxes: [T, 4] without gaps.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    if len(times_s) < 2:
        return np.full(len(times_s), settings.max_window_s)
    distance = np.abs(np.diff(centres, axis=0)).sum(axis=1)
    speed = distance / np.diff(times_s)
    # A frame is as fast as the faster of the steps to its neighbours.
    speed = np.maximum(np.append(speed, 0.0), np.insert(speed, 0, 0.0))
    haste = np.minimum(speed / settings.fast_speed, 1.0)
    return settings.max_window_s - haste * (settings.max_window_s - settings.min_window_s)


def _without_gaps(
    boxes: NDArray[np.float64], tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The boxes with each missing one replaced by where a track ends last before or begins first after."""
    ends = [box for track in tracks for box in (track.boxes[0], track.boxes[-1])]
    filled = boxes.copy()
    for frame in np.flatnonzero(np.isnan(boxes[:, 0])):
        nearest = min(ends, key=lambda box: abs(box.t_s - times_s[frame]))
        filled[frame] = nearest.x0, nearest.y0, nearest.x1, nearest.y1
    return filled


def _with_margin(boxes: NDArray[np.float64], settings: FocusSettings) -> NDArray[np.float64]:
    """Pad each box, grow it to the least size about its centre, and shift it into the frame."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2] + 2 * settings.padding
    half = np.clip(size, settings.min_size, 1.0) / 2
    centre = np.clip(centre, half, 1 - half)
    return np.clip(np.concatenate([centre - half, centre + half], axis=1), 0.0, 1.0)
