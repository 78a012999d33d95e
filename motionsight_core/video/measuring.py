"""What is measured of a clip while its frames come by: its motion, and what the tracks show."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionsight_core.dataset.fingerprints import ClipFingerprint
from motionsight_core.measure import MotionMeter
from motionsight_core.measure.found import FoundTracks
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.naming.candidates import Candidates
from motionsight_core.naming.choice import PACKAGED
from motionsight_core.naming.model_file import ModelUnusable
from motionsight_core.naming.moving import recognised
from motionsight_core.naming.nanodet import LONGEST_SIDE, NanoDet, packaged_detector
from motionsight_core.naming.types import Detection
from motionsight_core.naming.vocabulary import UNSAYABLE
from motionsight_core.settings import Settings
from motionsight_core.video.pixels import Geometry, chroma_size, luma_size, shrunk, to_chroma, to_luma, to_rgb


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is kept of a frame for the detector."""

    frame: VideoFrame
    """Small; its colours are converted when it is seen."""
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class _Small:
    """A frame at the size at which it is measured."""

    luma: NDArray[np.uint8]
    """[h, w]."""
    chroma: NDArray[np.uint8] | None
    """[h / 2, w / 2, 2]."""
    picture: Callable[[], _Picture]
    """What the detector would see of it."""


class ClipLook:
    """Sees the small luma of a clip's measured frames, and makes its fingerprint of them."""

    def __init__(self, settings: Settings, geometry: Geometry) -> None:
        """See frames at the size at which `settings.measure` looks at them; `geometry` is the first one's."""
        self.size = luma_size(geometry, width=settings.measure.width)
        """Width and height of the luma."""
        self._fingerprint = ClipFingerprint()

    def push(self, frame: VideoFrame, geometry: Geometry, t_s: float) -> NDArray[np.uint8]:
        """The luma [h, w] of the next frame; `t_s` in source seconds."""
        luma = to_luma(frame, geometry, size=self.size)
        self._fingerprint.push(luma, t_s)
        return luma

    def fingerprint(self, start_s: float, end_s: float) -> str | None:
        """Of the clip that spans `start_s` to `end_s`, source seconds; None where not one frame came."""
        return self._fingerprint.finish(start_s, end_s)


class ClipMeasure:
    """Measures one clip, frame by frame; what is kept does not grow with its length."""

    def __init__(self, settings: Settings, geometry: Geometry, *, seed: str) -> None:
        """Measure what `settings` say.

        Args:
            settings: of which `measure`, `naming.model` and `sampling.shown` are used.
            geometry: of the first frame, whose size is kept should the stream change its own half-way.
            seed: of the order, where the frames are shuffled.
        """
        self._meter = MotionMeter(settings.measure, aspect=geometry.width / geometry.height)
        self.look = ClipLook(settings, geometry)
        self._candidates: Candidates[_Picture] | None = None
        if settings.naming.model == PACKAGED:
            self._candidates = Candidates()
        self._shown = settings.sampling.shown
        self._has_first = False
        self._shuffled = _Shuffled(seed) if self._shown == "shuffled" else None

    def push(self, frame: VideoFrame, geometry: Geometry, t_s: float) -> None:
        """Take the next frame.

        Args:
            t_s: its time, source seconds.
        """
        if self._shown in ("first", "none") and self._has_first:
            return
        self._has_first = True
        luma = self.look.push(frame, geometry, t_s)
        chroma = to_chroma(frame, geometry, size=chroma_size(self.look.size))
        if self._shuffled is None:
            self._take(_Small(luma, chroma, lambda: _picture(frame, geometry)), t_s)
            return
        picture = _picture(frame, geometry)
        self._shuffled.add(_Small(luma, chroma, lambda: picture), t_s)
        if self._shuffled.is_full:
            self._take_shuffled(self._shuffled)

    def _take(self, frame: _Small, t_s: float) -> None:
        self._meter.push(frame.luma, t_s, chroma=frame.chroma)
        if self._candidates is not None:
            self._candidates.offer(t_s, frame.luma, frame.picture)

    def _take_shuffled(self, frames: _Shuffled) -> None:
        for frame, t_s in frames.drawn():
            self._take(frame, t_s)

    def finish(self, start_s: float, end_s: float) -> MotionMeasurement:
        """The measurement of the clip that spans `start_s` to `end_s`, source seconds."""
        if self._shuffled is not None:
            self._take_shuffled(self._shuffled)
        look = None if self._candidates is None else partial(_looked_at, self._candidates)
        return self._meter.finish(start_s, end_s, look=look)

    def fingerprint(self, start_s: float, end_s: float) -> str | None:
        """Of the clip that spans `start_s` to `end_s`, source seconds; None where its frames are hidden."""
        if self._shown in ("first", "none"):
            return None
        return self.look.fingerprint(start_s, end_s)


class _Shuffled:
    """Frames in random order, at times in order: a control, in which no motion is left (`sampling.shown`).

    Long clips are shuffled part by part, so that what is kept does not grow with their length.
    """

    _MOST = 600

    def __init__(self, seed: str) -> None:
        self._rng = np.random.default_rng(zlib.crc32(seed.encode()))
        self._frames: list[_Small] = []
        self._times_s: list[float] = []

    def add(self, frame: _Small, t_s: float) -> None:
        self._frames.append(frame)
        self._times_s.append(t_s)

    @property
    def is_full(self) -> bool:
        return len(self._frames) >= self._MOST

    def drawn(self) -> Iterator[tuple[_Small, float]]:
        """Each frame at another's time; none is left."""
        frames, times_s = self._frames, self._times_s
        self._frames, self._times_s = [], []
        for position, t_s in zip(self._rng.permutation(len(frames)), times_s, strict=True):
            yield frames[position], t_s


def _looked_at(candidates: Candidates[_Picture], moving: FoundTracks) -> FoundTracks:
    """What moves, with the names and the shape of what the packaged detector sees in a few frames."""
    try:
        return _named(moving, candidates, packaged_detector())
    except (ModelUnusable, MemoryError, cv2.error):
        # What moves is known, and worth a row without names; the row says so.
        return replace(moving, names_left_out=True)


def _named(moving: FoundTracks, candidates: Candidates[_Picture], detector: NanoDet) -> FoundTracks:
    def detect(picture: _Picture) -> Sequence[Detection]:
        size = picture.frame.width * picture.frame.height
        return detector.detect(to_rgb(picture.frame, picture.geometry, max_pixels=size))

    return recognised(moving, candidates.kept(), detect, unsayable=UNSAYABLE)


def _picture(frame: VideoFrame, geometry: Geometry) -> _Picture:
    scale = min(1.0, LONGEST_SIDE / max(geometry.width, geometry.height))
    width, height = (max(1, round(side * scale)) for side in (geometry.width, geometry.height))
    return _Picture(
        shrunk(frame, geometry.coded((width, height))),
        replace(geometry, width=width, height=height),
    )
