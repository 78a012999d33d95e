"""Tracks in the frames that the detector saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import Corners, iou
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.naming.vocabulary import MOVERS
from motionsight_core.record import ObjectTrack

Floats = NDArray[np.float64]

#: Score of a detection that says what a track is of.
LEAST_SCORE = 0.35
#: Names that do besides what moves by itself.
THROWN = frozenset({"sports ball"})
#: A track is there in a frame if one of its boxes is as near in time, seconds.
NEAR_S = 0.25
#: Detections that overlap by this much are one thing, IoU.
SAME = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """A track in one frame that the detector saw."""

    t_s: float
    """Source seconds."""
    box: Corners
    """Of the track, in fractions of the frame."""
    things: tuple[Detection, ...]
    """That may be what the track is of, those that are the same left out; best first."""


def looks_of(track: ObjectTrack, frames: Sequence[FrameDetections]) -> list[Look]:
    """The track in each of the frames in which it is there, in order of time."""
    t_s, boxes = arrays_of(track)
    looks = []
    for frame in frames:
        if np.abs(t_s - frame.t_s).min() > NEAR_S:
            continue
        x0, y0, x1, y1 = (float(np.interp(frame.t_s, t_s, side)) for side in boxes.T)
        things: list[Detection] = []
        for one in frame.detections:
            is_thing = one.score >= LEAST_SCORE and (one.label in MOVERS or one.label in THROWN)
            if is_thing and all(iou(one.box, other.box) < SAME for other in things):
                things.append(one)
        looks.append(Look(frame.t_s, (x0, y0, x1, y1), tuple(things)))
    return looks


def arrays_of(track: ObjectTrack) -> tuple[Floats, Floats]:
    """Times [B] and corners [B, 4] of its boxes."""
    return (
        np.array([box.t_s for box in track.boxes]),
        np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes]),
    )


def centre_of(box: Corners) -> Floats:
    """The middle [2] of a box."""
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
