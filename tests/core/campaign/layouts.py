"""The stream layouts of the campaign: containers, encoders, pixel formats, clocks, and what lies beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file of the campaign is written."""

    name: str
    muxer: str
    """FFmpeg's name of the container format."""
    encoder: str
    suffix: str = ""
    """Of the file's name; unset, that of the muxer."""
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (128, 96)
    """Coded width and height, pixels."""
    count: int = 36
    """Frames."""
    rate: Fraction = Fraction(25)
    """Nominal, frames per second."""
    times_ms: tuple[int, ...] | None = None
    """[count + 1] starts of the frames, and the end of the last one; unset, at the nominal rate."""
    options: dict[str, str] = field(default_factory=dict)
    """Of the encoder, over its usual ones."""
    muxer_options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    """Of the video stream."""
    rotation: int = 0
    """Degrees, of the display matrix."""
    pixel_aspect: Fraction = Fraction(1)
    beside: tuple[str, ...] = ()
    """Further streams, names of `other_streams.OTHER_STREAMS`; those of `before` come first in the file."""
    before: tuple[str, ...] = ()
    change: Callable[[bytes], bytes] | None = None
    """What becomes of the written bytes."""
    video: int = 0
    """Which of the file's video streams is the one to describe."""
    shown: int | None = None
    """How many frames are displayed; unset, all that were written."""

    @property
    def tick_s(self) -> Fraction:
        """Unit of `ticks`, seconds."""
        return 1 / self.rate if self.times_ms is None else Fraction(1, 1000)

    @property
    def ticks(self) -> tuple[int, ...]:
        """[count + 1] starts of the frames, and the end of the last one."""
        return tuple(range(self.count + 1)) if self.times_ms is None else self.times_ms

    @property
    def written_s(self) -> float:
        """From the first frame's start to the last one's end, as it was written, seconds."""
        return float((self.ticks[-1] - self.ticks[0]) * self.tick_s)

    @property
    def end_tolerance_s(self) -> float:
        """How exactly the file tells when the last frame's display ends, seconds.

        MP4 stores the steps of decoding times: where frames are reordered and come unevenly, no packet says
        how long its own frame is shown. The edit list says when the last one ends, in milliseconds.
        ASF says when all of it ends.
        """
        reordered = self.encoder == "libx264" and self.muxer in ("mp4", "mov", "ipod", "f4v", "3gp", "3g2")
        if not reordered:
            return 0.02 if self.muxer == "asf" and self.times_ms is not None else 1e-6
        return 0.001 if self.times_ms is None else 0.02

    @property
    def without_times(self) -> bool:
        """Whether the file is a bare stream: FFmpeg's parsers then make timestamps up."""
        return self.muxer in ("mpeg1video", "mpeg2video", "m4v", "h264", "hevc", "mjpeg", "obu")

    @property
    def shown_count(self) -> int:
        """Frames that are displayed."""
        return self.count if self.shown is None else self.shown

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as displayed, pixels."""
        width, height = max(1, round(self.size[0] * self.pixel_aspect)), self.size[1]
        return (height, width) if self.rotation % 180 else (width, height)


#: FFmpeg's muxers with the encoders whose streams they take and a demuxer gives back, frame for frame.
CONTAINERS: dict[str, str] = {
    "mp4": "libx264 libx265 mpeg4 mpeg2video mpeg1video libvpx-vp9 libsvtav1 mjpeg ffv1 jpeg2000 png",
    "mov": "libx264 libx265 mpeg4 mpeg2video mjpeg prores prores_ks dnxhd cfhd jpeg2000 png qtrle cinepak "
    "rpza svq1 h263 dvvideo v210 v308 v408 v410 r10k r210 yuv4 gif targa tiff magicyuv dxv exr",
    "ipod": "libx264 mpeg4",
    "f4v": "libx264",
    "3gp": "libx264 mpeg4 h263",
    "3g2": "libx264 mpeg4 h263",
    "ismv": "libx264 libx265",
    "matroska": "libx264 libx265 mpeg4 mpeg2video mpeg1video libvpx libvpx-vp9 libsvtav1 mjpeg ffv1 jpeg2000 "
    "prores_ks msmpeg4 rawvideo snow",
    "webm": "libvpx libvpx-vp9 libsvtav1",
    "avi": "libx264 mpeg4 msmpeg4v2 msmpeg4 mjpeg mpeg1video mpeg2video libvpx h263 h263p h261 flv wmv1 wmv2 "
    "ffv1 ffvhuff huffyuv utvideo magicyuv rawvideo cinepak msvideo1 dvvideo png jpeg2000 jpegls ljpeg asv1 "
    "asv2 cljr zlib flashsv svq1 v210 y41p",
    "mpegts": "libx264 libx265 mpeg2video mpeg1video mpeg4",
    "mpeg": "mpeg1video mpeg2video libx264",
    "vob": "mpeg2video libx264",
    "dvd": "mpeg2video",
    "svcd": "mpeg2video",
    "vcd": "mpeg1video",
    "mpeg1video": "mpeg1video",
    "mpeg2video": "mpeg2video",
    "m4v": "mpeg4",
    "h264": "libx264",
    "hevc": "libx265",
    "obu": "libsvtav1",
    "ivf": "libvpx libvpx-vp9 libsvtav1",
    "flv": "libx264 libx265 libvpx-vp9 libsvtav1 flv flashsv flashsv2",
    "ogg": "libvpx",
    "ogv": "libvpx",
    "asf": "libx264 wmv1 wmv2 msmpeg4 mpeg4 mjpeg",
    "mxf": "mpeg2video libx264 dnxhd prores_ks jpeg2000 ffv1 dvvideo",
    "mxf_opatom": "dnxhd",
    "nut": "libx264 libx265 mpeg4 ffv1 rawvideo",
    "yuv4mpegpipe": "rawvideo",
    "gif": "gif",
    "apng": "apng",
    "avif": "libsvtav1",
    "dv": "dvvideo",
    "mjpeg": "mjpeg",
    "wtv": "mpeg2video libx264",
    "rm": "rv10 rv20",
}
#: Names that people give to such files, where they are not those of the muxer.
_SUFFIXES = {
    "ipod": "m4v",
    "matroska": "mkv",
    "mpegts": "ts",
    "mpeg": "mpg",
    "dvd": "vob",
    "svcd": "mpg",
    "vcd": "mpg",
    "mpeg1video": "m1v",
    "mpeg2video": "m2v",
    "asf": "wmv",
    "mxf_opatom": "mxf",
    "yuv4mpegpipe": "y4m",
    "psp": "mp4",
}
#: Pixel formats and sizes of encoders that do not take 4:2:0 of 128x96.
_PIX_FMTS = {
    "mjpeg": "yuvj420p",
    "ljpeg": "yuvj420p",
    "prores": "yuv422p10le",
    "prores_ks": "yuv422p10le",
    "dnxhd": "yuv422p",
    "cfhd": "yuv422p10le",
    "png": "rgb24",
    "apng": "rgb24",
    "gif": "bgr8",
    "qtrle": "rgb24",
    "cinepak": "rgb24",
    "rpza": "rgb555le",
    "svq1": "yuv410p",
    "v210": "yuv422p10le",
    "v308": "yuv444p",
    "v408": "yuva444p",
    "v410": "yuv444p10le",
    "r10k": "gbrp10le",
    "r210": "gbrp10le",
    "targa": "bgr24",
    "tiff": "rgb24",
    "magicyuv": "yuv444p",
    "dxv": "rgba",
    "exr": "gbrpf32le",
    "huffyuv": "yuv422p",
    "ffvhuff": "yuv422p",
    "utvideo": "yuv422p",
    "msvideo1": "rgb555le",
    "jpegls": "rgb24",
    "cljr": "yuv411p",
    "zlib": "bgr24",
    "flashsv": "bgr24",
    "flashsv2": "bgr24",
    "y41p": "yuv411p",
    "libx264rgb": "rgb24",
}
#: Pixel aspects that the codec fixes.
_PIXEL_ASPECTS = {"h263": Fraction(12, 11), "h263p": Fraction(12, 11), "dvvideo": Fraction(16, 15)}
_SIZES = {"h261": (176, 144), "dvvideo": (720, 576), "dnxhd": (256, 128), "dxv": (128, 128)}


def of_pair(muxer: str, encoder: str) -> Layout:
    """An encoder's frames in a container, and nothing else."""
    still_first = muxer == "avif"  # its primary image stands before the animation
    return Layout(
        f"{encoder} in {muxer}",
        muxer,
        encoder,
        suffix=_SUFFIXES.get(muxer, ""),
        pix_fmt=_PIX_FMTS.get(encoder, "yuv420p"),
        size=_SIZES.get(encoder, (128, 96)),
        pixel_aspect=_PIXEL_ASPECTS.get(encoder, Fraction(1)),
        count=12 if encoder in ("dvvideo", "exr", "tiff") else 36,
        video=1 if still_first else 0,
    )


def variant(name: str, muxer: str, encoder: str, **changes: Any) -> Layout:
    """A pair with other values of some fields."""
    return replace(of_pair(muxer, encoder), name=name, **changes)


def pairs_in(text: str) -> list[tuple[str, str]]:
    """(muxer, encoder) of each in "encoder in muxer, encoder in muxer"."""
    pairs = (pair.split(" in ") for pair in text.split(", "))
    return [(muxer, encoder) for encoder, muxer in pairs]


PAIRS = [of_pair(muxer, encoder) for muxer, encoders in CONTAINERS.items() for encoder in encoders.split()]
