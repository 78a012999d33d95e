"""Which frames of a clip are sampled (V_s), which the blur windows need, which are measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.settings import SamplingSettings

#: Clip bounds are rounded to milliseconds; a frame on the bound belongs to the clip it starts.
HALF_MS = 0.0005
#: A frame that is shown for longer than so many usual ones, and than this time, is held.
_HELD_STEPS = 3
_SHORTEST_HOLD_S = 0.1


def frames_of_clip(times_s: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.intp]:
    """Indices of the frames displayed from `start_s` up to, not including, `end_s`."""
    return np.flatnonzero((times_s >= start_s - HALF_MS) & (times_s < end_s - HALF_MS))


def displayed_frames(times_s: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.intp]:
    """Indices of the frames that are seen from `start_s` up to, not including, `end_s`.

    These are the frames that are displayed from then on, and before them the one on display at `start_s`,
    where it is held: a screen recording stores no frame while nothing changes.

    Args:
        times_s: [F] times of all frames, increasing.
    """
    frames = frames_of_clip(times_s, start_s, end_s)
    on_display = int(np.searchsorted(times_s, start_s - HALF_MS)) - 1
    if on_display < 0 or start_s >= end_s:
        return frames
    if not len(frames) or is_held(times_s, start_s, float(times_s[frames[0]])):
        return np.concatenate(([on_display], frames)).astype(np.intp)
    return frames


def times_shown(times_s: NDArray[np.float64], first: int, start_s: float) -> NDArray[np.float64]:
    """The times of all frames [F] in a clip: its first frame is shown from the clip's start, if it is held.

    Args:
        times_s: [F] times of all frames.
        first: number of the clip's first frame.
        start_s: the clip's start.
    """
    if times_s[first] >= start_s - HALF_MS:
        return times_s
    shown = times_s.copy()
    shown[first] = start_s
    return shown


def is_held(times_s: NDArray[np.float64], start_s: float, next_s: float) -> bool:
    """Whether the picture at `start_s`, seen until `next_s`, is held: shown much longer than frames are."""
    # Most clips begin on a frame, and need not look at the others for that.
    if next_s - start_s <= _SHORTEST_HOLD_S:
        return False
    return next_s - start_s > _HELD_STEPS * float(np.median(np.diff(times_s)))


def sampled_frames(times_s: NDArray[np.float64], settings: SamplingSettings) -> NDArray[np.intp]:
    """Positions s_1..s_T of the sampled frames among a clip's frames, by count or by rate.

    By count they are spread evenly in time from the first frame to the last, so that a variable
    frame rate does not crowd them; a clip with fewer frames gives all of them, each once.

    Args:
        times_s: [F] times of the clip's frames, increasing.
    """
    if settings.fps is not None:
        targets = np.arange(times_s[0], times_s[-1] + HALF_MS, 1 / settings.fps)
    else:
        targets = np.linspace(times_s[0], times_s[-1], settings.frames)
    # The frame on display at the target; the nearest one where the target falls just before it.
    after = np.clip(np.searchsorted(times_s, targets), 0, len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(times_s[before] - targets) <= np.abs(times_s[after] - targets)
    return np.unique(np.where(nearer, before, after))


def measured_frames(times_s: NDArray[np.float64], fps: float) -> NDArray[np.intp]:
    """Positions of the frames to measure, about `fps` a second and as evenly spaced as they come.

    Args:
        times_s: [F] times of the clip's frames, increasing.
    """
    if len(times_s) < 2:
        return np.arange(len(times_s))
    step_s = measured_step_s(times_s, fps)
    kept = [0]
    for position in range(1, len(times_s)):
        if times_s[position] - times_s[kept[-1]] >= step_s:
            kept.append(position)
    return np.asarray(kept)


def measured_step_s(times_s: NDArray[np.float64], fps: float) -> float:
    """Least time from one measured frame to the next, seconds.

    Half a frame of slack keeps the step even: 24 fps gives every second frame, not 2, 3, 2, 3.

    Args:
        times_s: [F] times of frames, increasing.
    """
    usual_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    return 1 / fps - 0.5 * usual_s - HALF_MS
