"""Frames that are mixtures of two pictures, at a share that goes from one to zero evenly.

No motion does that: what moves is in one place or in another, not in both at half its strength. Both pictures
may move meanwhile; they are taken to go on as they did before, and as they do afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.medians import median, medians
from motionsight_core.record import Dissolve, DissolveKind

Floats = NDArray[np.float64]
Picture = NDArray[np.float32]

#: Times that differ by less are the same, seconds.
SAME_S = 1e-3
#: A picture that moves by less is left as it is, pixels of a thumbnail.
LEAST_WAY = 0.2
#: Pairs of frames before and after a window that tell how its pictures move.
PAIRS = 5
#: Standard deviation of the blur, pixels of a thumbnail: noise and small errors of the motion do not count.
BLUR = 1.0
#: Least share of the frame that shows both pictures.
LEAST_COMMON = 0.3
#: Least deviation of the difference of the two pictures, of 255.
LEAST_DIFFERENCE = 4.0
#: Correlation from which on the two are one picture, brighter or darker.
ONE_PICTURE = 0.6
#: Greatest power of what the mixture does not explain, share of the power of the two pictures' difference:
#: in the middle frame, which is looked at first, and in the mean of all.
MISFIT_MIDDLE, MISFIT = 0.35, 0.16
#: Greatest deviation of the frames' brightness from the mixtures', of 255: what goes through black is two
#: fades. Exposure that flickers goes both ways, and its mean does not count.
BRIGHTNESS = 16.0
#: Parts of the picture, columns and rows, and the share of those with any structure that must be new.
PARTS = 6, 4
NEW_SHARE = 0.75
#: Deviation of a part without structure, of 255.
NOISE = 1.5
#: Least part of a dissolve that its window shows.
LEAST_SEEN = 0.6
#: Greatest deviation of the shares from an even ramp.
UNEVEN = 0.065
#: Shares of frames that are certainly mixtures, and the fewest of such frames.
MIXED = 0.12, 0.88
LEAST_MIXED = 3
#: Rank of a window that shows but a part of a dissolve, share of one that shows all of it.
IN_PART = 0.7
#: Deviation below which a picture is an even colour, of 255, and share of the other's deviation; so much
#: of it, percent, is no farther from its median.
EVEN, EVEN_SHARE = 7.0, 0.3
EVEN_PERCENT = 85


@dataclass(frozen=True, slots=True)
class ThumbnailFrame:
    """What is kept of a frame."""

    t_s: float
    """Source seconds."""
    picture: Picture
    """Blurred thumbnail [h, w]."""
    power: float
    """Of its slopes, (luma per pixel)^2."""
    rate: Floats
    """Similarity [4] per second from the frame before, coordinates in thumbnail pixels about the centre."""

    @classmethod
    def of(cls, thumbnail: NDArray[np.uint8], t_s: float, rate: Floats) -> ThumbnailFrame:
        """From a thumbnail [h, w] of luma."""
        picture = np.asarray(cv2.GaussianBlur(thumbnail.astype(np.float32), (0, 0), BLUR), np.float32)
        down, right = picture[1:, 1:] - picture[:-1, 1:], picture[1:, 1:] - picture[1:, :-1]
        power = (cv2.norm(down, cv2.NORM_L2SQR) + cv2.norm(right, cv2.NORM_L2SQR)) / picture.size
        return cls(t_s, picture, power, rate)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dissolve, or a part of one, as a window shows it."""

    dissolve: Dissolve
    badness: float
    """The larger of its unevenness and its misfit, each as a share of what is allowed."""
    is_whole: bool
    """Whether its window shows both pictures alone."""

    def rank(self) -> float:
        """Higher where it is surer, and longer: a part of a dissolve looks like a shorter one."""
        length_s = self.dissolve.end_s - self.dissolve.start_s
        return (1 - self.badness) * float(np.sqrt(length_s)) * (1.0 if self.is_whole else IN_PART)


