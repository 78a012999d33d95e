"""Held frames: between two frames that lie far apart the picture stands still, then changes at once.

A frame is shown until the next one. Screen recordings, slide shows and videos with repeated frames show one
for seconds. What changed between two such frames did so when the later one appeared, not evenly on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.samples import CameraSamples, runs

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: A frame shown for longer than this is held at any frame rate, seconds: one frame a second can still show
#: how a camera moves.
LONGEST_CHANGE_S = 1.25
#: So is a frame shown for this long, seconds, and this many times longer than the shorter of its neighbours.
#: A shorter gap may be a few frames that a moving camera dropped.
SHORTEST_HOLD_S = 0.3
HELD_RATIO = 2.5
#: Fewer changes than this between two holds are no motion at a low frame rate.
LEAST_RUN = 3
#: Mean and largest difference of two frames that show the same picture, of 255: encoders correct a repeated
#: frame a little. The noise of a camera is above both, and a move that can be told from rest above the mean.
REPEAT_MEAN = 0.2
REPEAT_LARGEST = 12
#: Times that differ by less are the same, seconds.
SAME_TIME_S = 1e-6
#: Fields of CameraSamples that are amounts per second.
_RATES = (
    "pan", "tilt", "zoom", "roll", "shear", "deformation", "divergence", "curl", "far_drift", "near_drift",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Hold:
    """A frame that is shown for long."""

    frame: int
    """Among the measured ones."""
    position: int
    """Of the sample that follows."""
    start_s: float
    end_s: float


def is_repeat(previous: Luma, current: Luma) -> bool:
    """Whether `current` is the picture of `previous` once more, both [h, w, ...]."""
    if cv2.norm(previous, current, cv2.NORM_L1) > REPEAT_MEAN * current.size:
        return False
    return cv2.norm(previous, current, cv2.NORM_INF) <= REPEAT_LARGEST


def with_holds(
    samples: CameraSamples,
    seen: NDArray[np.bool_],
    times_s: Floats,
    span_s: tuple[float, float],
    step_s: float,
) -> CameraSamples:
    """The motion over a clip's whole span: a long gap between two frames becomes stillness and a change.

    Args:
        samples: one for each pair of neighbouring frames [F - 1], its change spread evenly over the gap.
        seen: [F] whether the frame has the texture that shows that it stands still.
        times_s: [F] of the frames, source seconds; the first may have been on display when the clip begins.
        span_s: start and end of the clip.
        step_s: usual distance of measured frames, seconds; how long a change between two holds takes.
    """
    gaps_s = np.diff(times_s)
    took_s = _changes_s(gaps_s, step_s)
    begins_s = times_s[1:] - took_s
    last = len(times_s) - 1
    holds = [
        _Hold(index, index, float(times_s[index]), float(begins_s[index]))
        for index in np.flatnonzero(took_s < gaps_s).tolist()
    ]
    if _is_hold(times_s[0] - span_s[0], took_s[:1], step_s):
        holds.insert(0, _Hold(0, 0, span_s[0], float(times_s[0])))
    if _is_hold(span_s[1] - times_s[-1], took_s[-1:], step_s):
        holds.append(_Hold(last, last, float(times_s[-1]), span_s[1]))
    columns = {field.name: getattr(samples, field.name) for field in fields(samples)}
    columns["start_s"] = begins_s
    columns |= {name: columns[name] * (gaps_s / took_s) for name in _RATES}
    return _from(_inserted(columns, holds, seen, step_s), span_s[0])


def _changes_s(durations: Floats, step_s: float) -> Floats:
    """How long the change between the frames of each pair took, [P] seconds: the whole gap, or its end."""
    beside = np.concatenate([[np.inf], durations, [np.inf]])
    shorter = np.minimum(beside[:-2], beside[2:])
    held = (durations > LONGEST_CHANGE_S) | (
        (durations >= SHORTEST_HOLD_S) & (durations > HELD_RATIO * shorter)
    )
    for first, last in runs(~held):
        # One or two pictures between slides are slides as well, not a camera at a low frame rate.
        if last - first < LEAST_RUN and last - first < len(durations):
            held[first:last] = durations[first:last] >= SHORTEST_HOLD_S
    # At the pace of the motion before or after it, where there is some.
    beside[1:-1][held] = np.inf
    pace = np.minimum(beside[:-2], beside[2:])
    return np.where(held, np.where(np.isfinite(pace), pace, step_s), durations)


def _is_hold(gap_s: float, beside_s: Floats, step_s: float) -> bool:
    """Whether the time before the first frame, or after the last one, is a hold, by the pair beside it."""
    usual_s = float(beside_s[0]) if len(beside_s) else step_s
    return gap_s > LONGEST_CHANGE_S or gap_s >= max(SHORTEST_HOLD_S, HELD_RATIO * usual_s)


def _inserted(
    columns: dict[str, NDArray[Any]], holds: list[_Hold], seen: NDArray[np.bool_], step_s: float
) -> CameraSamples:
    """The samples with the holds between them, each as three: the middles of the samples next to a change
    then tell how long it lasts."""
    starts_s: list[float] = []
    ends_s: list[float] = []
    for hold in holds:
        side_s = min(step_s, (hold.end_s - hold.start_s) / 3)
        inner = [hold.start_s + side_s, hold.end_s - side_s]
        starts_s += [hold.start_s, *inner]
        ends_s += [*inner, hold.end_s]
    positions = np.repeat([hold.position for hold in holds], 3).astype(np.intp)
    frames = np.repeat([hold.frame for hold in holds], 3).astype(np.intp)
    new: dict[str, Any] = {"start_s": starts_s, "end_s": ends_s, "inliers": seen[frames], "held": True}
    return CameraSamples(
        **{name: np.insert(column, positions, new.get(name, 0.0)) for name, column in columns.items()}
    )


def _from(samples: CameraSamples, start_s: float) -> CameraSamples:
    """The samples from a time on."""
    first = int(np.searchsorted(samples.end_s, start_s + SAME_TIME_S))
    kept = samples.part(first, len(samples))
    return replace(kept, start_s=np.maximum(kept.start_s, start_s))
