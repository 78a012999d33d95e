"""Clips of small files, and what is seen in them and in the files that are cut from them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import FrameSequence
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects, open_object
from motionsight_core.video.decoding import decode
from tests.hdr import PQ, Tags, pq, write_hdr
from tests.videos import moving_texture, write_video


def settings(*overrides: str) -> Settings:
    return Settings.load(environment={}, overrides=["runtime.decode_processes=1", *overrides])


#: Every frame, at its full size.
ALL_FRAMES = settings("sampling.frames=1024", "referring.max_pixels=10000000")


def clip_at(path: Path, start_s: float, end_s: float) -> Clip:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return Clip(video.uri, video.version, start_s, end_s)


def whole(path: Path | str) -> Clip:
    return clip_at(Path(path), 0.0, 1000.0)


def content(address: str) -> bytes:
    """What is stored at an address."""
    (found,) = list_objects(address)
    assert isinstance(found, VideoObject)
    with open_object(found) as file:
        return file.read()


def seen(clip: Clip) -> FrameSequence:
    """All frames of a clip as the project sees them."""
    sampled = decode(clip, ALL_FRAMES, products=["sampled"]).sampled
    assert sampled is not None
    return sampled


def differences(one: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[T] mean absolute difference in grey of a picture [H, W, 3] to each of others [T, H, W, 3].

    In grey, since programs spread the colours of 4:2:0 over the pixels in different ways. A picture may lack
    a row or column at either end.
    """
    height, width = one.shape[:2]
    grey = _grey(one)
    lacks = (others.shape[1] - height, others.shape[2] - width)
    assert max(lacks) <= 1
    gaps = [
        [np.abs(_grey(other)[y : y + height, x : x + width] - grey).mean() for other in others]
        for y in range(lacks[0] + 1)
        for x in range(lacks[1] + 1)
    ]
    return np.min(gaps, axis=0)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114]), np.float64)


def textures(count: int = 60, *, width: int = 160, height: int = 96) -> list[NDArray[np.uint8]]:
    return moving_texture(count, width=width, height=height)


def _irregular(path: Path) -> Path:
    steps = np.random.default_rng(3).integers(11, 90, 60)
    return write_video(path, textures(), times_ms=[0, *np.cumsum(steps[:-1]).tolist()])


def _hdr(path: Path) -> Path:
    pictures = [pq(600.0 * (pixels / 255.0) ** 2.2) for pixels in textures()]
    return write_hdr(path, pictures, Tags(PQ))


def _full_range(path: Path) -> Path:
    return write_video(
        path, textures(), codec="mjpeg", pix_fmt="yuvj420p", options={"qmin": "1", "qmax": "2"}
    )


#: Sources of 60 frames, by what is particular about them; each writes a file at a path without suffix.
SOURCES: dict[str, Callable[[Path], Path]] = {
    "25 frames a second": lambda path: write_video(path.with_suffix(".mp4"), textures()),
    "29.97 frames a second": lambda path: write_video(
        path.with_suffix(".mp4"), textures(), rate=Fraction(30000, 1001)
    ),
    "59.94 frames a second in Matroska": lambda path: write_video(
        path.with_suffix(".mkv"), textures(), rate=Fraction(60000, 1001)
    ),
    "a variable frame rate": lambda path: _irregular(path.with_suffix(".mp4")),
    "a variable frame rate in Matroska": lambda path: _irregular(path.with_suffix(".mkv")),
    "open groups of pictures": lambda path: write_video(
        path.with_suffix(".mp4"), textures(), options={"x264-params": "open-gop=1:keyint=12:bframes=3"}
    ),
    "rotation by 90": lambda path: write_video(path.with_suffix(".mp4"), textures(), rotation=90),
    "rotation by 180": lambda path: write_video(path.with_suffix(".mp4"), textures(), rotation=180),
    "rotation by 270": lambda path: write_video(path.with_suffix(".mp4"), textures(), rotation=270),
    "wide pixels": lambda path: write_video(
        path.with_suffix(".mp4"), textures(), pixel_aspect=Fraction(4, 3)
    ),
    "wide pixels, rotated": lambda path: write_video(
        path.with_suffix(".mp4"), textures(), pixel_aspect=Fraction(4, 3), rotation=90
    ),
    "10 bits": lambda path: write_video(
        path.with_suffix(".mp4"), textures(), codec="libx265", pix_fmt="yuv420p10le"
    ),
    "10 bits 4:2:2": lambda path: write_video(
        path.with_suffix(".mkv"), textures(), codec="ffv1", pix_fmt="yuv422p10le"
    ),
    "HDR": lambda path: _hdr(path.with_suffix(".mp4")),
    "a full range": lambda path: _full_range(path.with_suffix(".avi")),
    "RGB of odd size": lambda path: write_video(
        path.with_suffix(".mkv"), textures(width=161, height=97), codec="ffv1", pix_fmt="bgr0"
    ),
    "odd size, rotated": lambda path: write_video(
        path.with_suffix(".mp4"), textures(width=161, height=97), pix_fmt="yuv444p", rotation=180
    ),
    "MPEG-TS": lambda path: write_video(path.with_suffix(".ts"), textures()),
    "AVI with B-frames": lambda path: write_video(
        path.with_suffix(".avi"), textures(), codec="mpeg4", options={"bf": "2", "qmin": "1", "qmax": "2"}
    ),
    "grey": lambda path: write_video(path.with_suffix(".mkv"), textures(), codec="ffv1", pix_fmt="gray"),
}
