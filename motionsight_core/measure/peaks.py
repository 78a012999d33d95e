"""Peaks of a signal by prominence and distance, as `scipy.signal.find_peaks` finds them.

That function's package takes half a second to import, with all of SciPy's statistics, and every decoding
process would pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def peaks_of(
    values: Floats, *, prominence: float, height: float = -np.inf, distance: float = 1.0
) -> NDArray[np.intp]:
    """Where a signal [N] is higher than on both sides; of a plateau its middle. The ends are no peaks.

    Args:
        values: the signal.
        prominence: how far it must fall on either side before it is higher again, or ends.
        height: its least value at a peak.
        distance: of two peaks that are nearer, in samples, the higher one stays.

    Returns:
        [P] indices, increasing.
    """
    starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    levels, ends = values[starts], np.append(starts[1:], len(values)) - 1
    is_peak = np.zeros(len(starts), np.bool_)
    is_peak[1:-1] = (levels[1:-1] > levels[:-2]) & (levels[1:-1] > levels[2:])
    peaks = (starts[is_peak] + ends[is_peak]) // 2
    peaks = _apart(peaks[values[peaks] >= height], values, distance)
    if not len(peaks):
        return peaks
    falls = values - np.maximum(_lowest_since_higher(values), _lowest_since_higher(values[::-1])[::-1])
    return peaks[falls[peaks] >= prominence]


def _apart(peaks: NDArray[np.intp], values: Floats, distance: float) -> NDArray[np.intp]:
    """The peaks without those that have a higher one nearer than `distance`, from the highest down."""
    stays = np.ones(len(peaks), np.bool_)
    for highest in np.argsort(values[peaks])[::-1]:
        if stays[highest]:
            near = np.abs(peaks - peaks[highest]) < np.ceil(distance)
            near[highest] = False
            stays &= ~near
    return peaks[stays]


def _lowest_since_higher(values: Iterable[float]) -> Floats:
    """At each sample, the lowest value since the signal was last higher than there, or began."""
    lowest = []
    falling: list[tuple[float, float]] = []
    """(value, lowest since a higher one) of the samples that no later one reaches, so far."""
    for value in values:
        since = value
        while falling and falling[-1][0] <= value:
            since = min(since, falling.pop()[1])
        falling.append((value, since))
        lowest.append(since)
    return np.array(lowest)
