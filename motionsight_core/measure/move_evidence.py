"""What speaks for a measured camera move: the numbers from which its confidence can be calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.samples import CameraSamples
from motionsight_core.record import CameraMove

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MoveEvidence:
    """Of one move; every number is finite."""

    over_threshold: float
    """Mean velocity over the least one of a move."""
    inliers: float
    """Mean share of the textured picture that moves with the camera, 0 to 1."""
    texture: float
    """Mean texture weight of the picture, 0 to 1."""
    still: float
    """Mean share of the picture that holds still though the camera's motion would move it, 0 to 1."""
    duration_s: float
    share: float
    """Its motion at the frame's edge over that of the strongest component in its time, 0 to 1."""
    unsteadiness: float
    """Mean deviation of the unsmoothed velocity from its mean, over the mean."""
    halves: float
    """Slower over faster half of its time, 0 to 1; 0 where one half goes the other way."""
    shake: float
    """How strongly the picture shakes, frame widths per second."""
    depth: float
    """Share of its time in which near things pass before far ones, 0 to 1."""
    turns: float
    """Moves of its kind the other way in the same shot: objects turn round more often than cameras."""


@dataclass(frozen=True, slots=True)
class FoundMove:
    """A move, and what speaks for it."""

    move: CameraMove
    evidence: MoveEvidence


def evidence_of(
    part: CameraSamples,
    values: Floats,
    threshold: Floats,
    *,
    share: float,
    shake: float,
    depth: float,
) -> MoveEvidence:
    """The evidence of a move without its turns, which are known once all moves are.

    Args:
        part: the samples of its time.
        values: [P] its unsmoothed velocity, positive along the move.
        threshold: [P] least velocity of a move.
        share: see MoveEvidence.
        shake: see MoveEvidence.
        depth: see MoveEvidence.
    """
    duration = part.duration_s
    mean = max(float(np.average(values, weights=duration)), 1e-9)
    middle = max(1, len(values) // 2)
    halves = [
        float(np.average(values[half], weights=duration[half]))
        for half in (slice(None, middle), slice(-middle, None))
    ]
    return MoveEvidence(
        over_threshold=float(np.average(values / threshold, weights=duration)),
        inliers=float(np.average(part.inliers, weights=duration)),
        texture=float(np.average(part.texture, weights=duration)),
        still=float(np.average(part.still, weights=duration)),
        duration_s=float(np.sum(duration)),
        share=share,
        unsteadiness=min(float(np.average(np.abs(values - mean), weights=duration)) / mean, 100.0),
        halves=max(0.0, min(halves)) / max(*halves, 1e-9),
        shake=shake,
        depth=depth,
        turns=0.0,
    )
