"""The peaks of a curve, as `scipy.signal.find_peaks` finds them.

That function brings the whole of `scipy.signal` and `scipy.stats` along, which took a third of the time in
which a decoding process starts.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def find_peaks(
    curve: Floats, *, prominence: float, height: float = -np.inf, distance: float = 1.0
) -> Indices:
    """Indices of the samples where a curve turns down after having risen; of a plateau, its middle.

    Args:
        prominence: how far the curve must fall on both sides of a peak before it rises above it or ends.
        height: the least value of a peak.
        distance: of two peaks that are nearer than this many samples, the lower one is left out.
    """
    every = _local_maxima(curve) if len(curve) else np.zeros(0, np.intp)
    if not len(every):
        return every
    chosen = np.flatnonzero(curve[every] >= height)
    chosen = chosen[_apart(every[chosen], curve[every[chosen]], distance)]
    return every[chosen[_prominences(curve, every)[chosen] >= prominence]]


def _local_maxima(curve: Floats) -> Indices:
    changes = np.flatnonzero(np.diff(curve))
    starts, ends = np.append(0, changes + 1), np.append(changes, len(curve) - 1)  # runs of equal values
    values = curve[starts]
    maxima = 1 + np.flatnonzero((values[:-2] < values[1:-1]) & (values[1:-1] > values[2:]))
    return (starts[maxima] + ends[maxima]) // 2


def _apart(peaks: Indices, heights: Floats, distance: float) -> NDArray[np.bool_]:
    """Which peaks remain when the highest comes first and leaves out those too near to it."""
    near = np.ceil(distance) - 1
    first, last = np.searchsorted(peaks, peaks - near, "left"), np.searchsorted(peaks, peaks + near, "right")
    keep = np.ones(len(peaks), np.bool_)
    for peak in np.argsort(heights)[::-1].tolist():
        if keep[peak]:
            keep[first[peak] : last[peak]] = False
            keep[peak] = True
    return keep


def _prominences(curve: Floats, maxima: Indices) -> Floats:
    """How far each local maximum stands above the higher of the lowest points beside it."""
    heights = curve[maxima]
    valleys = np.minimum.reduceat(curve, np.append(0, maxima))
    before = _lowest(heights, valleys[:-1])
    after = _lowest(heights[::-1], valleys[:0:-1])[::-1]
    return heights - np.maximum(before, after)


def _lowest(heights: Iterable[float], valleys: Iterable[float]) -> Floats:
    """For each maximum the lowest valley before it, back to a maximum that is higher.

    Args:
        valleys: one for each maximum: the lowest value between it and the maximum before.
    """
    lowest: list[float] = []
    higher: list[tuple[float, float]] = []
    for height, valley in zip(heights, valleys, strict=True):
        low = valley
        while higher and higher[-1][0] <= height:
            low = min(low, higher.pop()[1])
        higher.append((height, low))
        lowest.append(low)
    return np.array(lowest)
