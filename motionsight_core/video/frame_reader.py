"""Decodes as little as possible of a video to get the wanted frames, each exactly as it would be."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.video.container import PacketDecoder, packets
from motionsight_core.video.frame_index import NOT_DISPLAYED, FrameIndex, PacketUse, plan_packets

#: A container, its stream and index, and the first position wanted -> packets with their positions.
Reading = Callable[
    [InputContainer, VideoStream, FrameIndex, int], "Iterator[tuple[int, Packet[VideoStream]]]"
]
#: Nearer to the start of the file than so many packets, demuxing is as fast as seeking.
_WORTH_SEEKING = 250
#: So many packets after a seek, a key packet that the index knows must have come.
_LONGEST_SEARCH = 3000


class SeekMismatch(Exception):
    """After seeking, the packets are not those of the index: read from the start."""


class IncompleteDecode(Exception):
    """A wanted frame did not come out: the index does not tell the truth about this stream."""


def from_start(
    container: InputContainer, stream: VideoStream, index: FrameIndex, first: int
) -> Iterator[tuple[int, Packet[VideoStream]]]:
    """All packets of the file with their positions, wherever the first wanted one is."""
    return enumerate(packets(container, stream))


def from_keyframe(
    container: InputContainer, stream: VideoStream, index: FrameIndex, first: int
) -> Iterator[tuple[int, Packet[VideoStream]]]:
    """The packets from shortly before position `first`, a key packet's: what comes before is not read.

    Raises:
        SeekMismatch: what comes after seeking cannot be recognised by its timestamps.
    """
    packet_pts = index.packet_pts()
    keys = index.keys[(index.keys <= first) & (packet_pts[index.keys] != NOT_DISPLAYED)]
    if first < _WORTH_SEEKING or len(keys) < 2:
        yield from from_start(container, stream, index, first)
        return
    known = {int(packet_pts[key]): int(key) for key in keys}
    try:
        # The key packet before: some demuxers seek by decoding time, and would land one too late.
        container.seek(int(packet_pts[keys[-2]]), stream=stream)
    except av.error.FFmpegError:
        raise SeekMismatch from None
    position: int | None = None
    for read, packet in enumerate(packets(container, stream)):
        if position is None:
            position = known.get(packet.pts) if packet.is_keyframe and packet.pts is not None else None
            if position is None:
                if read >= _LONGEST_SEARCH:
                    raise SeekMismatch
                continue
        else:
            position += 1
            shown = packet_pts[position] if position < len(packet_pts) else NOT_DISPLAYED
            if shown != (NOT_DISPLAYED if packet.is_discard else packet.pts):
                raise SeekMismatch
        yield position, packet
    if position is None:
        raise SeekMismatch


def wanted_frames(
    container: InputContainer,
    stream: VideoStream,
    index: FrameIndex,
    wanted: NDArray[np.bool_],
    *,
    reading: Reading = from_start,
) -> Iterator[tuple[int, VideoFrame]]:
    """The wanted frames with their numbers, in display order, bit-identical to a full decode.

    Args:
        container: freshly opened.
        wanted: [F] which frames of the index are wanted.
        reading: where packets are read from, where the index knows them.

    Raises:
        IncompleteDecode: a wanted frame did not come out; index the video by decoding and try again.
        SeekMismatch: `reading` did not find the place.
    """
    decoder = PacketDecoder(stream)
    if index.packets is None:
        yield from _counted_frames(container, stream, wanted, decoder)
        return
    awaited = _Awaited(index, wanted)
    yield from _planned_frames(container, stream, index, wanted, reading, awaited, decoder)
    awaited.check_complete()


def frames_that_come(
    container: InputContainer,
    stream: VideoStream,
    index: FrameIndex,
    wanted: NDArray[np.bool_],
    *,
    reading: Reading = from_start,
    decoder: PacketDecoder | None = None,
) -> Iterator[tuple[int, VideoFrame]]:
    """As `wanted_frames`, but damage costs only the frames that it hits: those are left out.

    Args:
        decoder: of the stream; it counts the damaged packets.

    Raises:
        IncompleteDecode: the packets' timestamps are not those of the frames.
        SeekMismatch: `reading` did not find the place.
    """
    decoder = decoder or PacketDecoder(stream)
    if index.packets is None:
        yield from _counted_frames(container, stream, wanted, decoder)
        return
    yield from _planned_frames(container, stream, index, wanted, reading, _Expected(index, wanted), decoder)


def _planned_frames(
    container: InputContainer,
    stream: VideoStream,
    index: FrameIndex,
    wanted: NDArray[np.bool_],
    reading: Reading,
    awaited: _Expected,
    decoder: PacketDecoder,
) -> Iterator[tuple[int, VideoFrame]]:
    # Packets are told apart by their timestamps after a seek, and those of such a stream repeat.
    reading = from_start if index.renumbered else reading
    packet_pts = index.packet_pts() if index.renumbered else None
    uses = plan_packets(index, wanted)
    first_use, last_use = np.flatnonzero(uses)[[0, -1]].tolist()
    nonref = _can_skip_nonref(stream)
    codec = stream.codec_context
    for position, packet in reading(container, stream, index, first_use):
        if position > last_use:
            break
        if uses[position] == PacketUse.SKIP:
            continue
        if position and uses[position - 1] == PacketUse.SKIP:
            yield from awaited.among(decoder.frames(None))
            codec.flush_buffers()
            awaited.jumped = True
        codec.skip_frame = "NONREF" if nonref and uses[position] == PacketUse.REFERENCE else "DEFAULT"
        if packet_pts is not None:
            shown = int(packet_pts[position])
            packet.pts = None if shown == NOT_DISPLAYED else shown
        yield from awaited.among(decoder.frames(packet))
    yield from awaited.among(decoder.frames(None))


class _Expected:
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
            IncompleteDecode: the index does not tell the truth about them.
        """
        for frame in frames:
            if frame.pts is None or frame.pts <= self._last_pts:
                raise IncompleteDecode  # the packets carried decoding times, as in AVI
            self._last_pts = frame.pts
            if self.jumped and frame.pict_type != PictureType.I:
                # The key packet was no place to start (intra refresh): skipping is not safe here.
                raise IncompleteDecode
            self.jumped = False
            self._pass_over(frame.pts)
            if self._next == len(self._numbers) or frame.pts < self._pts[self._next]:
                continue
            self._next += 1
            yield int(self._numbers[self._next - 1]), frame

    def _pass_over(self, pts: int) -> None:
        """Give up the wanted frames that should have come before `pts`."""
        while self._next < len(self._numbers) and self._pts[self._next] < pts:
            self._next += 1


class _Awaited(_Expected):
    """The same where every one of them must come."""

    def check_complete(self) -> None:
        """Raises IncompleteDecode where frames are missing."""
        if self._next != len(self._numbers):
            raise IncompleteDecode

    def _pass_over(self, pts: int) -> None:
        if self._next < len(self._numbers) and self._pts[self._next] < pts:
            raise IncompleteDecode


def _counted_frames(
    container: InputContainer, stream: VideoStream, wanted: NDArray[np.bool_], decoder: PacketDecoder
) -> Iterator[tuple[int, VideoFrame]]:
    """The same by decoding everything and counting, for streams whose timestamps tell nothing."""
    last = int(np.flatnonzero(wanted)[-1])
    whole = itertools.chain(packets(container, stream), [None])
    frames = (frame for packet in whole for frame in decoder.frames(packet))
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
