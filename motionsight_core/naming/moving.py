"""What moves in a clip, looked at by a detector: names, shapes, and what its frames say for a track."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from motionsight_core.measure.found import FoundTracks
from motionsight_core.measure.types import TrackEvidence
from motionsight_core.naming.candidates import Candidate
from motionsight_core.naming.recognition import recognise
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.naming.voting import LEAST_FIT, fit_of
from motionsight_core.record import Box, ObjectTrack

#: A track is seen in a frame if one of its boxes is as near in time, seconds.
NEAR_S = 0.25

T = TypeVar("T")


def recognised(
    moving: FoundTracks,
    candidates: Sequence[Candidate[T]],
    detect: Callable[[T], Sequence[Detection]],
    *,
    unsayable: Collection[str] = (),
    most_frames: int | None = None,
) -> FoundTracks:
    """What moves, with the names and the shape of the things that a detector sees; see `recognise`."""
    found = recognise(moving.tracks, candidates, detect, unsayable=unsayable, most_frames=most_frames)
    known = {one.track_id: one for one in moving.evidence}
    tracks = sorted(found.tracks, key=lambda track: -track.score)
    return replace(
        moving,
        tracks=tuple(tracks),
        evidence=tuple(
            _with_support(known[_measured_as(track, moving.tracks)], track, found.detections)
            for track in tracks
        )
        if known
        else (),
        names=found.names,
        detections=found.detections,
    )


def _measured_as(track: ObjectTrack, measured: Sequence[ObjectTrack]) -> int:
    """The number of the measured track that a track is, or is a part of."""
    if any(one.track_id == track.track_id for one in measured):
        return track.track_id
    middle = track.boxes[len(track.boxes) // 2]

    def fit(one: ObjectTrack) -> float:
        nearest = min(one.boxes, key=lambda box: abs(box.t_s - middle.t_s))
        if abs(nearest.t_s - middle.t_s) > NEAR_S:
            return 0.0
        return fit_of(_corners(nearest), _corners(middle))

    return max(measured, key=fit).track_id


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1


def _with_support(
    evidence: TrackEvidence, track: ObjectTrack, frames: Sequence[FrameDetections]
) -> TrackEvidence:
    """The evidence with the share of the frames in which something was detected where the track is."""
    there = []
    for frame in frames:
        nearest = min(track.boxes, key=lambda box: abs(box.t_s - frame.t_s))
        if abs(nearest.t_s - frame.t_s) <= NEAR_S:
            there.append(any(fit_of(one.box, _corners(nearest)) >= LEAST_FIT for one in frame.detections))
    return replace(evidence, track_id=track.track_id, named=float(np.mean(there)) if there else 0.0)
