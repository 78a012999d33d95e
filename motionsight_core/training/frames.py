"""The frames of an example's clip, decoded in a guarded process, as the model sees them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.dataset.media.frames import frames_in
from motionsight_core.errors import ClipError, Corrupt, MotionSightError, RunError
from motionsight_core.guarded.pool import DecoderPool, shared_decoder
from motionsight_core.mllm import Conversation, Message
from motionsight_core.settings import Settings, TrainingSettings
from motionsight_core.stores import list_objects
from motionsight_core.video.picture import Picture
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
        is_folder = row["media"] != row["uri"] and (self.folder / row["media"]).is_dir()
        decoded = self._of_pictures(row) if is_folder else self._of_video(row)
        if decoded.sampled is None:
            raise Corrupt("Not one frame of it can be decoded.")
        return FrameSequence(
            reduced(decoded.sampled.pixels, max_pixels=self.settings.sampling.max_pixels),
            decoded.sampled.times_s - decoded.clip.start_s,
            (0.0, row["end_s"] - row["start_s"]) if self.settings.training.relative_times else None,
        )

    def _of_video(self, row: Mapping[str, Any]) -> DecodedClip:
        clip = self._clip(row)
        return _decoder_for(clip, self.settings).decode(clip, products=["sampled"])

    def _of_pictures(self, row: Mapping[str, Any]) -> DecodedClip:
        """A clip that is a folder of JPEG frames, whose times count from the clip's start."""
        folder = self.folder / row["media"]
        clip = Clip(str(folder), row["version"], 0.0, row["end_s"] - row["start_s"])
        pictures: list[Picture] = []
        with tempfile.TemporaryFile() as file:
            for data, time_s in frames_in(folder):
                pictures.append(Picture(file.tell(), len(data), time_s))
                file.write(data)
            file.flush()
            decoder = _decoder_for(clip, self.settings)
            return decoder.decode_pictures(clip, pictures, file, products=["sampled"])

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


def _decoder_for(clip: Clip, settings: Settings) -> DecoderPool:
    return _decoder(settings, frame_count(clip.end_s - clip.start_s, settings.training))


def _decoder(settings: Settings, frames: int) -> DecoderPool:
    """One decoding process, whatever the count of frames: each worker of the data loader has its own."""
    changed = {
        "sampling": settings.sampling.model_copy(update={"frames": frames, "fps": None}),
        "runtime": settings.runtime.model_copy(update={"decode_processes": 1}),
        "clips": settings.clips.model_copy(update={"scenes": False}),
    }
    return shared_decoder(settings.model_copy(update=changed))
