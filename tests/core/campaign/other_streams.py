"""What files hold beside the video: sound, subtitles, data, attachments, covers, other pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.packet import Packet
from av.stream import Disposition

from tests.videos import moving_texture

#: Adds streams to a container that is being written; what comes back gives their packets, in order, each
#: with its time in seconds.
OtherStream = Callable[[Any], "Iterator[tuple[float, Packet]]"]

_SECONDS = 1.6
_MS = Fraction(1, 1000)


def sound(encoder: str, *, rate: int = 48_000, layout: str = "stereo") -> OtherStream:
    """A stream of noise."""

    def add(container: Any) -> Iterator[tuple[float, Packet]]:
        stream = container.add_stream(encoder, rate=rate, layout=layout, options={"strict": "-2"})
        stream.bit_rate = 64_000
        return _sound(stream, rate)

    return add


def _sound(stream: Any, rate: int) -> Iterator[tuple[float, Packet]]:
    codec = stream.codec_context
    length = codec.frame_size or 1024
    noise = np.random.default_rng(0).normal(0, 0.1, (1, length))
    for number in range(int(_SECONDS * rate / length)):
        frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, number * length, Fraction(1, rate)
        resampler = av.AudioResampler(codec.format, codec.layout, rate)
        for resampled in resampler.resample(frame):
            resampled.pts, resampled.time_base = number * length, Fraction(1, rate)
            for packet in stream.encode(resampled):
                yield number * length / rate, packet
    for packet in stream.encode(None):
        yield _SECONDS, packet


def cues(codec: str, content: bytes) -> OtherStream:
    """A subtitle stream of two cues that are written as they are given."""

    def add(container: Any) -> Iterator[tuple[float, Packet]]:
        stream = container.add_mux_stream(codec)
        stream.time_base = _MS
        return _packets(stream, content, times_ms=(100, 700))

    return add


def styled_cues(container: Any) -> Iterator[tuple[float, Packet]]:
    """ASS subtitles under a header of their own."""
    stream = container.add_stream("ass")
    stream.codec_context.subtitle_header = (
        b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\n"
        b"Style: Default,Arial,16\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, Text\r\n"
    )
    return _packets(stream, b"0,0,Default,,0,0,0,,Hello", times_ms=(100, 700))


def data(codec: str) -> OtherStream:
    """A stream of data, such as what a drone or a broadcaster sends along."""

    def add(container: Any) -> Iterator[tuple[float, Packet]]:
        stream = container.add_data_stream(codec)
        stream.time_base = _MS
        return _packets(stream, b"\x06\x0e\x2b\x34" + bytes(20), times_ms=(0, 400, 800))

    return add


def _packets(stream: Any, content: bytes, *, times_ms: tuple[int, ...]) -> Iterator[tuple[float, Packet]]:
    for time_ms in times_ms:
        packet = Packet(content)
        packet.stream, packet.time_base = stream, _MS
        packet.pts = packet.dts = time_ms
        packet.duration = 300
        yield time_ms / 1000, packet


def font(container: Any) -> Iterator[tuple[float, Packet]]:
    """An attached font."""
    container.add_attachment("font.ttf", "application/x-truetype-font", bytes(500))
    return iter(())


def attached_cover(container: Any) -> Iterator[tuple[float, Packet]]:
    """A picture larger than the video, as Matroska attaches it."""
    container.add_attachment("cover.jpg", "image/jpeg", _jpeg())
    return iter(())


def cover(container: Any) -> Iterator[tuple[float, Packet]]:
    """A picture larger than the video, as MP4 keeps it."""
    stream = container.add_mux_stream("mjpeg", width=320, height=240)
    stream.disposition = Disposition.attached_pic
    packet = Packet(_jpeg())
    packet.stream, packet.time_base, packet.pts, packet.dts = stream, _MS, 0, 0
    packet.is_keyframe = True
    return iter([(0.0, packet)])


def _jpeg() -> bytes:
    (picture,) = moving_texture(1, width=320, height=240)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def chapters(container: Any) -> Iterator[tuple[float, Packet]]:
    """Two chapters, which MP4 writes as a text track."""
    container.set_chapters(
        [
            {"id": 1, "start": 0, "end": 500, "time_base": _MS, "metadata": {"title": "one"}},
            {"id": 2, "start": 500, "end": 1400, "time_base": _MS, "metadata": {"title": "two"}},
        ]
    )
    return iter(())


def pictures(
    encoder: str, *, count: int, rate: int = 25, size: tuple[int, int] = (128, 96), default: bool = False
) -> OtherStream:
    """Another video stream."""

    def add(container: Any) -> Iterator[tuple[float, Packet]]:
        stream = container.add_stream(encoder, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
        stream.codec_context.thread_count = 1
        if default:
            stream.disposition = Disposition.default
        return _pictures(stream, count=count, rate=rate, size=size)

    return add


def _pictures(stream: Any, *, count: int, rate: int, size: tuple[int, int]) -> Iterator[tuple[float, Packet]]:
    for number, pixels in enumerate(moving_texture(count, width=size[0], height=size[1], seed=9)):
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        for packet in stream.encode(frame):
            yield number / rate, packet
    for packet in stream.encode(None):
        yield count / rate, packet


OTHER_STREAMS: dict[str, OtherStream] = {
    **{name: sound(name) for name in ("aac", "mp2", "ac3", "flac", "pcm_s16le", "vorbis", "wmav2")},
    "opus": sound("libopus"),
    "mp3": sound("libmp3lame", rate=44_100),
    "amr": sound("libopencore_amrnb", rate=8_000, layout="mono"),
    "pcm_s16be": sound("pcm_s16be"),
    "subrip": cues("subrip", b"Hello"),
    "ass": styled_cues,
    "webvtt": cues("webvtt", b"Hello"),
    "mov_text": cues("mov_text", b"\0\5Hello"),
    "text": cues("text", b"Hello"),
    "ttml": cues("ttml", b"<tt xmlns='http://www.w3.org/ns/ttml'/>"),
    "eia_608": cues("eia_608", b"\0\0\0\x0acdat\x80\x80"),
    "dvdsub": cues("dvd_subtitle", b"\x00\x10\x00\x04" + bytes(12)),
    "pgs": cues("hdmv_pgs_subtitle", b"\x80\x00\x00"),
    "pgs_text": cues("hdmv_text_subtitle", b"Hello"),
    "dvbsub": cues("dvb_subtitle", b"\x20\x00\x0f\x10\x00\x01\x00\x00\xff"),
    "teletext": cues("dvb_teletext", b"\x10" + bytes(45)),
    "klv": data("klv"),
    "timed_id3": data("timed_id3"),
    "scte_35": data("scte_35"),
    "smpte_2038": data("smpte_2038"),
    "bin_data": data("bin_data"),
    "font": font,
    "attached_cover": attached_cover,
    "cover": cover,
    "chapters": chapters,
    "large_still": pictures("libx264", count=1, size=(640, 480)),
    "default_large_still": pictures("libx264", count=1, size=(640, 480), default=True),
    "mjpeg_still": pictures("mjpeg", count=1, size=(640, 480)),
    "few_large_pictures": pictures("libx264", count=3, rate=1, size=(640, 480)),
    "small_copy": pictures("libx264", count=36, size=(64, 48)),
}
