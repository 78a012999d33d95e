"""The names of a clip's tracks: which frames the detector sees, and what comes of its votes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from motionsight_core.naming.candidates import Candidate
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.naming.voting import Ballot, Corners, Verdict
from motionsight_core.record import ObjectTrack, TrackName

#: Frames that the detector sees at most: so many in a second of the clip, and so many of a short and of a
#: long one. Each costs about half as much as a second of 720p costs to decode.
FRAMES_PER_S = 0.8
FEWEST_FRAMES, MOST_FRAMES = 6, 20
#: Frames of a track after which it may be decided.
EARLY = 4
#: A name whose score is as high, with no frame against it, needs no further frames ...
CLEAR_SCORE = 0.3
#: ... and where no name has more support than this after as many frames, there is none to be found.
HOPELESS = 0.06
#: A box this close to the frame's edge may be cut off, fraction of the frame ...
EDGE = 0.01
#: ... and counts for less.
CUT_WEIGHT = 0.5
#: A track is seen in a frame if one of its boxes is as near in time, seconds.
NEAR_S = 0.25

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was found out about the tracks of a clip."""

    tracks: tuple[ObjectTrack, ...]
    """Those that were given; `label` is the name of those that were recognised."""
    names: tuple[TrackName, ...]
    """Of the tracks that were recognised."""
    detections: tuple[FrameDetections, ...]
    """All that the detector found in the frames that it saw, in order of time."""


def recognise(
    tracks: Sequence[ObjectTrack],
    candidates: Sequence[Candidate[T]],
    detect: Callable[[T], Sequence[Detection]],
    *,
    unsayable: Collection[str] = (),
    most_frames: int | None = None,
) -> Recognition:
    """Name tracks by a vote over the frames that show them best.

    Frames are seen one by one, each time the one that tells most of the tracks that are not yet decided.

    Args:
        tracks: of one clip.
        candidates: frames of the clip.
        detect: what there is in a candidate's picture.
        unsayable: names that no track gets, although they are found.
        most_frames: how many candidates the detector sees at most; as many as `frames_for` says if unset.
    """
    ballots = {track.track_id: Ballot() for track in tracks}
    views = {track.track_id: [_View.of(track, candidate) for candidate in candidates] for track in tracks}
    seen: dict[int, FrameDetections] = {}
    most = frames_for(candidates) if most_frames is None else most_frames
    while len(seen) < min(most, len(candidates)):
        left = [track for track in tracks if not _is_decided(ballots[track.track_id], unsayable)]
        gains = [
            0.0 if number in seen else sum(_gain(views[track.track_id], number, seen) for track in left)
            for number in range(len(candidates))
        ]
        number = int(np.argmax(gains))
        if gains[number] <= 0:
            break
        found = tuple(detect(candidates[number].picture))
        seen[number] = FrameDetections(round(candidates[number].t_s, 3), found)
        for track in tracks:
            view = views[track.track_id][number]
            if view.box is not None:
                ballots[track.track_id].add(view.box, found, view.weight)
    verdicts = {track.track_id: ballots[track.track_id].verdict(unsayable) for track in tracks}
    named = {
        number: verdict for number, verdict in verdicts.items() if verdict is not None and verdict.is_sure
    }
    return Recognition(
        tuple(
            replace(track, label=named[track.track_id].name) if track.track_id in named else track
            for track in tracks
        ),
        tuple(_track_name(number, verdict) for number, verdict in named.items()),
        tuple(sorted(seen.values(), key=lambda frame: frame.t_s)),
    )


def frames_for(candidates: Sequence[Candidate[Any]]) -> int:
    """How many frames of a clip, which lasts from its first candidate to its last, are worth their cost."""
    span_s = candidates[-1].t_s - candidates[0].t_s if candidates else 0.0
    return min(MOST_FRAMES, max(FEWEST_FRAMES, round(FRAMES_PER_S * span_s)))


@dataclass(frozen=True, slots=True)
class _View:
    """A track in a candidate's frame."""

    t_s: float
    box: Corners | None
    """None where it is not there."""
    weight: float
    """How well the frame shows it: sharp, large and whole. 0 where it is not there."""

    @classmethod
    def of(cls, track: ObjectTrack, candidate: Candidate[Any]) -> _View:
        times = np.array([box.t_s for box in track.boxes])
        if np.abs(times - candidate.t_s).min() > NEAR_S:
            return cls(candidate.t_s, None, 0.0)
        corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
        x0, y0, x1, y1 = (float(np.interp(candidate.t_s, times, side)) for side in corners.T)
        if x1 <= x0 or y1 <= y0:
            return cls(candidate.t_s, None, 0.0)
        # A box far below the median shows a part; one far above it has merged with another's.
        usual = float(np.median(np.sqrt((corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]))))
        ratio = float(np.sqrt((x1 - x0) * (y1 - y0))) / usual
        size = min(ratio, 1 / ratio)
        whole = x0 > EDGE and y0 > EDGE and x1 < 1 - EDGE and y1 < 1 - EDGE
        weight = (candidate.sharpness + 1e-6) * size * (1.0 if whole else CUT_WEIGHT)
        return cls(candidate.t_s, (x0, y0, x1, y1), weight)


def _gain(views: Sequence[_View], number: int, seen: Collection[int]) -> float:
    """What one more frame says of a track: its share of the best weight, less where it is near another."""
    view = views[number]
    if view.box is None:
        return 0.0
    there = [other for other in views if other.box is not None]
    share = view.weight / max(other.weight for other in there)
    known = [views[other].t_s for other in seen if views[other].box is not None]
    if not known:
        return share
    span_s = max(there[-1].t_s - there[0].t_s, 1e-6)
    gap_s = min(abs(view.t_s - t_s) for t_s in known)
    return share * min(1.0, EARLY * gap_s / span_s) / (1 + len(known))


def _is_decided(ballot: Ballot, unsayable: Collection[str]) -> bool:
    if len(ballot) < EARLY:
        return False
    if ballot.strongest(unsayable) < HOPELESS:
        return True
    verdict = ballot.verdict(unsayable)
    return verdict is not None and verdict.score >= CLEAR_SCORE and verdict.frames == len(ballot)


def _track_name(track_id: int, verdict: Verdict) -> TrackName:
    return TrackName(track_id, verdict.name, round(min(1.0, verdict.score), 3), verdict.frames)
