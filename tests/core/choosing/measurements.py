"""Measurements of clips that do not exist, as a measurement of theirs would be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motionsight_core.camera_motion import CAMERA_MOTIONS, Steadiness
from motionsight_core.choosing import Measured
from motionsight_core.measure import CameraPath, MotionMeasurement
from motionsight_core.record import MOVING_REGION, Box, CameraMove, Dissolve, ObjectTrack, Repetition

LENGTH_S = 6.0
_STEP_S = 0.1


def move(label: str, start_s: float = 0.0, end_s: float = LENGTH_S, **values: float) -> CameraMove:
    """At a moderate rate, and certain, unless `rate` and `confidence` say otherwise."""
    rate = values.get("rate", {"zoom": 0.1, "dolly": 0.1, "roll": 8.0}.get(label.partition("_")[0], 0.12))
    return CameraMove(start_s, end_s, label, rate, values.get("confidence", 0.95))  # pyrefly: ignore[bad-argument-type]


def track(
    label: str,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    span_s: tuple[float, float] = (0.0, LENGTH_S),
    size: tuple[float, float] = (0.1, 0.1),
    number: int = 1,
    easing: float = 1.0,
) -> ObjectTrack:
    """From one place to another; `size` is the width at first and at last, fractions of the frame.

    With an `easing` of 1 it goes evenly, with 2 faster and faster.
    """
    times = np.arange(span_s[0], span_s[1] + 1e-6, _STEP_S)
    shares = ((times - span_s[0]) / (span_s[1] - span_s[0])) ** easing
    boxes = []
    for t_s, share in zip(times, shares, strict=True):
        x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        half = (size[0] + share * (size[1] - size[0])) / 2
        boxes.append(
            Box(float(t_s), *(float(np.clip(v, 0, 1)) for v in (x - half, y - half, x + half, y + half)))
        )
    return ObjectTrack(number, label, 0.5, span_s[0], span_s[1], tuple(boxes))


def region(start: tuple[float, float], end: tuple[float, float]) -> ObjectTrack:
    """A track without a name."""
    return track(MOVING_REGION, start, end)


def turning(start: tuple[float, float], corner: tuple[float, float], end: tuple[float, float]) -> ObjectTrack:
    """A track without a name, straight to a corner and then straight on."""
    first = region(start, corner).boxes
    second = region(corner, end).boxes
    boxes = [Box(one.t_s / 2, one.x0, one.y0, one.x1, one.y1) for one in first]
    boxes += [Box((LENGTH_S + one.t_s) / 2, one.x0, one.y0, one.x1, one.y1) for one in second[1:]]
    return ObjectTrack(1, MOVING_REGION, 0.5, 0.0, LENGTH_S, tuple(boxes))


def measured(
    *moves: CameraMove,
    tracks: Sequence[ObjectTrack] = (),
    cuts: Sequence[float] = (),
    dissolves: Sequence[Dissolve] = (),
    repetitions: Sequence[Repetition] = (),
    steadiness: Steadiness | None = None,
) -> Measured:
    """A clip of LENGTH_S, static unless a camera move is named."""
    times = np.arange(_STEP_S / 2, LENGTH_S, _STEP_S)
    path = {axis: np.zeros_like(times) for axis in ("pan", "tilt", "zoom", "roll")}
    for one in moves:
        motion = CAMERA_MOTIONS[one.label]
        if motion.axis in path:
            path[motion.axis][(times >= one.start_s) & (times < one.end_s)] += motion.sign * one.rate
    measurement = MotionMeasurement(
        camera_moves=moves or (CameraMove(0.0, LENGTH_S, "static", 0.0, 1.0),),
        steadiness=steadiness or ("smooth" if moves else "static"),
        cuts=tuple(cuts),
        dissolves=tuple(dissolves),
        tracks=tuple(tracks),
        motion_score=0.1,
        clarity=0.8,
        camera_path=CameraPath(times, **path, inliers=np.ones_like(times)),
        repetitions=tuple(repetitions),
    )
    return Measured(measurement, 0.0, LENGTH_S, 16 / 9)
