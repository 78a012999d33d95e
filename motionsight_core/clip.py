"""What a decode gives: the frames of a clip that were asked for, and its measured motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.measure.types import MotionMeasurement

#: What a decode can give; an annotator asks for what it uses. The fingerprint comes with the motion; alone
#: it looks at eight frames.
Product = Literal["sampled", "blurred", "motion", "fingerprint"]
ALL_PRODUCTS: tuple[Product, ...] = ("sampled", "blurred", "motion")

#: What was lost, mended or guessed while decoding, among the `notes` of a row.
DecodeNote = Literal["frames_lost", "times_mended", "joined_recordings"]


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """Frames of a clip, in order."""

    pixels: NDArray[np.uint8]
    """[T, H, W, 3] RGB, as displayed."""
    times_s: NDArray[np.float64]
    """[T] source seconds."""
    within_s: tuple[float, float] | None = None
    """Begin and end of the clip, source seconds, where prompts say at which part of it each frame is."""

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        count, height, width, _ = self.pixels.shape
        return f"FrameSequence({count} frames of {width}x{height})"


@dataclass(frozen=True, slots=True)
class DecodedClip:
    """What one pass over a clip gave."""

    clip: Clip
    width: int
    """Pixels as displayed."""
    height: int
    fps: float
    """Average frame rate of the video, frames per second."""
    codec: str
    lost_frames: int
    """Frames of the clip that could not be decoded, as far as their number is known."""
    sampled: FrameSequence | None
    """V_s, at most `referring.max_pixels` each."""
    blurred: FrameSequence | None
    """V', the sampled frames under motion blur, at most `sampling.max_pixels` each."""
    motion: MotionMeasurement | None
    notes: tuple[DecodeNote, ...] = ()
    """frames_lost: some could not be decoded, or the file ends before them. times_mended: some timestamps
    were missing, doubled or out of line, and were put between their neighbours'. joined_recordings: the
    clock starts anew inside the clip; the times go on."""
    fingerprint: str | None = None
    """What the clip looks like, as `dataset.fingerprints` says it: 512 bits as 128 hex digits. None where
    neither it nor the motion was asked for, or `sampling.shown` hides the frames."""


class FrameCollector:
    """Collects the frames of one sequence, in the memory in which they stay."""

    def __init__(self, count: int) -> None:
        """`count`: how many there will be at most."""
        self._count = count
        self._times_s: list[float] = []
        self._pixels: NDArray[np.uint8] | None = None

    def add(self, pixels: NDArray[np.uint8], time_s: float) -> None:
        if self._pixels is None:
            self._pixels = np.empty((self._count, *pixels.shape), np.uint8)
        shape = self._pixels.shape[1:]
        if pixels.shape != shape:
            # A stream that changes its size half-way is shown at the size it began with, as players do.
            pixels = np.asarray(cv2.resize(pixels, (shape[1], shape[0])), np.uint8)
        self._pixels[len(self._times_s)] = pixels
        self._times_s.append(time_s)

    def sequence(self) -> FrameSequence | None:
        if self._pixels is None:
            return None
        return FrameSequence(self._pixels[: len(self._times_s)], np.array(self._times_s))
