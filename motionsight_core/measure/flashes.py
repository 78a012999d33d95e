"""Flashes and dropouts: a few frames that show nothing, before and after which the picture is the same.

A photographer's flash, lightning or a lost signal is no shot of its own, and what it shows says nothing of
what moves: the frame before is taken to be on display meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from motionsight_core.measure.differences import Chroma, Luma

#: Deviation of the luma of a frame that shows next to nothing, at most, levels of 255, and how many times
#: that of the frame before it is.
EMPTY_DEVIATION, MUCH_MORE = 12.0, 3.0
#: The frames on both sides of a flash have at least this share of the largest deviation that was seen within
#: so many seconds: a picture that fades out and in again has less and less, and more and more.
AS_USUAL, USUAL_S = 0.7, 0.5
#: Longest flash, seconds.
LONGEST_S = 0.35
#: Every so manyth pixel across and down is looked at.
STEP = 4


class Frame(NamedTuple):
    """A frame that is measured."""

    t_s: float
    """Source seconds."""
    luma: Luma
    """[h, w]."""
    chroma: Chroma | None
    """[h / 2, w / 2, 2]; None where there are no colours."""


class FlashFilter:
    """Holds back frames that show nothing until it is known what comes after them."""

    def __init__(self, shows_same: Callable[[Luma, Luma], bool]) -> None:
        """`shows_same`: whether two frames show the same picture, apart from what moves."""
        self._shows_same = shows_same
        self._before: Luma | None = None
        """The last frame that was let through."""
        self._deviations: list[tuple[float, float]] = []
        """(time, deviation) of it and of those before it."""
        self._held: list[Frame] = []

    def push(self, frame: Frame) -> list[Frame]:
        """The frames that are to be measured now, in order: none while the next ones decide."""
        deviation = deviation_of(frame.luma[::STEP, ::STEP])
        is_short = not self._held or frame.t_s - self._held[0].t_s <= LONGEST_S
        if is_short and self._is_sudden(deviation):
            self._held.append(frame)
            return []
        held, before = self._held, self._before
        is_flash = bool(held) and is_short and deviation >= AS_USUAL * self._usual()
        known_s = self._deviations[-1][0] - USUAL_S if self._deviations else frame.t_s
        self._deviations = [one for one in self._deviations if one[0] >= known_s]
        self._deviations.append((frame.t_s, deviation))
        self._held, self._before = [], frame.luma
        if is_flash and before is not None and self._shows_same(before, frame.luma):
            return [frame]
        return [*held, frame]

    def _is_sudden(self, deviation: float) -> bool:
        """Whether a frame of this deviation shows next to nothing after one that shows as much as usual."""
        if not self._deviations:
            return False
        last = self._deviations[-1][1]
        return shows_nothing(deviation, last) and last >= AS_USUAL * self._usual()

    def _usual(self) -> float:
        """The largest deviation lately; 0 before the first frame."""
        return max((deviation for _, deviation in self._deviations), default=0.0)

    def flush(self) -> list[Frame]:
        """The frames that are held back, at the end of a clip."""
        held, self._held = self._held, []
        return held


def deviation_of(luma: Luma) -> float:
    """Standard deviation of the luma of a frame [h, w], levels of 255."""
    return float(cv2.meanStdDev(np.ascontiguousarray(luma))[1][0, 0])


def shows_nothing(deviation: float, before: float) -> bool:
    """Whether a frame of this deviation shows next to nothing, after one that had much more."""
    return deviation < min(EMPTY_DEVIATION, before / MUCH_MORE)
