"""Pictures to an mp4 file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace

from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.scene import Encoding


def write_video(
    pictures: Iterable[Pixels], path: Path, *, size: tuple[int, int], fps: float, encoding: Encoding
) -> None:
    """Writes pictures [H, W, 3] RGB of `size` (width, height) as H.264, index at the front, whole or not at
    all; the same pictures give the same bytes on one machine. OSError where the file cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        _encode(pictures, partial, size=size, fps=fps, encoding=encoding)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _encode(
    pictures: Iterable[Pixels], path: Path, *, size: tuple[int, int], fps: float, encoding: Encoding
) -> None:
    rate = Fraction(fps).limit_denominator(1001)
    width, height = size
    even = width % 2 == 0 and height % 2 == 0
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = width, height
        # 4:2:0 halves the colour planes, which an odd size does not allow.
        stream.pix_fmt = "yuv420p" if even else "yuv444p"
        # Said outright: a player would take BT.709 for granted from 720 lines on.
        stream.codec_context.colorspace = Colorspace.ITU601
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.gop_size = encoding.gop
        stream.codec_context.max_b_frames = encoding.bframes
        # More threads may decide differently from run to run, and so does x264's macroblock tree, whose
        # assembly reads memory that nobody has written.
        stream.codec_context.thread_count = 1
        stream.options = {
            "crf": str(encoding.crf),
            "preset": encoding.preset,
            "threads": "1",
            "mbtree": "0",
        }
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(
                format=stream.pix_fmt, dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
