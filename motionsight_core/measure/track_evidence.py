"""What speaks for a track being of a thing that moves, and what against it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.trails import Trail
from motionsight_core.measure.types import TrackEvidence

Floats = NDArray[np.float64]

#: Prominence below which a track is not kept, and the length at which it counts in full, seconds.
LEAST_PROMINENCE = 0.05
FULL_LENGTH_S = 2.0
#: A track of which this share of its pixels holds still on the screen is no thing of the scene, unless ...
MOST_STILL = 0.45
#: ... it gets so far from its place, frame sides: what is even inside holds still there, and moves, ...
LEAVES_PLACE = 0.05
#: ... or it is in the middle of the picture, where a camera keeps what it follows, frame sides, ...
MIDDLE = 0.2
#: ... and stays there.
HELD_PLACE = 0.02
#: A track of which more than this share is told by flow alone ...
OFTEN_BY_FLOW = 0.5
#: ... is there if it is in most frames, in many, off its ground, and not held on the screen.
DRIFT_PRESENCE, DRIFT_BOXES, OFF_GROUND, DRIFT_STILL = 0.6, 10, 1.0, 0.66
#: A track that always touches one edge of the frame and is thinner is what comes in there, frame sides.
SLIVER = 0.03
EDGE = 0.005


def evidence_of(trail: Trail, track_id: int) -> TrackEvidence:
    """The features of a track, each from 0 or in its own unit."""
    boxes = np.array(trail.boxes)
    sides = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    seen = trail.seen
    masses = np.array([region.mass for region in seen])
    area = float(np.median(sides)) ** 2
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    third = max(1, len(centres) // 3)
    way = np.median(centres[-third:], axis=0) - np.median(centres[:third], axis=0)
    flow, passing = (np.array([getattr(region, name) for region in seen]) for name in ("flow", "passing"))
    against = flow - passing
    drift = np.hypot(against[:, 0], against[:, 1])
    along = np.abs(np.sum(against * passing, axis=1)) / np.maximum(
        drift * np.hypot(passing[:, 0], passing[:, 1]), 1e-9
    )
    return TrackEvidence(
        track_id=track_id,
        strength=float(np.mean([region.strength for region in seen])),
        presence=len(seen) / (1 + trail.frames[-1] - trail.frames[0]),
        length_s=trail.times[-1] - trail.times[0],
        boxes=len(boxes),
        mass=float(np.mean(masses)),
        filled=float(np.clip(np.mean(masses) / max(area, 1e-9), 0, 1)),
        size=float(np.median(sides)),
        way=float(np.hypot(*way)),
        drift=float(np.median(drift)),
        along=float(np.median(along)),
        slip=_slip(trail),
        edge=float(np.mean((boxes < EDGE).any(axis=1) | (boxes > 1 - EDGE).any(axis=1))),
        still=float(np.median([region.still for region in seen])),
        off_ground=float(np.median([region.off_ground for region in seen])),
        layered=float(np.mean(trail.layered)),
        by_flow=float(np.mean([region.by_flow for region in seen])),
    )


def _slip(trail: Trail) -> float:
    """How far the boxes' middles go otherwise than the flow in them, frame sides from frame to frame."""
    steps = [
        np.hypot(*((np.array(after[:2]) + after[2:] - before[:2] - before[2:]) / 2 - region.flow))
        for before, after, region, first, last in zip(
            trail.boxes, trail.boxes[1:], trail.regions, trail.frames, trail.frames[1:], strict=False
        )
        if region is not None and last == first + 1
    ]
    return float(np.median(steps)) if steps else 0.0


def is_of_a_thing(trail: Trail, evidence: TrackEvidence) -> bool:
    """Whether a track may be of something that moves in the scene."""
    if evidence.by_flow > OFTEN_BY_FLOW:
        return _drifts_over_ground(evidence)
    return not (_holds_still(trail, evidence) or _is_sliver(trail))


def _drifts_over_ground(evidence: TrackEvidence) -> bool:
    """Whether what leaves the ground's flow is seen long enough, and the ground below does not go with it."""
    return (
        evidence.presence >= DRIFT_PRESENCE
        and evidence.boxes >= DRIFT_BOXES
        and evidence.off_ground > OFF_GROUND
        and evidence.still < DRIFT_STILL
    )


def _holds_still(trail: Trail, evidence: TrackEvidence) -> bool:
    """A logo, a caption, the edge of a bar: it stays on the screen while the scene passes."""
    if evidence.still < MOST_STILL or evidence.way > LEAVES_PLACE:
        return False
    boxes = np.array(trail.boxes)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    if np.abs(np.median(centres, axis=0) - 0.5).max() > MIDDLE:
        return True
    return float(np.ptp(np.percentile(centres, (10, 90), axis=0), axis=0).max()) > HELD_PLACE


def _is_sliver(trail: Trail) -> bool:
    boxes = np.array(trail.boxes)
    width, height = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    sides = ((boxes[:, 0] < EDGE, width), (boxes[:, 2] > 1 - EDGE, width))
    ends = ((boxes[:, 1] < EDGE, height), (boxes[:, 3] > 1 - EDGE, height))
    return any(bool(touches.mean() > 0.9) and thickness < SLIVER for touches, thickness in (*sides, *ends))


def prominence(evidence: TrackEvidence, duration_s: float) -> float:
    """0 to 1: large, long, and clearly moving.

    Args:
        duration_s: the time that is long; of the clip where tracks are ranked.
    """
    lasting = min(1.0, evidence.length_s / max(duration_s, 1e-9))
    clear = min(1.0, (evidence.strength - 1) / 2)
    large = 2 * evidence.size * evidence.filled**0.5 * clear
    return float(np.clip(large, 0, 1) ** 0.5 * lasting**0.5)


def is_worth_a_row(evidence: TrackEvidence) -> bool:
    """Whether it is large, long and clear enough to be counted, however long the clip lasts."""
    return prominence(evidence, FULL_LENGTH_S) >= LEAST_PROMINENCE
