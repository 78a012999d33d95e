"""Clips for detectors and trackers: rendered frames, and measured tracks that are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.record import Box, CameraMove, ObjectTrack
from tests.videos import moving_texture

WIDTH, HEIGHT = 160, 96


def clip_of(
    count: int = 6,
    *,
    tracks: tuple[ObjectTrack, ...] | None = None,
    seed: int = 0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> DecodedClip:
    """`count` sampled frames, a second apart, of a drifting texture; with `tracks` as its measurement."""
    pixels = np.stack(moving_texture(count, width=size[0], height=size[1], seed=seed))
    return DecodedClip(
        clip=Clip(f"file:///clip-{seed}.mp4", "1-1", 0.0, float(count)),
        width=size[0],
        height=size[1],
        fps=25.0,
        codec="h264",
        lost_frames=0,
        sampled=FrameSequence(pixels, np.arange(count, dtype=np.float64)),
        blurred=None,
        motion=None if tracks is None else _measurement(tracks),
    )


def track(number: int, score: float, *boxes: tuple[float, float, float, float, float]) -> ObjectTrack:
    """A measured track; (t_s, x0, y0, x1, y1) each."""
    placed = tuple(Box(*box) for box in boxes)
    return ObjectTrack(number, "moving region", score, placed[0].t_s, placed[-1].t_s, placed)


def sliding(count: int, *, start: float = 0.1, step: float = 0.05, down: float = 0.0) -> NDArray[np.float64]:
    """[T, 4] a box that moves to the right by `step` a frame, `down` below the top's fifth."""
    left = start + step * np.arange(count, dtype=np.float64)
    return np.stack([left, np.full(count, 0.2 + down), left + 0.2, np.full(count, 0.5 + down)], axis=1)


def _measurement(tracks: tuple[ObjectTrack, ...]) -> MotionMeasurement:
    nothing = np.zeros(0)
    return MotionMeasurement(
        camera_moves=(CameraMove(0.0, 1.0, "static", 0.0, 1.0),),
        steadiness="static",
        cuts=(),
        tracks=tracks,
        motion_score=0.1,
        clarity=0.9,
        camera_path=CameraPath(nothing, nothing, nothing, nothing, nothing, nothing),
    )
