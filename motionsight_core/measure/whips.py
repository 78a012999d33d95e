"""Whip pans: turns so fast that the flow loses them, told from the cuts for which they would be taken.

A whip shifts the picture as a whole, by up to its own width between two measured frames, and smears it along
the way. The shift is found by correlation. It is a move if the camera moves that way before or after as well,
or if it smears the frames; a single jump of a picture that stands still before and after is a cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from motionsight_core.measure.held import LONGEST_CHANGE_S
from motionsight_core.measure.samples import runs

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]
Spectrum = NDArray[np.complex64]

#: Width at which two frames are correlated, pixels: a shift is then exact to a two-hundredth of the frame.
CORRELATED_WIDTH = 80
#: Least share of the frame that both pictures show.
LEAST_OVERLAP = 0.25
#: Least correlation of what both show: pictures of different scenes stay below. Smeared ones of a whip may as
#: well; their shift is believed down to a lower value beside a fast one the same way.
SURE_AGREEMENT = 0.8
LEAST_AGREEMENT = 0.6
#: Least shift, frame widths; the flow sees smaller ones.
LEAST_SHIFT = 0.08
#: Least motion of a neighbouring pair along a shift, share of it, that makes it a part of a move.
GOES_ON = 0.2
#: Least shift, frame widths, beside pairs whose pictures have little or nothing in common.
FAST = 0.15
#: Longest time between the two ends of a whip whose pictures have nothing in common, seconds.
LONGEST_WHIP_S = 0.8
#: Least cosine between two shifts of one way.
SAME_WAY = 0.9
#: Directions along which sharpness is measured.
DIRECTIONS = 8
#: The sharpness is this share of the pixels' slopes, those steeper than the rest being left out.
STEEP_SHARE = 0.98
#: A smeared frame is this many times less sharp along the smear than the frames around it, and at most this
#: sharp there as across it ...
SMEARED_RATIO = 1.8
SMEARED_SHARE = 0.5
#: ... where it keeps this share of their sharpness.
KEPT_ACROSS = 0.3


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the content of a frame was moved as a whole."""

    right: float
    """Pixels."""
    down: float
    agreement: float
    """Correlation of what both frames show, 0 to 1."""

    @property
    def is_sure(self) -> bool:
        """Whether no two pictures of different scenes agree so well."""
        return self.agreement >= SURE_AGREEMENT


class ShiftFinder:
    """Finds large shifts between frames of one size."""

    def __init__(self, height: int, width: int) -> None:
        self._scale = max(1.0, width / CORRELATED_WIDTH)
        self._size = max(4, round(width / self._scale)), max(4, round(height / self._scale))
        columns, rows = self._size
        # Twice the size: so that no side meets the other one.
        self._padded = 2 * rows, 2 * columns
        self._whole = self._spectrum(np.ones((rows, columns), np.float32))
        overlap = self._correlation(self._whole, self._whole)
        self._far = overlap < LEAST_OVERLAP * rows * columns
        self._least = LEAST_SHIFT * width

    def find(self, previous: Luma, current: Luma) -> Shift | None:
        """The shift from `previous` to `current`, both [h, w]; None where they have none, or a small one."""
        small = [self._small(luma) for luma in (previous, current)]
        # Slopes across the way survive its smear: downwards for a pan, sideways for a tilt.
        found = [self._best(*(_slopes(luma, *axis) for luma in small)) for axis in ((0, 1), (1, 0))]
        shift = max(found, key=lambda shift: shift.agreement)
        is_large = np.hypot(shift.right, shift.down) >= self._least
        return shift if is_large and shift.agreement >= LEAST_AGREEMENT else None

    def _small(self, luma: Luma) -> NDArray[np.float32]:
        small = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA).astype(np.float32)
        return cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32, copy=False)

    def _best(self, previous: NDArray[np.float32], current: NDArray[np.float32]) -> Shift:
        product = self._correlation(self._spectrum(previous), self._spectrum(current))
        before = self._correlation(self._spectrum(previous * previous), self._whole)
        after = self._correlation(self._whole, self._spectrum(current * current))
        power = before * after
        agreement = product / np.sqrt(np.maximum(power, 1e-3 * float(power.max()) + 1e-9))
        agreement[self._far] = -1.0
        row, column = divmod(int(np.argmax(agreement)), agreement.shape[1])
        rows, columns = self._padded
        # What lies past the middle stands for a shift back.
        down = row if row < rows / 2 else row - rows
        right = column if column < columns / 2 else column - columns
        best = float(np.clip(agreement[row, column], 0, 1))
        return Shift(right * self._scale, down * self._scale, best)

    def _spectrum(self, values: NDArray[np.float32]) -> Spectrum:
        return np.asarray(fft.rfft2(values, self._padded), np.complex64)

    def _correlation(self, one: Spectrum, other: Spectrum) -> NDArray[np.float32]:
        return np.asarray(fft.irfft2(np.conj(one) * other, self._padded), np.float32)


def sharpness(luma: Luma) -> Floats:
    """Slope of the steepest edges of a frame [h, w] along each of DIRECTIONS directions, luma per pixel."""
    soft = cv2.GaussianBlur(luma, (0, 0), 1.0).astype(np.float32)
    right, down = (_slopes(soft, *axis)[::2, ::2].ravel() / 8 for axis in ((1, 0), (0, 1)))
    place = int(STEEP_SHARE * (len(right) - 1))
    steepest = []
    for angle in np.arange(DIRECTIONS, dtype=np.float32) * np.float32(np.pi / DIRECTIONS):
        slopes = np.abs(right * np.cos(angle) + down * np.sin(angle))
        steepest.append(np.partition(slopes, place)[place])
    return np.array(steepest, np.float64)


