"""What is measured of a clip while its frames come by: its motion, and what the tracks show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
from av.video.frame import VideoFrame

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
from motionsight_core.video.pixels import Geometry, luma_size, shrunk, to_luma, to_rgb


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is kept of a frame for the detector."""

    frame: VideoFrame
    """Small; its colours are converted when it is seen."""
    geometry: Geometry


class ClipMeasure:
    """Measures one clip, frame by frame; what is kept does not grow with its length."""

    def __init__(self, settings: Settings, geometry: Geometry) -> None:
        """`geometry`: of the first frame, whose size is kept should the stream change its own half-way."""
        self._meter = MotionMeter(settings.measure, aspect=geometry.width / geometry.height)
        self._size = luma_size(geometry, width=settings.measure.width)
        self._candidates: Candidates[_Picture] | None = None
        if settings.naming.model == PACKAGED:
            self._candidates = Candidates()

    def push(self, frame: VideoFrame, geometry: Geometry, t_s: float) -> None:
        """Take the next frame.

        Args:
            t_s: its time, source seconds.
        """
        luma = to_luma(frame, geometry, size=self._size)
        self._meter.push(luma, t_s)
        if self._candidates is not None:
            self._candidates.offer(t_s, luma, lambda: _picture(frame, geometry))

    def finish(self, start_s: float, end_s: float) -> MotionMeasurement:
        """The measurement of the clip that spans `start_s` to `end_s`, source seconds."""
        look = None if self._candidates is None else partial(_looked_at, self._candidates)
        return self._meter.finish(start_s, end_s, look=look)


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
