"""The frames of a clip whose span is known: which are wanted, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import FrameCollector, FrameSequence, Product
from motionsight_core.dataset.fingerprints import evenly_in_time
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.settings import Settings
from motionsight_core.video.blur import MotionBlur, blur_weights
from motionsight_core.video.measuring import ClipMeasure
from motionsight_core.video.pixels import Geometry, as_sdr, to_rgb
from motionsight_core.video.sampling import measured_frames, sampled_frames


class ClipFrames:
    """What is being made of a clip's frames while they come by.

    `wanted` [F] says which of the video's frames `take` is to be given, in display order.
    """

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
        self._measures = "motion" in products
        self._measured: frozenset[int] = frozenset()
        if self._measures or "fingerprint" in products:
            measured = frames[measured_frames(times_s[frames], settings.measure.fps)]
            if not self._measures:
                measured = measured[evenly_in_time(times_s[measured].tolist(), clip.start_s, clip.end_s)]
            self._measured = frozenset(measured.tolist())
        # Blur windows by their oldest frame: (sampled frame, length) of each that opens there.
        self._windows: dict[int, list[tuple[int, int]]] = {}
        self._blurs: dict[int, MotionBlur] = {}
        self._measure: ClipMeasure | None = None
        self._sampled = FrameCollector(len(samples))
        self._blurred = FrameCollector(len(samples))

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
            self._measure = ClipMeasure(self._settings, geometry, seed=self._clip.clip_id)
        if number in self._samples:
            pixels = to_rgb(frame, geometry, max_pixels=self._settings.referring.max_pixels)
            self._sampled.add(pixels, float(self._times_s[number]))
        if number in self._measured and self._measure is not None:
            seen_by = self._measure if self._measures else self._measure.look
            seen_by.push(frame, geometry, float(self._times_s[number]))
        self._blur(number, frame, geometry)

    def _blur(self, number: int, frame: VideoFrame, geometry: Geometry) -> None:
        knobs = self._settings.blur
        for sample, length in self._windows.get(number, ()):
            weights = blur_weights(length, decay=knobs.decay, weights=knobs.weights)
            self._blurs[sample] = MotionBlur(weights[::-1])
        if not self._blurs:
            return
        limit = self._settings.sampling.max_pixels
        size = geometry.coded(geometry.within(limit))
        frame = as_sdr(frame, size)
        for blur in self._blurs.values():
            blur.add(frame)
        finished = self._blurs.pop(number, None)
        if finished is not None:
            blurred = finished.frame(size)
            self._blurred.add(to_rgb(blurred, geometry, max_pixels=limit), float(self._times_s[number]))

    def sampled(self) -> FrameSequence | None:
        return self._sampled.sequence()

    def blurred(self) -> FrameSequence | None:
        return self._blurred.sequence()

    def motion(self) -> MotionMeasurement | None:
        if self._measure is None or not self._measures:
            return None
        return self._measure.finish(self._clip.start_s, self._clip.end_s)

    def fingerprint(self) -> str | None:
        if self._measure is None:
            return None
        seen_by = self._measure if self._measures else self._measure.look
        return seen_by.fingerprint(self._clip.start_s, self._clip.end_s)
