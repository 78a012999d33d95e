"""The names of a clip's tracks: which frames the detector sees, and what comes of its votes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from motionsight_core.naming.candidates import Candidate
from motionsight_core.naming.shaping import shaped
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.naming.voting import LEAST_FRAMES, Ballot, Verdict
from motionsight_core.record import ObjectTrack, TrackName

#: Frames that the detector sees at most: so many in a second of the clip, and so many of a short and of a
#: long one. Each costs about half as much as a second of 720p costs to decode.
FRAMES_PER_S = 0.9
FEWEST_FRAMES, MOST_FRAMES = 6, 20
#: A name needs no further frames where no frame is against it and its votes add up to so much: four middling
#: ones, or three good ones.
CLEAR = 1.2
#: ... nor where they add up to so much above those against it.
SETTLED = 2.0
#: ... and where no name has more support than this after so many frames, there is none to be found.
HOPELESS, EARLY = 0.06, 4
#: Frames are looked at for a track of at least this share of the first one's prominence.
LEAST_SHARE = 0.2
#: A box this close to the frame's edge may be cut off, fraction of the frame ...
EDGE = 0.01
#: ... and counts for less.
CUT_WEIGHT = 0.5
#: A track is seen in a frame if one of its boxes is as near in time, seconds.
NEAR_S = 0.25

T = TypeVar("T")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was found out about the tracks of a clip."""

    tracks: tuple[ObjectTrack, ...]
    """Those that were given, in the shape of the things that were detected: see `shaped`. `label` is the name
    of those that were recognised."""
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
    views = {track.track_id: _Views.of(track, candidates) for track in tracks}
    seen: dict[int, FrameDetections] = {}
    first = max((track.score for track in tracks), default=0.0)
    prominent = {track.track_id for track in tracks if track.score >= LEAST_SHARE * first}
    most = frames_for(candidates) if most_frames is None else most_frames
    while len(seen) < min(most, len(candidates)):
        gains = np.zeros(len(candidates))
        for number, ballot in ballots.items():
            if number in prominent and not _is_decided(ballot, unsayable):
                gains += views[number].gains(list(seen))
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        found = tuple(detect(candidates[best].picture))
        seen[best] = FrameDetections(round(candidates[best].t_s, 3), found)
        for number, ballot in ballots.items():
            views[number].vote(best, found, ballot)
    frames = tuple(sorted(seen.values(), key=lambda frame: frame.t_s))
    called = {
        track.track_id: verdict.name
        for track in tracks
        if (verdict := ballots[track.track_id].verdict(unsayable)) is not None and verdict.is_sure
    }
    things = shaped(tracks, frames, called)
    return _named(things, candidates, seen, frames, unsayable)


def _named(
    tracks: Sequence[ObjectTrack],
    candidates: Sequence[Candidate[Any]],
    seen: Mapping[int, FrameDetections],
    frames: tuple[FrameDetections, ...],
    unsayable: Collection[str],
) -> Recognition:
    """The tracks with the names that the frames which were seen give them."""
    named: dict[int, Verdict] = {}
    for track in tracks:
        ballot, views = Ballot(), _Views.of(track, candidates)
        for number, frame in seen.items():
            views.vote(number, frame.detections, ballot)
        verdict = ballot.verdict(unsayable) if len(ballot) else None
        if verdict is not None and verdict.is_sure:
            named[track.track_id] = verdict
    return Recognition(
        tuple(
            replace(track, label=named[track.track_id].name) if track.track_id in named else track
            for track in tracks
        ),
        tuple(_track_name(number, verdict) for number, verdict in named.items()),
        frames,
    )


def frames_for(candidates: Sequence[Candidate[Any]]) -> int:
    """How many frames of a clip, which lasts from its first candidate to its last, are worth their cost."""
    span_s = candidates[-1].t_s - candidates[0].t_s if candidates else 0.0
    return min(MOST_FRAMES, max(FEWEST_FRAMES, round(FRAMES_PER_S * span_s)))


@dataclass(frozen=True, slots=True)
class _Views:
    """A track in the frames of the candidates; all arrays [C]."""

    t_s: Floats
    """Source seconds."""
    boxes: Floats
    """[C, 4] fractions of the frame."""
    weights: Floats
    """How well the frame shows the track: sharp, whole, and of its usual size. 0 where it is not there."""

    @classmethod
    def of(cls, track: ObjectTrack, candidates: Sequence[Candidate[Any]]) -> _Views:
        t_s = np.array([candidate.t_s for candidate in candidates])
        sharpness = np.array([candidate.sharpness for candidate in candidates]) + 1e-6
        times = np.array([box.t_s for box in track.boxes])
        corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
        boxes = np.stack([np.interp(t_s, times, side) for side in corners.T], axis=1)
        there = np.abs(times[None, :] - t_s[:, None]).min(axis=1) <= NEAR_S
        there &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        # A box far below the median shows a part; one far above it has merged with another's.
        ratio = _sizes(boxes) / float(np.median(_sizes(corners)))
        usual = np.minimum(ratio, 1 / np.maximum(ratio, 1e-6))
        whole = (boxes[:, :2] > EDGE).all(axis=1) & (boxes[:, 2:] < 1 - EDGE).all(axis=1)
        return cls(t_s, boxes, there * sharpness * usual * np.where(whole, 1.0, CUT_WEIGHT))

    def gains(self, seen: Sequence[int]) -> Floats:
        """What each frame would say of the track: its share of the best weight, less near one seen before."""
        there = np.flatnonzero(self.weights > 0)
        if not len(there):
            return np.zeros_like(self.weights)
        gains = self.weights / self.weights.max()
        known = [number for number in seen if self.weights[number] > 0]
        if known:
            span_s = max(float(self.t_s[there[-1]] - self.t_s[there[0]]), 1e-6)
            gaps_s = np.abs(self.t_s[:, None] - self.t_s[known]).min(axis=1)
            gains *= np.minimum(1.0, EARLY * gaps_s / span_s) / (1 + len(known))
        gains[list(seen)] = 0.0
        return gains

    def vote(self, number: int, found: Sequence[Detection], ballot: Ballot) -> None:
        """Put the vote of a candidate's frame into the track's ballot, if the track is there."""
        if self.weights[number] > 0:
            x0, y0, x1, y1 = map(float, self.boxes[number])
            ballot.add((x0, y0, x1, y1), found, float(self.weights[number]))


def _sizes(boxes: Floats) -> Floats:
    """Square roots of the areas of boxes [N, 4]."""
    return np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1))


def _is_decided(ballot: Ballot, unsayable: Collection[str]) -> bool:
    if len(ballot) >= EARLY and ballot.strongest(unsayable) < HOPELESS:
        return True
    verdict = ballot.verdict(unsayable) if len(ballot) >= LEAST_FRAMES else None
    if verdict is None:
        return False
    return verdict.score * len(ballot) >= (CLEAR if verdict.frames == len(ballot) else SETTLED)


def _track_name(track_id: int, verdict: Verdict) -> TrackName:
    return TrackName(track_id, verdict.name, round(min(1.0, verdict.score), 3), verdict.frames)
