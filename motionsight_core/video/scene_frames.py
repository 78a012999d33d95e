"""The frames of a scene whose end is not known while they come by, and what becomes of them.

What it gives depends on the scene's frames alone. So a scene that is decoded by itself gives the very
bytes that it gave when its whole video was decoded in one pass. What is kept of a scene, however long,
is 4 candidates for each sampled frame (as decoded up to 1080p, larger ones as they will be shown), a small
blurred picture of each, and the last N small frames for the blur windows to come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip, FrameCollector, Product
from motionsight_core.settings import Settings
from motionsight_core.video.blur import MotionBlur, blur_weights
from motionsight_core.video.measuring import ClipLook, ClipMeasure
from motionsight_core.video.pixels import Geometry, halved, to_rgb
from motionsight_core.video.sampling import measured_step_s, times_shown
from motionsight_core.video.scene_samples import SceneSamples

#: Frames up to so many pixels are kept as they are decoded and converted when they are sampled; larger
#: ones are converted at once, which takes longer and less memory.
_KEPT_PIXELS = 2_100_000


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame as it comes from the decoder."""

    number: int
    """Among the frames of the video."""
    frame: VideoFrame
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What holds for all scenes of a video."""

    times_s: NDArray[np.float64]
    """[F] times of the video's frames, source seconds."""
    measured_step_s: float
    """Least time from one measured frame to the next, seconds."""
    fps: float
    codec: str

    @classmethod
    def of(cls, times_s: NDArray[np.float64], settings: Settings, *, fps: float, codec: str) -> VideoFacts:
        return cls(times_s, measured_step_s(times_s, settings.measure.fps), fps, codec)

    def held(self, number: int, start_s: float) -> VideoFacts:
        """The same with a frame that is on display when a clip begins at the clip's start.

        Args:
            number: the frame's.
            start_s: the clip's, source seconds.
        """
        return replace(self, times_s=times_shown(self.times_s, number, start_s))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a candidate."""

    frame: VideoFrame | None
    """As decoded, to be converted if it is sampled."""
    sampled: NDArray[np.uint8] | None
    """[H, W, 3] RGB, where the frame is not kept."""
    blurred: VideoFrame | None
    """Its blur window, blended at less than twice the size at which it will be shown."""
    geometry: Geometry


class SceneFrames:
    """Everything that is made of one scene, from its first frame to its last."""

    def __init__(
        self, video: VideoFacts, first: int, settings: Settings, products: Collection[Product]
    ) -> None:
        """`first`: the number of the scene's first frame among the video's."""
        self._video, self._settings, self._products = video, settings, products
        self._samples: SceneSamples[_Kept] = SceneSamples(settings.sampling, video.times_s, first)
        self._window: deque[VideoFrame] = deque(maxlen=settings.blur.window)
        self._samples_frames = "sampled" in products or "blurred" in products
        self._geometry: Geometry | None = None
        self._measure: ClipMeasure | None = None
        self._measured_s = -np.inf
        self._taken = 0

    def take(self, number: int, frame: VideoFrame, geometry: Geometry) -> None:
        """Use the scene's next frame for all that needs it."""
        self._taken += 1
        if self._geometry is None:
            self._geometry = geometry
            self._measure = ClipMeasure(self._settings, geometry, seed=str(number))
        if "motion" in self._products or "fingerprint" in self._products:
            self._push(frame, geometry, float(self._video.times_s[number]))
        if self._samples_frames:
            self._sample(number, frame, geometry)

    def finish(self, clip: Clip, *, frames: int) -> DecodedClip:
        """The decoded scene, now that its span is known.

        Args:
            frames: how many the scene should have had.

        Raises:
            ValueError: it was given not one frame.
        """
        if self._geometry is None or self._measure is None:
            raise ValueError("a scene has at least one frame")
        kept = self._samples.finish()
        sampled, blurred = FrameCollector(len(kept)), FrameCollector(len(kept))
        for candidate in kept:
            if "sampled" in self._products:
                sampled.add(self._converted(candidate.kept), candidate.time_s)
            if candidate.kept.blurred is not None:
                blurred.add(self._shown(candidate.kept.blurred, candidate.kept.geometry), candidate.time_s)
        return DecodedClip(
            clip=clip,
            width=self._geometry.width,
            height=self._geometry.height,
            fps=self._video.fps,
            codec=self._video.codec,
            lost_frames=max(0, frames - self._taken),
            sampled=sampled.sequence(),
            blurred=blurred.sequence(),
            motion=self._measure.finish(clip.start_s, clip.end_s) if "motion" in self._products else None,
            fingerprint=self._seen_by(self._measure).fingerprint(clip.start_s, clip.end_s),
        )

    def _push(self, frame: VideoFrame, geometry: Geometry, time_s: float) -> None:
        if time_s - self._measured_s < self._video.measured_step_s or self._measure is None:
            return
        self._measured_s = time_s
        self._seen_by(self._measure).push(frame, geometry, time_s)

    def _seen_by(self, measure: ClipMeasure) -> ClipMeasure | ClipLook:
        return measure if "motion" in self._products else measure.look

    def _sample(self, number: int, frame: VideoFrame, geometry: Geometry) -> None:
        blurs = "blurred" in self._products
        if blurs and self._samples.comes(number, self._settings.blur.window):
            size = geometry.coded(geometry.within(self._settings.sampling.max_pixels))
            self._window.append(halved(frame, size))
        else:
            self._window.clear()
        if not self._samples.comes(number, 1):
            return
        keeps = "sampled" in self._products
        late = keeps and frame.width * frame.height <= _KEPT_PIXELS
        kept = _Kept(
            frame=frame if late else None,
            sampled=self._sampled(frame, geometry).copy() if keeps and not late else None,
            blurred=self._blended() if blurs else None,
            geometry=geometry,
        )
        self._samples.keep(number, kept)

    def _converted(self, kept: _Kept) -> NDArray[np.uint8]:
        if kept.frame is not None:
            return self._sampled(kept.frame, kept.geometry)
        assert kept.sampled is not None  # noqa: S101  one of the two is kept
        return kept.sampled

    def _sampled(self, frame: VideoFrame, geometry: Geometry) -> NDArray[np.uint8]:
        return to_rgb(frame, geometry, max_pixels=self._settings.referring.max_pixels)

    def _shown(self, blurred: VideoFrame, geometry: Geometry) -> NDArray[np.uint8]:
        return to_rgb(blurred, geometry, max_pixels=self._settings.sampling.max_pixels)

    def _blended(self) -> VideoFrame:
        """The window that ends with this frame, blended after it was made smaller: both steps are linear."""
        knobs = self._settings.blur
        blur = MotionBlur(blur_weights(len(self._window), decay=knobs.decay, weights=knobs.weights)[::-1])
        for frame in self._window:
            blur.add(frame)
        last = self._window[-1]
        return blur.frame((last.width, last.height))
