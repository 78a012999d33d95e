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
#: A track holds still on the screen if this share of its pixels does ...
MOST_STILL = 0.5
#: ... its middle keeps its place within this, frame sides ...
HELD_PLACE = 0.006
#: ... and it lies outside the middle of the picture, where a camera keeps what it follows.
MIDDLE = 0.2
#: Share of its frames in which parallax parts the background from which on a track may be of the background ...
LAYERED = 0.3
#: ... and is if it moves like the ground that it stands on.
ON_GROUND = 0.35
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
    drift = np.array([region.drift for region in seen])
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
        still=float(np.median([region.still for region in seen])),
        off_ground=float(np.median([region.off_ground for region in seen])),
        layered=float(np.mean(trail.layered)),
    )


def is_of_a_thing(trail: Trail, evidence: TrackEvidence) -> bool:
    """Whether a track may be of something that moves in the scene."""
    return not (_is_overlay(trail, evidence) or _is_layer(evidence) or _is_sliver(trail))


def _is_overlay(trail: Trail, evidence: TrackEvidence) -> bool:
    """A logo, a caption, the edge of a bar: it holds still on the screen while the scene passes."""
    if evidence.still < MOST_STILL:
        return False
    boxes = np.array(trail.boxes)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    if np.ptp(np.percentile(centres, (10, 90), axis=0), axis=0).max() > HELD_PLACE:
        return False
    return bool(np.abs(np.median(centres, axis=0) - 0.5).max() > MIDDLE)


def _is_layer(evidence: TrackEvidence) -> bool:
    """Something that stands nearer than the rest, before a camera that moves past it."""
    return evidence.layered >= LAYERED and evidence.off_ground < ON_GROUND


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
