"""What the measurement gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import Steadiness
from motionsight_core.measure.evidence import Evidence
from motionsight_core.naming.types import FrameDetections
from motionsight_core.record import CameraMove, ObjectTrack, Repetition, TrackName


@dataclass(frozen=True, slots=True)
class CameraPath:
    """The camera's velocity between neighbouring measured frames, all arrays [P], P pairs."""

    t_s: NDArray[np.float64]
    """Middle of the pair, source seconds."""
    pan: NDArray[np.float64]
    """Frame widths per second, positive to the right."""
    tilt: NDArray[np.float64]
    """Frame heights per second, positive up."""
    zoom: NDArray[np.float64]
    """Natural-log scale per second, positive in."""
    roll: NDArray[np.float64]
    """Degrees per second, positive when the camera turns clockwise (the content counter-clockwise)."""
    inliers: NDArray[np.float64]
    """Share of the flow that moves with the background, 0 to 1."""

    @property
    def duration_s(self) -> NDArray[np.float64]:
        """How long each pair lasts, [P] seconds, from the middles between neighbouring pairs."""
        if len(self.t_s) < 2:
            return np.ones_like(self.t_s)
        between = (self.t_s[1:] + self.t_s[:-1]) / 2
        first, last = 2 * self.t_s[0] - between[0], 2 * self.t_s[-1] - between[-1]
        return np.diff(between, prepend=first, append=last)

    def __repr__(self) -> str:
        return f"CameraPath({len(self.t_s)} pairs)"


@dataclass(frozen=True, slots=True)
class ShakenSpan:
    """A part of a clip in which the picture shakes."""

    start_s: float
    """Source seconds."""
    end_s: float
    steadiness: Steadiness
    """unsteady or shaky."""


@dataclass(frozen=True, slots=True)
class MotionMeasurement:
    """Everything measured of one clip, with no weights."""

    camera_moves: tuple[CameraMove, ...]
    """Never empty: a clip with no move holds one `static` segment."""
    steadiness: Steadiness
    """What the clip is for most of its time."""
    cuts: tuple[float, ...]
    """Source seconds of the first frame after each shot change."""
    tracks: tuple[ObjectTrack, ...]
    """Regions that move against the background, most prominent first."""
    motion_score: float
    """Mean optical-flow magnitude, frame widths per second."""
    clarity: float
    """0 blurred .. 1 sharp."""
    camera_path: CameraPath
    shaken: tuple[ShakenSpan, ...] = ()
    """Where the picture shakes, if `steadiness` does not say it of the whole clip."""
    evidence: tuple[Evidence, ...] = ()
    """What speaks for each of `camera_moves`; empty for a static clip."""
    repetitions: tuple[Repetition, ...] = ()
    """Of the tracks whose motion repeats."""
    names: tuple[TrackName, ...] = ()
    """Of the tracks that were recognised; their labels are these names."""
    detections: tuple[FrameDetections, ...] = ()
    """What the detector found in the frames that it saw."""
    names_left_out: bool = False
    """Whether tracks stayed without names because the detector's file cannot be used."""
