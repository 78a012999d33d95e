"""Black bars around the picture: what they cover is not of the scene, and their edges do not move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

#: What is never brighter is black, of 255.
BLACK = 24
#: Compression smears the edge of a bar over so many pixels.
EDGE = 2
#: A picture is no smaller than this share of a side; what is darker still has no bars.
LEAST_SIDE = 0.3


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a frame, pixels."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of a frame [h, w, ...]."""
        return frame[self.top : self.bottom, self.left : self.right]

    @property
    def halved(self) -> Area:
        """The same in a frame half as large, at least a pixel; exact from an even corner, as `BarFinder`
        gives it."""
        top, left = self.top // 2, self.left // 2
        return Area(top, max(self.bottom // 2, top + 1), left, max(self.right // 2, left + 1))


class BarFinder:
    """Tells the picture from its bars: rows and columns at the edges that were black in all frames so far."""

    def __init__(self) -> None:
        self._rows: Luma | None = None
        self._columns: Luma | None = None

    def push(self, luma: Luma) -> None:
        """Takes the next frame [h, w]."""
        rows, columns = luma.max(axis=1), luma.max(axis=0)
        if self._rows is None or self._columns is None:
            self._rows, self._columns = rows, columns
        else:
            self._rows, self._columns = np.maximum(self._rows, rows), np.maximum(self._columns, columns)

    @property
    def picture(self) -> Area:
        """The part of the frame within the bars; all of it where there are none."""
        if self._rows is None or self._columns is None:
            raise ValueError("no frame was pushed")
        return Area(*_within(self._rows), *_within(self._columns))


def _within(brightest: Luma) -> tuple[int, int]:
    """From where to where an axis shows picture; `brightest` [n] are its lines."""
    shown = np.flatnonzero(brightest > BLACK)
    count = len(brightest)
    if len(shown) < LEAST_SIDE * count:
        return 0, count
    first, last = int(shown[0]), int(shown[-1]) + 1
    # From an even line, so that a frame half as large has one there.
    return (first + first % 2 + EDGE if first else 0), (last - EDGE if last < count else count)
