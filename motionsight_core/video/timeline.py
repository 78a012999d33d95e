"""When each frame is shown, from timestamps that may be doubled, missing, damaged or of two clocks.

Nearly all files carry sound timestamps, and nothing is changed then. In the others only what cannot be
true is put right: a frame whose timestamp is doubled, missing or out of line gets a time between its
neighbours, and a recording whose clock starts anew goes on where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Time between two frames where nothing tells it, seconds.
NOMINAL_S = 0.04
#: A frame that is said to be shown for longer than a day has a damaged timestamp; time-lapses and slides
#: of hours are real.
LONGEST_FRAME_S = 86_400.0
#: In containers whose clock may start anew (MPEG-TS, MPEG-PS), a longer step than this joins two
#: recordings; FFmpeg's own limit (`-dts_delta_threshold`).
LONGEST_STEP_OF_ONE_CLOCK_S = 10.0
#: Or so many usual steps, for slides in such containers.
_USUAL_STEPS = 10
#: So many frames in a row may be out of line; more are a recording of their own.
_MOST_OUT_OF_LINE = 8
#: Share of their steps by which timestamps that go on as before must have advanced meanwhile.
_GAINED_STEPS = 0.75
#: Share and number of backward steps from which on the timestamps are those of decoding (AVI), and how far
#: a frame is then at most from its place.
_DECODING_ORDER = 0.1
_DECODING_STEPS = 3
_DEEPEST_REORDERING = 32


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of frames in display order."""

    times_s: NDArray[np.float64]
    """[F] seconds from the first frame, increasing."""
    mended: NDArray[np.intp]
    """[M] numbers of the frames whose timestamps could not be used."""
    joins: NDArray[np.intp]
    """[J] numbers of the frames with which another recording begins."""

    @property
    def is_as_stored(self) -> bool:
        """Whether the times are the stored timestamps, but for their origin."""
        return not len(self.mended) and not len(self.joins)


def timeline_of(
    pts: Sequence[int | None] | NDArray[np.int64],
    *,
    time_base: float,
    nominal_s: float,
    clock_restarts: bool,
) -> Timeline:
    """The times of frames that come in display order.

    Args:
        pts: [F] timestamps in units of the time base, at least one; None where there is none.
        time_base: seconds.
        nominal_s: time between frames, where the timestamps do not tell, seconds.
        clock_restarts: whether the container's clock may start anew (FFmpeg's AVFMT_TS_DISCONT).
    """
    known = np.array([value is not None for value in pts]) if not isinstance(pts, np.ndarray) else None
    if known is not None and not known.any():
        # The container stores a frame rate and no times (AVI, raw streams): this is its clock.
        return _sound(np.arange(len(pts), dtype=np.float64) * nominal_s)
    stored = np.array([np.nan if value is None else value for value in pts], np.float64)
    # Counted from the middle one: what a wild one does to the precision, it does to itself alone.
    stored = (stored - np.nanmedian(stored)) * time_base
    steps = np.diff(stored)
    if known is None or known.all():
        if _is_decoding_order(stored):
            stored = np.sort(stored)
            steps = np.diff(stored)
        usual_s = usual_step(steps, nominal_s)
        if np.all((steps > 0) & (steps <= _longest_step(usual_s, clock_restarts))):
            return _sound(stored)
    usual_s = usual_step(steps, nominal_s)
    return _mended(stored, usual_s, longest_s=_longest_step(usual_s, clock_restarts), tick_s=time_base)


def usual_step(steps_s: NDArray[np.float64], nominal_s: float) -> float:
    """The usual time between frames, seconds.

    Args:
        steps_s: times from each frame to the next; those back, and those that no frame lasts, do not count.
        nominal_s: what holds where there is no step.
    """
    forward = steps_s[(steps_s > 0) & (steps_s <= LONGEST_FRAME_S)]
    return float(np.median(forward)) if len(forward) else nominal_s


def _is_decoding_order(stored: NDArray[np.float64]) -> bool:
    """Whether times are those of decoding: small steps back all over, since B-frames are decoded late."""
    back = int(np.count_nonzero(np.diff(stored) < 0))
    if back < _DECODING_STEPS or back <= _DECODING_ORDER * len(stored):
        return False
    moved = np.abs(np.argsort(stored, kind="stable") - np.arange(len(stored)))
    return bool(np.max(moved) <= _DEEPEST_REORDERING)


