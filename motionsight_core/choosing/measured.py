"""What was measured of the clip that a question is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.choosing.things import Thing, called, tracks_of
from motionsight_core.choosing.ways import Way, in_picture, over_ground
from motionsight_core.measure import MotionMeasurement
from motionsight_core.measure.track_path import TrackPath
from motionsight_core.record import ObjectTrack, Repetition


@dataclass(frozen=True, slots=True)
class Measured:
    """One clip's measurement."""

    motion: MotionMeasurement
    start_s: float
    """The clip's span, source seconds."""
    end_s: float
    aspect: float
    """Width of the frame over its height."""

    def tracks(self, thing: Thing) -> list[ObjectTrack]:
        """The tracks that a thing of a question may be, the most prominent first.

        Raises:
            Undecided: none may.
        """
        return tracks_of(thing, self.motion.tracks)

    def in_picture(self, track: ObjectTrack) -> Way:
        """How a track goes on the screen."""
        return in_picture(TrackPath.of(track), self.aspect)

    def over_ground(self, track: ObjectTrack) -> Way:
        """How a track goes, without the camera's own motion."""
        return over_ground(TrackPath.of(track), self.motion.camera_path, self.aspect)

    def repetition(self, track: ObjectTrack) -> Repetition | None:
        """How often a track repeats its motion, if it does."""
        return next((one for one in self.motion.repetitions if one.track_id == track.track_id), None)


def each(tracks: Sequence[ObjectTrack], told: Sequence[str]) -> str:
    """What was measured of each track: "the dog goes 0.40 to the left; the dog ..."."""
    texts = [f"{called(track)} {text}" for track, text in zip(tracks, told, strict=True)]
    return "; ".join(dict.fromkeys(texts))
