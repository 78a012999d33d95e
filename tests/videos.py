"""Small real video files, made with the encoders that PyAV ships."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray


def moving_texture(
    count: int, *, width: int = 160, height: int = 96, step: int = 3, seed: int = 0
) -> list[NDArray[np.uint8]]:
    """RGB frames [height, width, 3] of a texture that drifts to the left by `step` pixels a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 8 + 2, (width + step * count) // 8 + 2, 3), np.uint8)
    world = cv2.resize(coarse, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    shifts = [world[:height, i * step : i * step + width] for i in range(count)]
    return [np.ascontiguousarray(shift, np.uint8) for shift in shifts]


def write_video(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int | Fraction = 25,
    options: dict[str, str] | None = None,
    times_ms: Iterable[int] | None = None,
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
    container_options: dict[str, str] | None = None,
    format: str | None = None,
) -> Path:
    """Encode frames [h, w, 3] RGB into `path`; `times_ms` gives each its own time."""
    container: Any = av.open(str(path), "w", format=format, container_options=container_options or {})
    with scheduling_kept(), container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if times_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        times = list(times_ms) if times_ms is not None else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            if times is not None:
                frame.time_base, frame.pts = Fraction(1, 1000), times[number]
            else:
                frame.pts = number
                frame.time_base = 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@contextmanager
def scheduling_kept() -> Iterator[None]:
    """SVT-AV1 makes whoever encodes a real-time process, where root may. Threads that are started later would
    be so as well, and those that spin, as torch's do, would let nobody else have a core."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def write_audio(path: Path, *, seconds: float = 1.0, format: str | None = None) -> Path:
    """An audio-only file."""
    container: Any = av.open(str(path), "w", format=format)
    with container:
        stream = container.add_stream("aac", rate=48_000)
        samples = np.zeros((1, 1024), np.float32)
        for number in range(int(seconds * 48_000 / 1024)):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def all_frames(path: Path) -> list[av.VideoFrame]:
    """Every frame of a video, by a plain sequential decode."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))
