"""Medians of arrays that are taken many times for each frame."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.floating)


def median(values: NDArray[Any]) -> float:
    """The median of all values [...], as `np.median` gives it, in a quarter of its time.

    Args:
        values: at least one, none of them NaN: looking for one is most of what NumPy's own takes.
    """
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle, axis=None)[middle])
    low, high = np.partition(values, (middle - 1, middle), axis=None)[middle - 1 : middle + 1].tolist()
    return (low + high) / 2


def medians(values: NDArray[T]) -> NDArray[T]:
    """The same of each column [N, ...] -> [...]."""
    middle = len(values) // 2
    if len(values) % 2:
        return np.partition(values, middle, axis=0)[middle]
    low, high = np.partition(values, (middle - 1, middle), axis=0)[middle - 1 : middle + 1]
    return np.asarray((low + high) / 2, values.dtype)


def median_of_levels(values: NDArray[np.uint8]) -> float:
    """The median of values [...] that were rounded to whole levels, as if those of a level were spread evenly
    over it, from half a level below to half a level above, and none below 0.

    Args:
        values: at least one.
    """
    counts = np.bincount(values.ravel(), minlength=1)
    below = np.cumsum(counts)
    half = values.size / 2
    level = int(np.searchsorted(below, half))
    low, high = max(level - 0.5, 0.0), level + 0.5
    share = (half - (float(below[level]) - float(counts[level]))) / float(counts[level])
    return low + share * (high - low)