def _longest_step(usual_s: float, clock_restarts: bool) -> float:
    if clock_restarts:
        return max(LONGEST_STEP_OF_ONE_CLOCK_S, _USUAL_STEPS * usual_s)
    return LONGEST_FRAME_S


def _sound(times_s: NDArray[np.float64]) -> Timeline:
    nothing = np.zeros(0, np.intp)
    return Timeline(_from_zero(times_s), nothing, nothing)


def _mended(stored: NDArray[np.float64], usual_s: float, *, longest_s: float, tick_s: float) -> Timeline:
    """Trust what is in line, put the rest between, and let clocks that start anew go on."""
    times = np.full(len(stored), np.nan)
    joins: list[int] = []
    offset = 0.0
    last: float | None = None
    number = 0
    while number < len(stored):
        here = stored[number] + offset
        # The offset of a joined recording costs the last digits: equal is what is less than a tick apart.
        if np.isnan(here) or (last is not None and abs(here - last) <= tick_s / 2):
            number += 1
            continue
        ahead = stored[number + 1 : number + 1 + _MOST_OUT_OF_LINE] + offset
        if skipped := _out_of_line(here, ahead, last, usual_s, longest_s):
            number += skipped
            continue
        if last is not None and not 0 < here - last <= longest_s:
            joins.append(number)
            # The frames without a time just before belong to the recording that ends.
            untimed = number - int(np.flatnonzero(~np.isnan(times[:number]))[-1]) - 1
            here = last + (untimed + 1) * usual_s
            offset = here - stored[number]
        times[number] = last = here
        number += 1
    mended = np.flatnonzero(np.isnan(times))
    _fill(times, usual_s)
    return Timeline(_from_zero(times), mended, np.array(joins, np.intp))


def _from_zero(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Increasing times, from that of the first. After thousands of years a tick is lost to rounding."""
    times_s = times_s - times_s[0]
    if np.all(np.diff(times_s) > 0):
        return times_s
    for number in range(1, len(times_s)):
        times_s[number] = max(times_s[number], np.nextafter(times_s[number - 1], np.inf))
    return times_s


def _out_of_line(
    here: float, ahead: NDArray[np.float64], last: float | None, usual_s: float, longest_s: float
) -> int:
    """How many frames, from this one on, are out of line: after them the timestamps go on as before.

    0 where this one is in line, or where another recording begins with it.

    Args:
        here: the frame's timestamp.
        ahead: those of the frames that follow.
        last: that of the last frame in line; None before the first.
    """
    steps = np.arange(len(ahead)) + 2.0
    if last is None:
        if len(ahead) > 1 and ahead[0] - here > longest_s >= ahead[1] - ahead[0] > 0:
            return 1
        # At the very start a step back tells that something is wrong, and regularity what.
        back = np.flatnonzero(ahead < here)
        if not len(back) or back[0] + 1 >= len(ahead):
            return 0
        first, second = ahead[back[0] : back[0] + 2]
        from_here = abs(second - here - (back[0] + 2) * usual_s)
        return int(back[0]) + 1 if abs(second - first - usual_s) < from_here else 0
    if here > last:
        # Later frames lie before it, and closer to where they should be than it does itself.
        off = abs(here - last - usual_s)
        back = np.flatnonzero(
            (ahead > last) & (ahead < here) & (np.abs(ahead - last - steps * usual_s) < off)
        )
        if len(back):
            return int(back[0]) + 1
    else:
        # A clock that went on all the while is as many steps ahead as there are frames; one that started
        # anew just before where the other ended merely passes it.
        gained = steps * _GAINED_STEPS * usual_s
        gained[:1] = 0.0
        on = np.flatnonzero((ahead - last > gained) & (ahead > last) & (ahead - last <= longest_s))
        if len(on):
            return int(on[0]) + 1
    # Whether the last frame of all is out of line or a recording of its own, nobody can tell.
    return 1 if not len(ahead) and not 0 < here - last <= longest_s else 0


def _fill(times: NDArray[np.float64], usual_s: float) -> None:
    """Give the frames without a time (NaN) even ones between their neighbours, or beyond the ends."""
    known = np.flatnonzero(~np.isnan(times))
    first, last = int(known[0]), int(known[-1])
    times[:first] = times[first] + (np.arange(first) - first) * usual_s
    times[last + 1 :] = times[last] + np.arange(1, len(times) - last) * usual_s
    inside = np.arange(first, last + 1)
    times[first : last + 1] = np.interp(inside, known, times[known])
