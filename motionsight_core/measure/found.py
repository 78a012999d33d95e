"""The tracks of a clip from its trails: joined, judged, counted and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import median_filter

from motionsight_core.measure.calibration import probability_of_track
from motionsight_core.measure.joining import joined
from motionsight_core.measure.track_evidence import evidence_of, is_of_a_thing, is_worth_a_row, prominence
from motionsight_core.measure.track_path import most_at_once
from motionsight_core.measure.tracks import RegionTracker
from motionsight_core.measure.trails import Trail
from motionsight_core.measure.types import TrackEvidence
from motionsight_core.naming.types import FrameDetections
from motionsight_core.record import MOVING_REGION, Box, ObjectTrack, TrackName

#: Frames of the median of a track that is told by flow alone.
BY_FLOW_FRAMES = 15
#: A name makes a track more likely. What has less than this share of the probability that is asked for would
#: not have it with one, and is not looked at.
LEAST_BEFORE_NAMES = 0.2


@dataclass(frozen=True, slots=True)
class FoundTracks:
    """What moves in a clip."""

    tracks: tuple[ObjectTrack, ...]
    """The most prominent first."""
    evidence: tuple[TrackEvidence, ...]
    """Of the tracks, in their order."""
    not_kept: int = 0
    """Further tracks, of which no more than their number is known."""
    at_once: int = 0
    """Most tracks at one moment, where some are not kept; else 0."""
    names: tuple[TrackName, ...] = ()
    """Of the tracks that were recognised."""
    detections: tuple[FrameDetections, ...] = ()
    """What a detector found in the frames that it saw."""
    names_left_out: bool = False
    """Whether there is no detector to be used."""

    @property
    def in_all(self) -> int:
        """How many things move in the clip."""
        return len(self.tracks) + self.not_kept

    @property
    def most_at_once(self) -> int:
        """How many tracks there are at most at one moment."""
        return max(most_at_once([(one.start_s, one.end_s) for one in self.tracks]), self.at_once)

    def first(self, most: int) -> FoundTracks:
        """The most prominent of them; how many there are besides is still known."""
        tracks = self.tracks[:most]
        kept = {track.track_id for track in tracks}
        return replace(
            self,
            tracks=tracks,
            evidence=tuple(one for one in self.evidence if one.track_id in kept),
            not_kept=self.not_kept + len(self.tracks) - len(tracks),
            at_once=self.most_at_once,
            names=tuple(name for name in self.names if name.track_id in kept),
        )


def judged(found: FoundTracks, least: float = 0.0) -> FoundTracks:
    """Each track with the probability that it is of a thing that moves as its score; until then that is its
    prominence, which stays with its evidence. Those below the least probability are left out."""
    if not found.evidence:
        return found
    pairs = [
        (replace(track, score=probability_of_track(evidence)), replace(evidence, prominence=track.score))
        for track, evidence in zip(found.tracks, found.evidence, strict=True)
    ]
    pairs = [(track, evidence) for track, evidence in pairs if track.score >= least]
    kept = {track.track_id for track, _ in pairs}
    return replace(
        found,
        tracks=tuple(track for track, _ in pairs),
        evidence=tuple(evidence for _, evidence in pairs),
        names=tuple(name for name in found.names if name.track_id in kept),
    )


def by_prominence(
    tracks: Sequence[ObjectTrack], evidence: Sequence[TrackEvidence]
) -> tuple[ObjectTrack, ...]:
    """Tracks that were judged, with their prominence as their score again."""
    prominence = {one.track_id: one.prominence for one in evidence}
    return tuple(replace(track, score=prominence.get(track.track_id, track.score)) for track in tracks)


def found_tracks(
    tracker: RegionTracker,
    duration_s: float,
    *,
    frame_s: float,
    dissolves: Sequence[tuple[float, float]] = (),
    least: float = 0.0,
) -> FoundTracks:
    """The tracks of a clip that may be of things; nothing is followed over the middle of a dissolve.

    Args:
        tracker: has seen all frames.
        duration_s: of the clip.
        frame_s: distance of the measured frames, seconds.
        dissolves: spans [start, end] in order, source seconds.
        least: the probability that a track must have once it has been looked at, 0 to 1.
    """
    trails = [part for trail in tracker.trails() for part in trail.outside(dissolves)]
    judged = [(evidence_of(trail, 0), trail) for trail in joined(trails) if trail.is_track(frame_s)]
    ranked = [
        (prominence(evidence, duration_s), evidence, trail)
        for evidence, trail in judged
        if is_of_a_thing(trail, evidence)
        and is_worth_a_row(evidence)
        and probability_of_track(evidence) >= LEAST_BEFORE_NAMES * least
    ]
    ranked.sort(key=lambda one: (-one[0], one[2].times[0]))
    tracks = tuple(_object_track(number, trail, score) for number, (score, _, trail) in enumerate(ranked, 1))
    return FoundTracks(
        tracks,
        tuple(replace(evidence, track_id=number) for number, (_, evidence, _) in enumerate(ranked, 1)),
        tracker.dropped,
        tracker.most_at_once if tracker.dropped else 0,
    )


def _object_track(number: int, trail: Trail, score: float) -> ObjectTrack:
    boxes = np.array(trail.boxes)
    if len(boxes) >= 3:
        # Sides jump for single frames where a part stands still: the median drops that. What flow alone
        # shows comes in parts, now more and now less of it.
        by_flow = sum(region.by_flow for region in trail.seen) > len(trail.seen) / 2
        boxes = median_filter(boxes, (BY_FLOW_FRAMES if by_flow else 3, 1), mode="nearest")
    boxes = boxes.clip(0, 1).round(4)
    return ObjectTrack(
        track_id=number,
        label=MOVING_REGION,
        score=round(score, 3),
        start_s=round(trail.times[0], 3),
        end_s=round(trail.times[-1], 3),
        boxes=tuple(
            Box(round(t_s, 3), *(float(side) for side in box))
            for t_s, box in zip(trail.times, boxes, strict=True)
        ),
    )
