"""Decodes as little as possible of a video to get the wanted frames, each exactly as it would be."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.container import decoded, packets
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
    last_use = int(np.flatnonzero(uses)[-1])
    nonref = _can_skip_nonref(stream)
    awaited = _Awaited(index, wanted)
    codec = stream.codec_context
    for position, packet in enumerate(packets(container, stream)):
        if position > last_use:
            break
        if uses[position] == PacketUse.SKIP:
            continue
        if position and uses[position - 1] == PacketUse.SKIP:
            yield from awaited.among(decoded(stream, None))
            codec.flush_buffers()
            awaited.jumped = True
        codec.skip_frame = "NONREF" if nonref and uses[position] == PacketUse.REFERENCE else "DEFAULT"
        yield from awaited.among(decoded(stream, packet))
    yield from awaited.among(decoded(stream, None))
    awaited.check_complete()


class _Awaited:
    """The wanted frames still to come, in display order; notices when the index was wrong."""

    def __init__(self, index: FrameIndex, wanted: NDArray[np.bool_]) -> None:
        self._numbers = np.flatnonzero(wanted)
        self._pts = index.pts[wanted]
        self._next = 0
        self._last_pts = np.iinfo(np.int64).min
        self.jumped = False
        """Whether the next frame is the first after skipped packets."""

    def among(self, frames: Iterable[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted ones of the frames that the decoder gave.

        Raises:
            IncompleteDecode: one that was to come before them did not.
        """
        for frame in frames:
            if frame.pts is None or frame.pts <= self._last_pts:
                raise IncompleteDecode  # the packets carried decoding times, as in AVI
            self._last_pts = frame.pts
            if self.jumped and frame.pict_type != PictureType.I:
                # The key packet was no place to start (intra refresh): skipping is not safe here.
                raise IncompleteDecode
            self.jumped = False
            if self._next == len(self._numbers) or frame.pts < self._pts[self._next]:
                continue
            if frame.pts > self._pts[self._next]:
                raise IncompleteDecode
            self._next += 1
            yield int(self._numbers[self._next - 1]), frame

    def check_complete(self) -> None:
        """Raises IncompleteDecode where frames have not come."""
        if self._next != len(self._numbers):
            raise IncompleteDecode


def _counted_frames(
    container: InputContainer, stream: VideoStream, wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, VideoFrame]]:
    """The same by decoding everything and counting, for streams whose timestamps tell nothing."""
    last = int(np.flatnonzero(wanted)[-1])
    whole = itertools.chain(packets(container, stream), [None])
    frames = (frame for packet in whole for frame in decoded(stream, packet))
    for number, frame in enumerate(itertools.islice(frames, last + 1)):
        if wanted[number]:
            yield number, frame


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
