"""What the measurement gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import Steadiness
from motionsight_core.measure.move_evidence import MoveEvidence
from motionsight_core.naming.types import FrameDetections
from motionsight_core.record import CameraMove, Dissolve, ObjectTrack, Repetition, TrackName


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
class TrackEvidence:
    """What was seen of a track, from which it can be told how likely it is of a thing that moves."""

    track_id: int
    """Of the track in its clip."""
    strength: float
    """Mean difference of its pixels over the threshold, 1 at the threshold."""
    presence: float
    """Share of its frames in which it has a region of its own, 0 to 1."""
    length_s: float
    """From its first box to its last."""
    boxes: int
    mass: float
    """Mean of its moving pixels, share of the frame."""
    filled: float
    """... and of its boxes, 0 to 1."""
    size: float
    """Median square root of its boxes' area, frame sides."""
    way: float
    """From where it is first to where it is last, frame sides."""
    drift: float
    """Median speed of its flow against the background, frame widths from one measured frame to the next."""
    along: float
    """How far its flow against the background is along the background's own, 0 to 1: parallax is."""
    slip: float
    """Median way that its box's middle goes otherwise than its flow, frame sides from frame to frame."""
    edge: float
    """Share of its boxes that touch the edge of the frame, 0 to 1."""
    still: float
    """Median share of its pixels that hold still on the screen while the background passes, 0 to 1."""
    off_ground: float
    """How far its flow is from the ground's below it, over how far it is from the background's: near 0 of
    what stands nearer than the background, 1 or more of what moves."""
    layered: float
    """Share of its frames in which parallax parts the background, 0 to 1."""
    by_flow: float
    """Share of its regions that were told by their flow alone, over ground that recedes, 0 to 1."""
    prominence: float = 0.0
    """How much of the picture, how long and how clearly it moves, 0 to 1: the order of the tracks."""
    named: float = 0.0
    """Share of the frames in which a detector looked at it that show something there, 0 to 1; 0 where none
    looked."""


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
    move_evidence: tuple[MoveEvidence, ...] = ()
    """What speaks for each of `camera_moves`; empty for a static clip."""
    dissolves: tuple[Dissolve, ...] = ()
    """Dissolves and fades, in order."""
    repetitions: tuple[Repetition, ...] = ()
    """Of the tracks whose motion repeats."""
    objects_at_once: int = 0
    """Most tracks at one moment, with those beyond `measure.most_tracks`."""
    objects_in_all: int = 0
    """Tracks of the clip, with those beyond `measure.most_tracks`."""
    track_evidence: tuple[TrackEvidence, ...] = ()
    """Of the tracks, in their order."""
    names: tuple[TrackName, ...] = ()
    """Of the tracks that were recognised; their labels are these names."""
    detections: tuple[FrameDetections, ...] = ()
    """What the detector found in the frames that it saw."""
    names_left_out: bool = False
    """Whether tracks stayed without names because the detector's file cannot be used."""
