"""Decodes as little as possible of a video to get the wanted frames, each exactly as it would be."""

from __future__ import annotations

from collections.abc import Iterator

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.frame_index import FrameIndex, PacketUse, plan_packets


class IncompleteDecode(Exception):
    """A wanted frame did not come out: the index does not tell the truth about this stream."""


def wanted_frames(
    container: InputContainer, stream: VideoStream, index: FrameIndex, wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, VideoFrame]]:
    """The wanted frames with their numbers, in display order, bit-identical to a full decode.

    Args:
        container: freshly opened.
        wanted: [F] which frames of the index are wanted.

    Raises:
        IncompleteDecode: a wanted frame did not come out; index the video by decoding and try again.
    """
    if index.packets is None:
        yield from _counted_frames(container, stream, wanted)
        return
    uses = plan_packets(index, wanted)
    numbers = {int(index.pts[number]): int(number) for number in np.flatnonzero(wanted)}
    last_use = int(np.flatnonzero(uses)[-1])
    last_pts = np.iinfo(np.int64).min
    codec = stream.codec_context
    nonref = _can_skip_nonref(stream)
    position, jumped, delivered = -1, False, 0

    def pick(frames: list[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        nonlocal jumped, delivered, last_pts
        for frame in frames:
            if frame.pts is None or frame.pts <= last_pts:
                raise IncompleteDecode  # the packets carried decoding times, as in AVI
            last_pts = frame.pts
            if jumped and frame.pict_type != PictureType.I:
                # The key packet was no place to start (intra refresh): skipping is not safe here.
                raise IncompleteDecode
            jumped = False
            number = numbers.get(frame.pts)
            if number is not None:
                delivered += 1
                yield number, frame

    for packet in container.demux(stream):
        if packet.size == 0:
            break
        position += 1
        if position > last_use:
            break
        if uses[position] == PacketUse.SKIP:
            continue
        if position and uses[position - 1] == PacketUse.SKIP:
            yield from pick(codec.decode(None))
            codec.flush_buffers()
            jumped = True
        codec.skip_frame = "NONREF" if nonref and uses[position] == PacketUse.REFERENCE else "DEFAULT"
        try:
            frames = codec.decode(packet)
        except av.error.InvalidDataError:
            continue
        yield from pick(frames)
    yield from pick(codec.decode(None))
    if delivered != len(numbers):
        raise IncompleteDecode


def _counted_frames(
    container: InputContainer, stream: VideoStream, wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, VideoFrame]]:
    """The same by decoding everything and counting, for streams whose timestamps tell nothing."""
    last = int(np.flatnonzero(wanted)[-1])
    number = -1
    for packet in container.demux(stream):
        try:
            frames = stream.decode(packet)
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            number += 1
            if number < len(wanted) and wanted[number]:
                yield number, frame
            if number >= last:
                return


#: Decoders that look at `skip_frame` packet by packet; others only when they are opened, or never.
_SKIPS_NONREF = frozenset({"h264", "mpeg1video", "mpeg2video", "mpeg4", "vp8"})


def _can_skip_nonref(stream: VideoStream) -> bool:
    """Whether frames marked as non-reference are referred to by no other frame.

    In HEVC the mark speaks of its own temporal layer only: with several layers a higher one may
    refer to it. The count stands in the hvcC record (ISO/IEC 14496-15, 8.3.3), byte 21.
    """
    name = stream.codec_context.name
    if name != "hevc":
        return name in _SKIPS_NONREF
    extradata = stream.codec_context.extradata or b""
    return len(extradata) > 21 and extradata[0] == 1 and (extradata[21] >> 3) & 7 == 1
