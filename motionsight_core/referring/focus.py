"""Action focusing (section 3.2, eq. 3): one steady region that holds what moves.

Detections jitter from frame to frame, and a light that follows them would flicker. The temporal
aggregator merges the boxes of a window around each sampled frame. The window adapts to the motion,
the Manhattan distance that the centre covers per second: long where an object stays in place, so
that the region is still; short where it runs, so that the region keeps up. Every object has a
window of its own, so that one who stands does not jitter because another runs past; a frame's
region is the union of its objects' merged boxes.

The region never jumps where no object does. Between evenly spaced frames no edge moves by more
than twice D, the larger of what an object's edge moves in a step and what `fast_speed` covers in
one. Four things keep it so: a window grows by no more than the time between two frames; an object
that comes or goes draws the edges at `fast_speed` before and after; where nothing is present the
region glides from the last object to the next; and an edge follows only after half the margin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import ObjectTrack
from motionsight_core.referring._boxes import boxes_at, held_boxes
from motionsight_core.settings import FocusSettings

#: x0, y0, x1, y1 of the whole frame.
_WHOLE = np.array([0.0, 0.0, 1.0, 1.0])
#: Boxes times this are "edges": the lower an edge, the larger the box, on all four sides. Merging
#: is then a minimum. Edges times this are boxes again.
_OUTWARD = np.array([1.0, 1.0, -1.0, -1.0])


def focus_regions(
    tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64], settings: FocusSettings
) -> NDArray[np.float64]:
    """The focus region of each sampled frame.

    Args:
        tracks: the acting objects; boxes in fractions of the frame.
        times_s: [T] times of the sampled frames, source seconds, increasing.
        settings: the window, the margin and the least size.

    Returns:
        [T, 4] x0, y0, x1, y1 in fractions of the frame, inside 0..1, around every object that is
        present. Before the first box and after the last one the region stays with it; with no box
        at all every region is the whole frame.
    """
    if not tracks:
        return np.tile(_WHOLE, (len(times_s), 1))
    settings = _in_frames_where_sparse(settings, times_s)
    edges = _without_gaps(tracks, times_s) * _OUTWARD
    for track in tracks:
        edges = np.minimum(edges, _merged_edges(track, times_s, settings))
    return _with_margin(_held(edges, give=settings.padding / 2) * _OUTWARD, settings)


def union_boxes(tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, 4] smallest box around all objects present at each time; NaN where there is none."""
    boxes = boxes_at(tracks, times_s)
    low, high = np.fmin.reduce(boxes[..., :2], axis=0), np.fmax.reduce(boxes[..., 2:], axis=0)
    return np.concatenate([low, high], axis=1)


def window_lengths(
    boxes: NDArray[np.float64], times_s: NDArray[np.float64], settings: FocusSettings
) -> NDArray[np.float64]:
    """[T] window of each frame, seconds: from `max_window_s` at rest down to `min_window_s`.

    The speed is taken over the shortest window or to the next frame, whichever is longer: jitter
    between frames that lie close together is no speed.

    Args:
        boxes: [T, 4] of one object, without gaps.
        times_s: [T] increasing, source seconds.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    # A frame is as fast as the faster of the ways to it and from it.
    speed = np.maximum(
        _speed_ahead(centres, times_s, settings.min_window_s),
        _speed_ahead(centres[::-1], -times_s[::-1], settings.min_window_s)[::-1],
    )
    haste = np.minimum(speed / settings.fast_speed, 1.0)
    return settings.max_window_s - haste * (settings.max_window_s - settings.min_window_s)


def _speed_ahead(
    centres: NDArray[np.float64], times_s: NDArray[np.float64], least_s: float
) -> NDArray[np.float64]:
    """[T] Manhattan speed from each frame to the one after it or to `least_s` later; 0 at the last."""
    later_s = np.maximum(np.append(times_s[1:], times_s[-1]), np.minimum(times_s + least_s, times_s[-1]))
    distance = np.zeros(len(times_s))
    for coordinate in centres.T:
        distance += np.abs(np.interp(later_s, times_s, coordinate) - coordinate)
    elapsed_s = later_s - times_s
    return np.divide(distance, elapsed_s, out=np.zeros(len(times_s)), where=elapsed_s > 0)


def _in_frames_where_sparse(settings: FocusSettings, times_s: NDArray[np.float64]) -> FocusSettings:
    """The settings, with seconds stretched where they are too short for the sampling.

    16 frames of a long clip lie farther apart than any window of seconds, and no jitter would be
    merged. The longest window therefore is at least three frames' time long: at rest the
    neighbours are in it, with half a step to spare for the haste that jitter pretends. Speeds are
    measured by the same stretched second, so that an object that moves by a tenth of the frame
    from one sample to the next counts as moving however far apart they are.
    """
    if len(times_s) < 2 or not settings.max_window_s:
        return settings
    stretch = max(1.0, 3 * float(np.median(np.diff(times_s))) / settings.max_window_s)
    return settings.model_copy(
        update={
            "min_window_s": settings.min_window_s * stretch,
            "max_window_s": settings.max_window_s * stretch,
            "fast_speed": settings.fast_speed / stretch,
        }
    )


def _without_gaps(tracks: Sequence[ObjectTrack], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, 4] union of the present objects; where there is none, between the last one and the next."""
    # An object may come and go between two sampled frames.
    ends_s = [box.t_s for track in tracks for box in (track.boxes[0], track.boxes[-1])]
    known_s = np.union1d(times_s, ends_s)
    union = union_boxes(tracks, known_s)
    present = ~np.isnan(union[:, 0])
    return np.stack([np.interp(times_s, known_s[present], corner) for corner in union[present].T], axis=1)


