"""Sampling a scene whose end is not known yet: a rule of its frames alone, computed as they come.

The time since the scene's start is divided into slots, and the first frame in each is a candidate. By
rate a slot is as long as the rate says, and all candidates are sampled. By count, where there are too
many, neighbouring slots are joined in pairs, which leaves about every second candidate; at the scene's
end as many as are asked for are picked from them, evenly in time. Which frames these are depends on the
scene's times alone, not on when its end was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from motionsight_core.settings import SamplingSettings
from motionsight_core.video.sampling import HALF_MS, sampled_frames

#: The shortest slot by count, seconds: up to 128 frames per second each frame has its own.
_FINEST_S = 1 / 128
#: Candidates for each frame that is asked for, at most: there are two to four to pick one from, so that
#: those picked lie at most a quarter of their distance from where they should.
_CANDIDATES_EACH = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A frame that may be sampled."""

    time_s: float
    """Source seconds."""
    slot: int
    """Of those since the scene's start, before any were joined."""
    kept: T
    """What is kept of the frame."""


class SceneSamples(Generic[T]):
    """The sampled frames of one scene, found while its frames come by."""

    def __init__(self, settings: SamplingSettings, times_s: NDArray[np.float64], first: int) -> None:
        """
        Args:
            times_s: [F] times of all frames of the video.
            first: the scene's first frame among them.
        """
        self._settings, self._times_s, self._begins_s = settings, times_s, float(times_s[first])
        by_rate = settings.fps is not None
        self._slot_s = 1 / settings.fps if settings.fps is not None else _FINEST_S
        self._most = len(times_s) if by_rate else _CANDIDATES_EACH * settings.frames
        self._level = 0
        """So often were slots joined in pairs."""
        self._candidates: list[Candidate[T]] = []

    def __len__(self) -> int:
        return len(self._candidates)

    def comes(self, number: int, within: int) -> bool:
        """Whether one of `within` frames of the video from `number` on is a candidate, as it looks now."""
        if not self._candidates:
            return True
        last = min(number + within, len(self._times_s)) - 1
        return self._joined(self._slot(last)) != self._joined(self._candidates[-1].slot)

    def keep(self, number: int, kept: T) -> None:
        """Make a frame of which `comes(number, 1)` a candidate; drop others where they are too many."""
        self._candidates.append(Candidate(float(self._times_s[number]), self._slot(number), kept))
        while len(self._candidates) > self._most:
            self._level += 1
            firsts: dict[int, Candidate[T]] = {}
            for candidate in self._candidates:
                firsts.setdefault(self._joined(candidate.slot), candidate)
            self._candidates = list(firsts.values())

    def finish(self) -> list[Candidate[T]]:
        """The sampled frames, now that the scene has ended."""
        if self._settings.fps is not None or not self._candidates:
            return self._candidates
        times_s = np.array([candidate.time_s for candidate in self._candidates])
        return [self._candidates[position] for position in sampled_frames(times_s, self._settings)]

    def _slot(self, number: int) -> int:
        return int((float(self._times_s[number]) - self._begins_s + HALF_MS) / self._slot_s)

    def _joined(self, slot: int) -> int:
        return slot >> self._level
