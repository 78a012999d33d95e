"""Small colour pictures of a clip's frames, kept while they come by, of which the detector will see a few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

#: Most pictures that are kept of a clip, however long: some 20 MB of widescreen video.
MOST = 64
#: The shortest slot, seconds; joined in pairs as often as a clip needs.
FINEST_S = 0.1
#: A frame takes the place of an earlier one of its slot if it is sharper by this ratio.
CLEARLY_SHARPER = 1.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A frame that the detector may see."""

    t_s: float
    """Source seconds."""
    slot: int
    """Of those since the first frame, before any were joined."""
    sharpness: float
    """As `sharpness_of`."""
    picture: T
    """What was kept of the frame."""


class Candidates(Generic[T]):
    """At most MOST frames, spread over a clip's time, the sharpest of each part of it.

    The time since the first frame is divided into slots, which are joined in pairs where there are too many
    frames; so what is kept depends on the frames alone, not on when the clip's end was known.
    """

    def __init__(self) -> None:
        self._kept: list[Candidate[T]] = []
        self._begins_s: float | None = None
        self._level = 0
        """So often were slots joined in pairs."""

    def offer(self, t_s: float, luma: NDArray[np.uint8], picture: Callable[[], T]) -> None:
        """Keep a frame, where it serves.

        Args:
            t_s: its time, source seconds, after the time before.
            luma: [h, w].
            picture: makes what is kept of it.
        """
        self._begins_s = t_s if self._begins_s is None else self._begins_s
        slot = int((t_s - self._begins_s) / FINEST_S + 0.5)
        sharpness = sharpness_of(luma)
        if self._kept and self._joined(self._kept[-1].slot) == self._joined(slot):
            if sharpness <= CLEARLY_SHARPER * self._kept[-1].sharpness:
                return
            self._kept.pop()
        self._kept.append(Candidate(t_s, slot, sharpness, picture()))
        while len(self._kept) > MOST:
            self._level += 1
            best: dict[int, Candidate[T]] = {}
            for candidate in self._kept:
                rival = best.get(self._joined(candidate.slot))
                if rival is None or candidate.sharpness > rival.sharpness:
                    best[self._joined(candidate.slot)] = candidate
            self._kept = list(best.values())

    def kept(self) -> list[Candidate[T]]:
        """In order of time."""
        return self._kept

    def _joined(self, slot: int) -> int:
        return slot >> self._level


def sharpness_of(luma: NDArray[np.uint8]) -> float:
    """Deviation of the Laplacian of a frame [h, w]: of one scene, the larger the sharper."""
    return float(cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S, ksize=1))[1][0, 0])