def _merged_edges(
    track: ObjectTrack, times_s: NDArray[np.float64], settings: FocusSettings
) -> NDArray[np.float64]:
    """[T, 4] edges of one object, each frame's merged with those inside its window.

    Before the object comes and after it has gone its edges draw back at `fast_speed`, until they
    lie within the other objects' and no longer count.
    """
    boxes = held_boxes(track, times_s)
    absent_s = np.maximum(0.0, np.maximum(track.boxes[0].t_s - times_s, times_s - track.boxes[-1].t_s))
    edges = boxes * _OUTWARD + settings.fast_speed * absent_s[:, None]
    reach_s = _gradual(window_lengths(boxes, times_s, settings) / 2, times_s) + 1e-9
    starts = np.searchsorted(times_s, times_s - reach_s, side="left")
    stops = np.searchsorted(times_s, times_s + reach_s, side="right")
    return np.stack([edges[start:stop].min(axis=0) for start, stop in zip(starts, stops, strict=True)])


def _gradual(reach_s: NDArray[np.float64], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T] the reaches, shortened so that none grows by more than the time from frame to frame.

    A window that snaps open would take in far boxes all at once; so it opens at both ends no
    faster than time passes, and closes in time before an object starts to run.
    """
    from_before = np.minimum.accumulate(reach_s - times_s) + times_s
    from_after = np.minimum.accumulate((reach_s + times_s)[::-1])[::-1] - times_s
    return np.minimum(from_before, from_after)


def _held(edges: NDArray[np.float64], *, give: float) -> NDArray[np.float64]:
    """[T, 4] edges that stay where they are until they must move: at most `give` too far out.

    No edge moves farther in a step than the one it follows. What jitters by less than `give` has
    one edge for the whole clip, so the first edge is the outermost of all that are within `give`.
    """
    outermost = np.minimum.accumulate(edges)
    within = np.maximum.accumulate(edges) - outermost <= give
    edge = np.where(within, outermost, np.inf).min(axis=0)
    held = np.empty_like(edges)
    for frame, needed in enumerate(edges):
        edge = np.clip(edge, needed - give, needed)
        held[frame] = edge
    return held


def _with_margin(boxes: NDArray[np.float64], settings: FocusSettings) -> NDArray[np.float64]:
    """Pad each box as far as the frame goes, and grow it to the least size, shifted into the frame."""
    padded = np.clip(boxes - settings.padding * _OUTWARD, 0.0, 1.0)
    centre = (padded[:, :2] + padded[:, 2:]) / 2
    least = np.clip(centre - settings.min_size / 2, 0.0, 1 - settings.min_size)
    low = np.minimum(padded[:, :2], least)
    high = np.maximum(padded[:, 2:], least + settings.min_size)
    return np.clip(np.concatenate([low, high], axis=1), 0.0, 1.0)
