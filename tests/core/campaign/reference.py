"""What a plain decode of a whole file gives: the truth that the fast paths are held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FullDecode:
    """The frames of one video stream in the order in which a decoder gives them."""

    frames: list[VideoFrame]
    times_s: NDArray[np.float64]
    """[F] seconds from the first frame."""
    duration_s: float
    """From the first frame's start to the last one's end, seconds."""


def full_decode(path: Path, *, video: int = 0, without_times: bool = False) -> FullDecode:
    """Decode every frame of the `video`-th video stream with PyAV alone.

    Args:
        without_times: the file stores no timestamps; frames come at its nominal rate.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[video]
        time_base = float(stream.time_base or 0)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        frames = [frame for packet in container.demux(stream) for frame in packet.decode()]
    step_s = 1 / rate
    times_s = _counted(len(frames), step_s) if without_times else _times_s(frames, time_base, step_s=step_s)
    usual_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else step_s
    last = max(frames, key=lambda frame: -1 if frame.pts is None else frame.pts)
    last_s = step_s if without_times else last.duration * time_base or usual_s
    return FullDecode(frames, times_s, float(times_s[-1]) + last_s)


def _times_s(frames: list[VideoFrame], time_base: float, *, step_s: float) -> NDArray[np.float64]:
    """The frames' timestamps as seconds from the first; by count where the container leaves some out.

    Frames come in display order. Where their timestamps do not, the container stores decoding times (AVI,
    ASF): the same times, in order, are those of the frames.
    """
    stamps = [frame.pts for frame in frames if frame.pts is not None]
    if len(set(stamps)) < len(frames):
        return _counted(len(frames), step_s)
    return (np.sort(np.array(stamps)) - min(stamps)) * time_base


def _counted(count: int, step_s: float) -> NDArray[np.float64]:
    return np.arange(count, dtype=np.float64) * step_s
