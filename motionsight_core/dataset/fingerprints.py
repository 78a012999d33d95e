"""What a clip looks like in 512 bits, so that near-duplicates are found without their pixels.

A difference hash of 64 bits (whether each pixel of an 8 by 8 thumbnail is darker than the one to its
right) of eight frames, evenly in time. A re-encoded, resized or brightened copy changes a few of its bits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

#: Frames in a fingerprint.
FRAMES = 8
#: Rows of a frame's thumbnail, and differences in each.
_SIDE = 8
#: Bits of a fingerprint, four to a hex digit.
BITS = FRAMES * _SIDE * _SIDE
_DIGITS = BITS // 4
_HEX = frozenset("0123456789abcdef")
#: Hashes of frames that are kept at most: all of nearly seven minutes at ten a second, 64 KB.
_MOST_KEPT = 4096


def frame_hash(luma: NDArray[np.uint8]) -> int:
    """The 64 bits of one frame [h, w], from the top left row by row; the first is the highest."""
    # OpenCV averages over areas only where it makes a picture smaller.
    small = cv2.resize(luma, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA)
    rises = small[:, 1:] > small[:, :-1]
    return int.from_bytes(np.packbits(rises).tobytes(), "big")


def fingerprint_of(lumas: Sequence[NDArray[np.uint8]]) -> str:
    """The fingerprint of a clip.

    Args:
        lumas: its frames [h, w], evenly in time; of more than eight the eight evenly among them, of fewer
            some twice.

    Returns:
        512 bits as 128 hex digits.

    Raises:
        ValueError: there is not one frame.
    """
    if not lumas:
        raise ValueError("A fingerprint needs at least one frame.")
    return _joined(
        [frame_hash(lumas[(2 * place + 1) * len(lumas) // (2 * FRAMES)]) for place in range(FRAMES)]
    )


def distance(a: str, b: str) -> float:
    """Share of the bits in which two fingerprints differ, 0 (the same) to 1.

    Raises:
        ValueError: one of them is no fingerprint.
    """
    return (as_bits(a) ^ as_bits(b)).bit_count() / BITS


def as_bits(fingerprint: str) -> int:
    """The fingerprint as a number of 512 bits.

    Raises:
        ValueError: it is not 128 hex digits.
    """
    if not is_fingerprint(fingerprint):
        raise ValueError(f"A fingerprint is {_DIGITS} hex digits; this is {fingerprint[:20]!r}.")
    return int(fingerprint, 16)


def is_fingerprint(text: str) -> bool:
    """Whether a text is 128 hex digits, in lower case."""
    return len(text) == _DIGITS and _HEX.issuperset(text)


def evenly_in_time(times_s: Sequence[float], start_s: float, end_s: float) -> list[int]:
    """Which frames a fingerprint is made of: the nearest to the middle of each eighth of the clip.

    Args:
        times_s: of the frames, at least one, in order; source seconds.
        start_s: where the clip begins, source seconds.
        end_s: where it ends.

    Returns:
        Eight positions in `times_s`, in order; in a short clip some of them twice.
    """
    step_s = (end_s - start_s) / FRAMES
    return [_nearest(times_s, start_s + (place + 0.5) * step_s) for place in range(FRAMES)]


def _nearest(times_s: Sequence[float], t_s: float) -> int:
    after = bisect_left(times_s, t_s)
    around = range(max(0, after - 1), min(after + 1, len(times_s)))
    return min(around, key=lambda index: abs(times_s[index] - t_s))


def _joined(hashes: Sequence[int]) -> str:
    return "".join(f"{one:016x}" for one in hashes)


class ClipFingerprint:
    """Makes the fingerprint of a clip while its frames come by, however many there are.

    The end of a scene is not known before it is there, so hashes are kept of all frames, and of every
    other one, every fourth and so on once they are too many.
    """

    def __init__(self) -> None:
        self._hashes: list[int] = []
        self._times_s: list[float] = []
        self._taken = 0
        self._step = 1

    def push(self, luma: NDArray[np.uint8], t_s: float) -> None:
        """Take the next frame [h, w]; `t_s` in source seconds."""
        self._taken += 1
        if (self._taken - 1) % self._step:
            return
        if len(self._hashes) == _MOST_KEPT:
            self._hashes, self._times_s = self._hashes[::2], self._times_s[::2]
            self._step *= 2
        self._hashes.append(frame_hash(luma))
        self._times_s.append(t_s)

    def finish(self, start_s: float, end_s: float) -> str | None:
        """The fingerprint of the clip from `start_s` to `end_s`, source seconds; None without a frame."""
        if not self._hashes:
            return None
        return _joined([self._hashes[index] for index in evenly_in_time(self._times_s, start_s, end_s)])
