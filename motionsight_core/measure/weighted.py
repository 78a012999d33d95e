"""Statistics of samples that last for different times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Slack when a sum of weights is compared with half of all, share of the sum.
ROUNDING = 1e-9


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value below and above which lies half of the weight; with equal weights, the median.

    Args:
        values: [N], at least one.
        weights: [N], positive.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    below = np.cumsum(weights[order])
    half = below[-1] / 2
    first = int(np.searchsorted(below, half * (1 - ROUNDING)))
    if below[first] <= half * (1 + ROUNDING) and first + 1 < len(ordered):
        return float((ordered[first] + ordered[first + 1]) / 2)
    return float(ordered[first])