def _slopes(luma: NDArray[np.float32], right: int, down: int) -> NDArray[np.float32]:
    return cv2.Sobel(luma, cv2.CV_32F, right, down).astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A pair of frames of which the flow has lost the later one."""

    pair: int
    """Its number among the clip's pairs."""
    is_new: bool
    """Whether the flow does not explain the picture either: a cut, if it is no whip."""
    shift: Shift | None
    """How the picture was shifted, if it was."""
    before: Floats
    """Sharpness of the earlier frame [DIRECTIONS]."""
    after: Floats

    @property
    def is_sure(self) -> bool:
        """Whether the one picture is certainly the other one shifted."""
        return self.shift is not None and self.shift.is_sure


@dataclass(frozen=True, slots=True)
class Breaks:
    """What became of the pairs that may be cuts."""

    cuts: frozenset[int]
    """Pairs at which a new shot begins."""
    jumps: frozenset[int]
    """Other pairs whose shift is no part of a move: the picture jumps within its shot."""
    whips: tuple[tuple[int, int], ...]
    """Runs [first, last) of pairs in a whip whose pictures have nothing in common."""


def breaks_of(pictures: Sequence[NewPicture], ways: Floats, durations: Floats) -> Breaks:
    """Which new pictures begin a shot, and which come by in a whip.

    Args:
        pictures: in order.
        ways: [P, 2] how far each pair moves the picture as a whole, frame widths; 0 where that is not known.
        durations: [P] seconds.
    """
    lost = {picture.pair for picture in pictures}
    unsure = [picture.pair for picture in pictures if not picture.is_sure]
    sure = ways.copy()
    sure[unsure] = 0.0
    whips = list(_bridged(unsure, sure))
    for first, last in whips:
        sure[first:last] = (sure[first - 1] + sure[last]) / 2
    for picture in pictures:
        pair, way = picture.pair, ways[picture.pair]
        beside = [sure[other] for other in (pair - 1, pair + 1) if 0 <= other < len(ways)]
        least = GOES_ON * float(np.hypot(*way)) if picture.is_sure else FAST
        if durations[pair] <= LONGEST_CHANGE_S and any(_is_way(other, way, least) for other in beside):
            lost.discard(pair)
    whips += _smeared([picture for picture in pictures if picture.pair in lost], ways, durations)
    for first, last in whips:
        lost -= set(range(first, last))
    cuts = frozenset(picture.pair for picture in pictures if picture.is_new) & lost
    return Breaks(cuts, frozenset(lost - cuts), tuple(whips))


def _is_way(one: Floats, other: Floats, least: float) -> bool:
    """Whether two shifts go one way, the first over at least some distance."""
    lengths = float(np.hypot(*one)), float(np.hypot(*other))
    return lengths[0] > least and float(one @ other) > SAME_WAY * lengths[0] * lengths[1] > 0


def _bridged(pairs: Sequence[int], ways: Floats) -> Iterator[tuple[int, int]]:
    """Runs [first, last) of some pairs between two fast shifts of one way."""
    new = np.zeros(len(ways), np.bool_)
    new[pairs] = True
    for first, last in runs(new):
        if first == 0 or last == len(ways):
            continue
        before, after = ways[first - 1], ways[last]
        if _is_way(before, after, FAST) and _is_way(after, before, FAST):
            yield first, last


def _smeared(pictures: Sequence[NewPicture], ways: Floats, durations: Floats) -> Iterator[tuple[int, int]]:
    """Runs of pairs [first, last) from a sharp frame over smeared ones to a sharp frame."""
    after = 0
    # A picture that is shown for a while, though blurred, is a shot of its own.
    held = np.hypot(ways[:, 0], ways[:, 1]) < FAST
    held[[picture.pair for picture in pictures]] = False
    for number, begin in enumerate(pictures):
        if begin.pair < after:
            continue
        for end in islice(pictures, number + 1, None):
            between = slice(begin.pair, end.pair)
            if np.sum(durations[between]) > LONGEST_WHIP_S or held[between].any():
                break
            smeared, sharp = (begin.after, end.before), (begin.before, end.after)
            if all(is_smeared(frame, other) for frame in smeared for other in sharp):
                after = end.pair + 1
                yield begin.pair, after
                break


def smear_of(frame: Floats) -> int | None:
    """The direction in which a frame of this sharpness [DIRECTIONS] looks smeared, if it does in one."""
    across = np.roll(frame, DIRECTIONS // 2)
    along = int(np.argmin(frame / np.maximum(across, 1e-6)))
    return along if frame[along] < SMEARED_SHARE * across[along] else None


def is_smeared(frame: Floats, other: Floats) -> bool:
    """Whether a frame is smeared, and one before or after it is not that way."""
    along = smear_of(frame)
    if along is None:
        return False
    across = (along + DIRECTIONS // 2) % DIRECTIONS
    return bool(other[along] > SMEARED_RATIO * frame[along] and frame[across] > KEPT_ACROSS * other[across])
