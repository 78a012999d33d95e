"""Which frames are kept for the detector."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.naming.candidates import MOST, Candidate, Candidates

RNG = np.random.default_rng(0)
SHARP = RNG.integers(0, 256, (90, 160)).astype(np.uint8)
SOFT = np.asarray(cv2.GaussianBlur(SHARP, (0, 0), 2.0), np.uint8)


def kept(lumas: list[NDArray[np.uint8]], *, every_s: float = 0.1) -> list[Candidate[int]]:
    candidates: Candidates[int] = Candidates()
    for number, luma in enumerate(lumas):
        candidates.offer(5.0 + every_s * number, luma, lambda number=number: number)
    return candidates.kept()


def test_however_long_a_clip_is_as_many_frames_are_kept_spread_over_its_time() -> None:
    for count in (10, 100, 1000, 20_000):
        times_s = np.array([candidate.t_s for candidate in kept([SHARP] * count)])
        assert min(count, MOST // 2) <= len(times_s) <= MOST
        gaps_s = np.diff(times_s)
        assert gaps_s.max() < 2.5 * np.median(gaps_s)
        assert times_s[0] < 5.0 + 2 * np.median(gaps_s)
        assert times_s[-1] > 5.0 + 0.1 * count - 2.5 * np.median(gaps_s)


def test_of_frames_near_each_other_the_sharp_one_is_kept() -> None:
    lumas = [SHARP if number % 8 == 5 else SOFT for number in range(1024)]
    assert all(candidate.picture % 8 == 5 for candidate in kept(lumas))


def test_pictures_are_made_of_few_of_the_frames() -> None:
    made: list[int] = []
    candidates: Candidates[None] = Candidates()
    for number in range(1000):
        candidates.offer(number / 10, SHARP, lambda number=number: made.append(number))
    assert len(made) < 200