@dataclass(frozen=True, slots=True)
class _Mixture:
    """A frame as a mixture of the pictures at the two ends of a window."""

    share: float
    """Of the earlier one, 0 to 1 in a mixture."""
    misfit: float
    """Power of what it leaves unexplained, share of the power of the two pictures' difference."""
    likeness: float
    """Correlation of the two pictures."""
    difference: float
    """Deviation of their difference, of 255."""
    brightness: float
    """How far the frame's mean is from the mixture's, of 255."""


@dataclass(frozen=True, slots=True)
class Window:
    """The frames between two pictures that go on as they move before and after."""

    frames: Sequence[ThumbnailFrame]
    """With those at both ends."""
    old: Picture
    """At the one end."""
    new: Picture
    """At the other."""
    before: Floats
    """Rate [4] of the old picture."""
    after: Floats

    @classmethod
    def of(cls, frames: Sequence[ThumbnailFrame], first: int, last: int) -> Window:
        """From frame `first` to `last`."""
        before = [frame.rate for frame in frames[max(first - PAIRS, 0) + 1 : first + 1]]
        after = [frame.rate for frame in frames[last + 1 : last + 1 + PAIRS]]
        rates = [medians(np.array(rates)) if rates else np.zeros(4) for rates in (before, after)]
        return cls(frames[first : last + 1], *_evened(frames[first].picture, frames[last].picture), *rates)

    def judged(self) -> Candidate | None:
        """The dissolve, or a part of one, that goes on between the two ends; None without one."""
        middle = self.mixture(len(self.frames) // 2)
        if middle is None or middle.misfit > MISFIT_MIDDLE or middle.likeness > ONE_PICTURE:
            return None
        if middle.difference < LEAST_DIFFERENCE or not MIXED[0] < middle.share < MIXED[1]:
            return None
        mixtures = [self.mixture(index) for index in range(1, len(self.frames) - 1)]
        if any(mixture is None for mixture in mixtures):
            return None
        if abs(np.mean([mixture.brightness for mixture in mixtures if mixture])) > BRIGHTNESS:
            return None
        share = np.array([mixture.share for mixture in mixtures if mixture])
        misfit = float(np.mean([mixture.misfit for mixture in mixtures if mixture]))
        t_s = np.array([frame.t_s for frame in self.frames[1:-1]])
        mixed = (share > MIXED[0]) & (share < MIXED[1])
        if np.count_nonzero(mixed) < LEAST_MIXED:
            return None
        slope, offset = np.polyfit(t_s[mixed], share[mixed], 1)
        if slope >= 0:
            return None
        uneven = float(np.sqrt(np.mean((share - np.clip(slope * t_s + offset, 0, 1)) ** 2)))
        badness = max(uneven / UNEVEN, misfit / MISFIT)
        start_s, end_s = float((1 - offset) / slope), float(-offset / slope)
        if badness > 1 or end_s - start_s > (self.frames[-1].t_s - self.frames[0].t_s) / LEAST_SEEN:
            return None
        middle_s = (self.frames[0].t_s + self.frames[-1].t_s) / 2
        if not _new_share(*self._pictures_at(middle_s)) >= NEW_SHARE:  # nor where nothing can be told
            return None
        # What turns, grows, or is covered in part is the old picture all the same once it is carried along.
        if _new_share(self._carried(), self.new) < NEW_SHARE:
            return None
        is_whole = self.frames[0].t_s <= start_s + SAME_S and end_s - SAME_S <= self.frames[-1].t_s
        return Candidate(Dissolve(start_s, end_s, self._kind(start_s, end_s)), badness, is_whole)

    def mixture(self, index: int) -> _Mixture | None:
        frame = self.frames[index]
        old, new = self._pictures_at(frame.t_s)
        common = (old >= 0) & (new >= 0)
        if np.count_nonzero(common) < LEAST_COMMON * common.size:
            return None
        old, new, seen = (picture[common] for picture in (old, new, frame.picture))
        means = [float(np.mean(values)) for values in (old, new, seen)]
        old, new, seen = old - means[0], new - means[1], seen - means[2]
        difference, rest = old - new, seen - new
        power = float(difference @ difference) + 1e-6
        share = float(difference @ rest) / power
        misfit = float(np.sum((rest - share * difference) ** 2)) / power
        likeness = float(old @ new) / float(np.sqrt((old @ old) * (new @ new)) + 1e-6)
        brightness = means[2] - (share * means[0] + (1 - share) * means[1])
        return _Mixture(share, misfit, likeness, float(np.sqrt(power / len(old))), brightness)

    def _pictures_at(self, t_s: float) -> tuple[Picture, Picture]:
        """The old and the new picture as they are at a time, if they go on as they move."""
        return (
            _moved(self.old, self.before * (t_s - self.frames[0].t_s)),
            _moved(self.new, self.after * (t_s - self.frames[-1].t_s)),
        )

    def _carried(self) -> Picture:
        """The old picture where the motions from frame to frame take it by the end of the window."""
        turned, way = complex(1, 0), complex(0, 0)
        for before, frame in pairwise(self.frames):
            a, b, right, down = (float(value) for value in frame.rate * (frame.t_s - before.t_s))
            turned, way = turned * complex(1 + a, b), way * complex(1 + a, b) + complex(right, down)
        return _moved(self.old, np.array([turned.real - 1, turned.imag, way.real, way.imag]))

    def _kind(self, start_s: float, end_s: float) -> DissolveKind:
        before, after = _evened(
            *(
                min(self.frames, key=lambda frame: abs(frame.t_s - moment)).picture
                for moment in (start_s, end_s)
            )
        )
        if not np.ptp(after):
            return "fade_out"
        return "dissolve" if np.ptp(before) else "fade_in"


def _evened(one: Picture, other: Picture) -> tuple[Picture, Picture]:
    """Two pictures, of which one that is nearly an even colour becomes one: the last frame of a fade still
    shows a trace of what it fades from."""
    deviations = [_deviation(picture) for picture in (one, other)]
    if min(deviations) < min(EVEN, EVEN_SHARE * max(deviations)):
        if deviations[0] < deviations[1]:
            return np.full_like(one, np.median(one)), other
        return one, np.full_like(other, np.median(other))
    return one, other


def _deviation(picture: Picture) -> float:
    """How far most of a picture is from its median: a logo on black does not count."""
    return float(np.percentile(np.abs(picture - median(picture)), EVEN_PERCENT))


def _new_share(old: Picture, new: Picture) -> float:
    """Share of the parts of two pictures, 0 to 1, that show something else in the second; NaN where no part
    has any structure. -1 is where a picture does not reach."""
    common = np.asarray((old >= 0) & (new >= 0), np.float32)
    old, new = np.asarray(old * common, np.float32), np.asarray(new * common, np.float32)
    weight = np.maximum(_parts(common), 1e-6)
    old_mean, new_mean = _parts(old) / weight, _parts(new) / weight
    old_power = np.maximum(_parts(np.square(old)) / weight - old_mean**2, 0.0)
    new_power = np.maximum(_parts(np.square(new)) / weight - new_mean**2, 0.0)
    both = _parts(old * new) / weight - old_mean * new_mean
    weaker, stronger = np.minimum(old_power, new_power), np.maximum(old_power, new_power)
    likeness = (both + NOISE**2) / (np.sqrt(weaker * stronger) + NOISE**2)
    is_new = (likeness < ONE_PICTURE) | (weaker < EVEN_SHARE**2 * stronger)
    structured = (weight > LEAST_COMMON) & (stronger > NOISE**2)
    return float(np.mean(is_new[structured])) if structured.any() else np.nan


def _parts(values: Picture) -> Picture:
    """Means of the parts [rows, columns] of a picture [h, w]."""
    return np.asarray(cv2.resize(values, PARTS, interpolation=cv2.INTER_AREA), np.float32)


def _moved(picture: Picture, motion: Floats) -> Picture:
    """The picture moved by a similarity (a, b, tx, ty) about its centre; -1 where it does not reach."""
    height, width = picture.shape
    a, b, right, down = (float(value) for value in motion)
    if abs(right) + abs(down) + (abs(a) + abs(b)) * width / 2 < LEAST_WAY:
        return picture
    matrix = np.array([[1 + a, -b, right], [b, 1 + a, down]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix[:, 2] += centre - matrix[:, :2] @ centre
    moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=-1e6)
    return np.asarray(moved, np.float32)
