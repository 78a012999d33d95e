"""Dissolves and fades: shot changes that take time.

During a dissolve every frame is a mixture of the picture before and the picture after (`mixtures`); a fade is
the same with an even colour on one side. Windows of several lengths are looked at as the frames come by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import Registration
from motionsight_core.measure.mixtures import PAIRS, SAME_S, Candidate, ThumbnailFrame, Window
from motionsight_core.measure.samples import BLACK_S
from motionsight_core.record import Dissolve

Floats = NDArray[np.float64]

#: Lengths of the windows in which a whole dissolve, or the middle of a longer one, is looked for, seconds.
WINDOWS_S = (2.4, 1.6, 1.0, 0.6)
#: A window at the clip's begin may be shorter by this share.
SLACK = 0.2
#: Fewest frames between the two ends of a window.
LEAST_BETWEEN = 4
#: The middle of a mixture has less contrast than the stronger of its pictures: ratio of the slopes' power
#: from which on it is worth no look.
STILL_STRONG = 0.85
#: Two dissolves share at most this part of the shorter one's time.
OVERLAP = 0.15
#: What is taken for a cut this near to a dissolve is its begin or end, seconds.
NEAR_S = 0.15


class DissolveFinder:
    """Thumbnails go in one at a time; what is kept does not grow with the clip, but for what was found."""

    def __init__(self) -> None:
        self._frames: list[ThumbnailFrame] = []
        self._found: list[Candidate] = []

    def push(self, thumbnail: NDArray[np.uint8], t_s: float, rate: Floats | None) -> None:
        """Take the next frame.

        Args:
            thumbnail: [h, w] luma.
            t_s: source seconds.
            rate: similarity (a, b, tx, ty) per second by which the picture moved since the frame before, tx
                and ty in frame widths; None where that is not known.
        """
        width = thumbnail.shape[1]
        rate = np.zeros(4) if rate is None else rate * (1.0, 1.0, width, width)
        self._frames.append(ThumbnailFrame.of(thumbnail, t_s, rate))
        self._look(len(self._frames) - 1 - PAIRS)
        while len(self._frames) > 3 * PAIRS and t_s - self._frames[PAIRS].t_s > WINDOWS_S[0] + 2.0:
            del self._frames[0]

    def finish(self) -> tuple[Dissolve, ...]:
        """All dissolves and fades of the clip, in order; none overlaps another."""
        for last in range(max(len(self._frames) - PAIRS, 0), len(self._frames)):
            self._look(last)
        self._frames.clear()
        return tuple(_in_pairs(list(_chosen(self._found))))

    def _look(self, last: int) -> None:
        """Look at the windows that end with a frame."""
        frames = self._frames
        for length_s in WINDOWS_S if last > LEAST_BETWEEN else ():
            begins_s = frames[last].t_s - length_s
            if begins_s < frames[0].t_s - SLACK * length_s:
                continue
            first = next(index for index, frame in enumerate(frames) if frame.t_s >= begins_s - SAME_S)
            if last - first <= LEAST_BETWEEN:
                break
            strongest = max(frames[first].power, frames[last].power)
            if frames[(first + last) // 2].power < STILL_STRONG * strongest:
                candidate = Window.of(frames, first, last).judged()
                if candidate is not None:
                    self._found.append(candidate)


def _chosen(found: Sequence[Candidate]) -> Iterator[Dissolve]:
    """Of candidates that overlap the best, in order of time."""
    chosen: list[Dissolve] = []
    for candidate in sorted(found, key=Candidate.rank, reverse=True):
        one = candidate.dissolve
        if all(_common_share(one, other) < OVERLAP for other in chosen):
            chosen.append(one)
    yield from sorted(chosen, key=lambda one: one.start_s)


def _in_pairs(dissolves: Sequence[Dissolve]) -> Iterator[Dissolve]:
    """What follows a fade out at once is a fade in, and what comes before a fade in, a fade out."""
    for number, one in enumerate(dissolves):
        before, after = dissolves[:number][-1:], dissolves[number + 1 :][:1]
        if one.kind == "dissolve" and any(
            other.kind == "fade_out" and one.start_s - other.end_s < BLACK_S for other in before
        ):
            yield replace(one, kind="fade_in")
        elif one.kind == "dissolve" and any(
            other.kind == "fade_in" and other.start_s - one.end_s < BLACK_S for other in after
        ):
            yield replace(one, kind="fade_out")
        else:
            yield one


def _common_share(one: Dissolve, other: Dissolve) -> float:
    """What two dissolves have in common, share of the shorter one's time."""
    common_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return common_s / min(one.end_s - one.start_s, other.end_s - other.start_s)


def within(dissolves: Iterable[Dissolve], start_s: float, end_s: float) -> tuple[Dissolve, ...]:
    """What of the dissolves lies in a clip's span, with times in milliseconds."""
    return tuple(
        Dissolve(round(max(one.start_s, start_s), 3), round(min(one.end_s, end_s), 3), one.kind)
        for one in dissolves
        if one.start_s < end_s and one.end_s > start_s
    )


def is_during(dissolve: Dissolve, t_s: float) -> bool:
    """Whether a moment lies in a dissolve, or so near that it belongs to it."""
    return dissolve.start_s - NEAR_S <= t_s <= dissolve.end_s + NEAR_S


def rate_of(registration: Registration, duration_s: float, size: tuple[int, ...]) -> Floats:
    """The similarity (a, b, tx, ty) per second of two frames of a size [h, w]; tx, ty in frame widths."""
    (scale_cos, _, right), (scale_sin, _, down) = registration.similarity
    return np.array([scale_cos - 1, scale_sin, right / size[1], down / size[1]]) / duration_s
