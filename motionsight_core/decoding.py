"""One pass over a clip: sampled frames, motion-blurred frames, and the motion measurement.

Nothing is kept of a frame but what was asked for, so memory does not grow with the video's length.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionsight_core.blur import MotionBlur, blur_weights
from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.container import open_video
from motionsight_core.errors import Corrupt, TooLarge
from motionsight_core.frame_index import FrameIndex, index_by_decoding, index_frames
from motionsight_core.frame_reader import IncompleteDecode, wanted_frames
from motionsight_core.measure import MotionMeter
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.pixels import Geometry, geometry_of, luma_size, to_luma, to_rgb
from motionsight_core.sampling import frames_of_clip, measured_frames, sampled_frames
from motionsight_core.settings import Settings
from motionsight_core.stores import open_object

#: What a decode can give; an annotator asks for what it uses.
Product = Literal["sampled", "blurred", "motion"]
ALL_PRODUCTS: tuple[Product, ...] = ("sampled", "blurred", "motion")


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """Frames of a clip, in order."""

    pixels: NDArray[np.uint8]
    """[T, H, W, 3] RGB, as displayed."""
    times_s: NDArray[np.float64]
    """[T] source seconds."""

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
    """Frames of the clip that could not be decoded."""
    sampled: FrameSequence | None
    """V_s, at most `referring.max_pixels` each."""
    blurred: FrameSequence | None
    """V', the sampled frames under motion blur, at most `sampling.max_pixels` each."""
    motion: MotionMeasurement | None


def probe(video: VideoObject, settings: Settings | None = None, *, path: Path | None = None) -> float:
    """Duration in seconds, from the first frame's start to the last one's end, without decoding.

    Args:
        path: a local file with the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or it is no readable video.
    """
    with _opened(video, path) as file:
        return index_frames(file, (settings or Settings()).limits).duration_s


def decode(
    clip: Clip,
    settings: Settings | None = None,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
    path: Path | None = None,
) -> DecodedClip:
    """Decode one clip in this process, once, for everything that is asked for.

    For bytes that are not trusted use `GuardedDecoder`, which runs this in a process with limits.

    Args:
        path: a local file with the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or the video cannot be decoded.
    """
    settings = settings or Settings()
    with _opened(clip.object, path) as file:
        index = index_frames(file, settings.limits)
        try:
            return _decode(file, clip, index, settings, products)
        except IncompleteDecode:
            # Damaged or unusual streams: take the frames that do come out of a full decode.
            found = index_by_decoding(file, settings.limits)
            return _decode(file, clip, found, settings, products, expected_frames=len(index.times_s))


def _opened(video: VideoObject, path: Path | None) -> AbstractContextManager[BinaryIO]:
    return open_object(video) if path is None else path.open("rb")


def _decode(
    file: BinaryIO,
    clip: Clip,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    expected_frames: int = 0,
) -> DecodedClip:
    frames = frames_of_clip(index.times_s, clip.start_s, clip.end_s)
    if not len(frames):
        raise Corrupt(f"No frame can be decoded between {clip.start_s:.3f} s and {clip.end_s:.3f} s.")
    pass_ = _Pass(clip, index.times_s, frames, settings, products)
    with open_video(file, settings.limits) as (container, stream):
        codec = stream.codec_context.name
        for number, frame in wanted_frames(container, stream, index, pass_.wanted):
            if frame.width * frame.height > settings.limits.max_frame_pixels:
                raise TooLarge(
                    f"A frame of {frame.width}x{frame.height} is above the limit of "
                    f"{settings.limits.max_frame_pixels} pixels (limits.max_frame_pixels)."
                )
            pass_.take(number, frame, geometry_of(frame, stream.sample_aspect_ratio))
    geometry = pass_.geometry
    if geometry is None:
        raise Corrupt("Not one frame of the clip can be decoded.")
    return DecodedClip(
        clip=clip,
        width=geometry.width,
        height=geometry.height,
        fps=index.fps,
        codec=codec,
        lost_frames=max(0, expected_frames - len(index.times_s)),
        sampled=pass_.sampled(),
        blurred=pass_.blurred(),
        motion=pass_.motion(),
    )


class _Pass:
    """What is being made of the frames while they come by."""

    def __init__(
        self,
        clip: Clip,
        times_s: NDArray[np.float64],
        frames: NDArray[np.intp],
        settings: Settings,
        products: Collection[Product],
    ) -> None:
        self.geometry: Geometry | None = None
        self._clip, self._times_s, self._settings = clip, times_s, settings
        samples = frames[sampled_frames(times_s[frames], settings.sampling)]
        self._samples = frozenset(samples.tolist()) if "sampled" in products else frozenset()
        self._measured: frozenset[int] = frozenset()
        if "motion" in products:
            self._measured = frozenset(
                frames[measured_frames(times_s[frames], settings.measure.fps)].tolist()
            )
        # Blur windows by their oldest frame: (sampled frame, length) of each that opens there.
        self._windows: dict[int, list[tuple[int, int]]] = {}
        self._blurs: dict[int, MotionBlur] = {}
        self._meter: MotionMeter | None = None
        self._sampled = _Frames(len(samples))
        self._blurred = _Frames(len(samples))

        self.wanted = np.zeros(len(times_s), np.bool_)
        self.wanted[list(self._samples | self._measured)] = True
        for sample in samples.tolist() if "blurred" in products else ():
            oldest = max(int(frames[0]), sample - settings.blur.window + 1)
            self._windows.setdefault(oldest, []).append((sample, sample - oldest + 1))
            self.wanted[oldest : sample + 1] = True
        if not self.wanted.any():
            self.wanted[frames[0]] = True  # the size of the picture is always wanted

    def take(self, number: int, frame: VideoFrame, geometry: Geometry) -> None:
        """Use one wanted frame for all that needs it."""
        if self.geometry is None:
            self.geometry = geometry
            self._meter = MotionMeter(self._settings.measure, aspect=geometry.width / geometry.height)
        if number in self._samples:
            pixels = to_rgb(frame, geometry, max_pixels=self._settings.referring.max_pixels)
            self._sampled.add(pixels, float(self._times_s[number]))
        if number in self._measured and self._meter is not None:
            # The first frame's size, should the stream change its own half-way.
            size = luma_size(self.geometry, width=self._settings.measure.width)
            luma = to_luma(frame, geometry, size=size)
            self._meter.push(luma, float(self._times_s[number]))
        self._blur(number, frame, geometry)

    def _blur(self, number: int, frame: VideoFrame, geometry: Geometry) -> None:
        knobs = self._settings.blur
        for sample, length in self._windows.get(number, ()):
            weights = blur_weights(length, decay=knobs.decay, weights=knobs.weights)
            self._blurs[sample] = MotionBlur(weights[::-1])
        for blur in self._blurs.values():
            blur.add(frame)
        finished = self._blurs.pop(number, None)
        if finished is not None:
            limit = self._settings.sampling.max_pixels
            blurred = finished.frame(geometry.coded(geometry.within(limit)))
            self._blurred.add(to_rgb(blurred, geometry, max_pixels=limit), float(self._times_s[number]))

    def sampled(self) -> FrameSequence | None:
        return self._sampled.sequence()

    def blurred(self) -> FrameSequence | None:
        return self._blurred.sequence()

    def motion(self) -> MotionMeasurement | None:
        if self._meter is None or not self._measured:
            return None
        return self._meter.finish(self._clip.start_s, self._clip.end_s)


class _Frames:
    """Collects the frames of one sequence, in the memory in which they stay."""

    def __init__(self, count: int) -> None:
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
