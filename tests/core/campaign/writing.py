"""Writes the files of the campaign with PyAV's encoders and muxers."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from tests.core.campaign.layouts import Layout
from tests.core.campaign.other_streams import OTHER_STREAMS
from tests.videos import moving_texture, scheduling_kept

#: What each encoder needs to be fast and to give the same bytes each time.
_USUAL_OPTIONS = {
    "libx264": {"preset": "ultrafast", "x264-params": "keyint=12:bframes=2"},
    "libx264rgb": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:keyint=12:pools=none:frame-threads=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "g": "12"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "g": "12"},
    "libsvtav1": {"preset": "12", "g": "12", "svtav1-params": "lp=1"},
    "dnxhd": {"profile": "dnxhr_sq"},
}


def write(layout: Layout, folder: Path) -> Path:
    """Write a layout's file.

    Raises:
        av.error.FFmpegError, ValueError: this build of FFmpeg cannot write it.
    """
    path = folder / f"{layout.name.replace(' ', '_').replace('/', '_')}.{layout.suffix or layout.muxer}"
    opened: Any = av.open(str(path), "w", format=layout.muxer, container_options=dict(layout.muxer_options))
    with scheduling_kept(), opened as container:
        others = [OTHER_STREAMS[name](container) for name in layout.before]
        stream = _video_stream(container, layout)
        others += [OTHER_STREAMS[name](container) for name in layout.beside]
        container.start_encoding()
        for _, packet in heapq.merge(_video(stream, layout), *others, key=lambda item: item[0]):
            container.mux(packet)
    if layout.change is not None:
        path.write_bytes(layout.change(path.read_bytes()))
    return path


def _video_stream(container: Any, layout: Layout) -> Any:
    options = {"strict": "-2"} | _USUAL_OPTIONS.get(layout.encoder, {}) | layout.options
    stream = container.add_stream(layout.encoder, rate=layout.rate, options=options)
    stream.width, stream.height = layout.size
    stream.pix_fmt = layout.pix_fmt
    stream.codec_context.thread_count = 1
    if layout.pixel_aspect != 1:
        stream.codec_context.sample_aspect_ratio = layout.pixel_aspect
    if layout.rotation:
        stream.set_display_rotation(layout.rotation)
    stream.codec_context.time_base = layout.tick_s
    stream.metadata.update(layout.metadata)
    return stream


def _video(stream: Any, layout: Layout) -> Iterator[tuple[float, Packet]]:
    """The video's packets, each with the time in seconds of the frame that brought it out."""
    width, height = layout.size
    ticks, tick_s = layout.ticks, layout.tick_s
    lengths = {start: end - start for start, end in itertools.pairwise(ticks)}
    pictures = moving_texture(layout.count, width=width, height=height)
    for pts, pixels in zip(ticks[:-1], pictures, strict=True):
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=layout.pix_fmt, threads=1)
        frame.pts, frame.time_base, frame.duration = pts, tick_s, lengths[pts]
        for packet in stream.encode(frame):
            yield float(pts * tick_s), _with_length(packet, lengths, tick_s)
    for packet in stream.encode(None):
        yield float(ticks[-1] * tick_s), _with_length(packet, lengths, tick_s)


def _with_length(packet: Packet, lengths: dict[int, int], tick_s: Fraction) -> Packet:
    """The packet with its own frame's length: encoders give all of them the nominal one."""
    if packet.time_base == tick_s and packet.pts is not None:
        packet.duration = lengths.get(packet.pts, packet.duration)
    return packet
