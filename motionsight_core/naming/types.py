"""What a detector finds, as the naming of tracks and object referring know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in one frame."""

    label: str
    """The name it was found for."""
    score: float
    """0 to 1."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in fractions of the frame, inside 0..1, x0 < x1, y0 < y1."""


@dataclass(frozen=True, slots=True)
class FrameDetections:
    """What a detector found in one frame of a clip."""

    t_s: float
    """Source seconds."""
    detections: tuple[Detection, ...]
    """Best first."""
