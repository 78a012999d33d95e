"""The frames of an example's clip, decoded in a guarded process, as the model sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import FrameSequence
from motionsight_core.errors import ClipError, Corrupt, MotionSightError, RunError
from motionsight_core.guarded.pool import DecoderPool, shared_decoder
from motionsight_core.mllm import Conversation, Message
from motionsight_core.settings import Settings, TrainingSettings
from motionsight_core.stores import list_objects
from motionsight_core.video.pixels import reduced


class UnreadableClip(RunError):
    """A clip of the data set cannot be decoded, so that training stops."""


@dataclass(frozen=True)
class ClipFrames:
    """Gives the frames of a data set's rows; can be sent to another process."""

    folder: Path
    settings: Settings

    def __call__(self, row: Mapping[str, Any]) -> FrameSequence:
        """The sampled frames of a row's clip, [T, h, w, 3] of at most `sampling.max_pixels` each.

        Raises:
            UnreadableClip: it cannot be read or decoded.
        """
        try:
            return self._frames(row)
        except MotionSightError as error:
            name = f"{error.name}: " if isinstance(error, ClipError) else ""
            raise UnreadableClip(
                f"{row['media']}, the clip {row['clip_id']}, cannot be decoded ({name}{error}); put it "
                "right, then run this again to go on from the last checkpoint."
            ) from None

    def _frames(self, row: Mapping[str, Any]) -> FrameSequence:
        clip = self._clip(row)
        count = frame_count(clip.end_s - clip.start_s, self.settings.training)
        sampled = _decoder(self.settings, count).decode(clip, products=["sampled"]).sampled
        if sampled is None:
            raise Corrupt("Not one frame of it can be decoded.")
        duration_s = clip.end_s - clip.start_s
        return FrameSequence(
            reduced(sampled.pixels, max_pixels=self.settings.sampling.max_pixels),
            sampled.times_s - clip.start_s,
            (0.0, duration_s) if self.settings.training.relative_times else None,
        )

    def _clip(self, row: Mapping[str, Any]) -> Clip:
        medium = row["media"]
        if medium == row["uri"]:
            return Clip(row["uri"], row["version"], row["start_s"], row["end_s"])
        address = medium if "://" in medium else str(self.folder / medium)
        listed = next(iter(list_objects(address, settings=self.settings.stores)))
        video = VideoObject(listed.uri, listed.version)
        duration_s = _decoder(self.settings, 1).probe(video)
        return Clip(video.uri, video.version, 0.0, round(duration_s, 3))


def conversation(row: Mapping[str, Any], frames: FrameSequence) -> Conversation:
    """What a model is asked of a row, in training and when its answers are compared."""
    return (Message("user", (frames, row["question"])),)


def frame_count(duration_s: float, settings: TrainingSettings) -> int:
    """How many frames are taken of a clip: `fps` for each second, between `min_frames` and `max_frames`."""
    return max(settings.min_frames, min(settings.max_frames, round(duration_s * settings.fps)))


def _decoder(settings: Settings, frames: int) -> DecoderPool:
    """One decoding process, whatever the count of frames: each worker of the data loader has its own."""
    changed = {
        "sampling": settings.sampling.model_copy(update={"frames": frames, "fps": None}),
        "runtime": settings.runtime.model_copy(update={"decode_processes": 1}),
        "clips": settings.clips.model_copy(update={"scenes": False}),
    }
    return shared_decoder(settings.model_copy(update=changed))
