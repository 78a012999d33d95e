"""Opening media that may be hostile: pinned demuxers, no second file, typed errors.

A playlist or manifest under a video's name makes FFmpeg open local files and network addresses
even past a protocol whitelist. So the container format is decided here, from the first bytes, and
FFmpeg is told to use exactly that demuxer; whatever else a file asks to be opened is refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

import av
import av.container
import av.error
import av.logging
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from motionsight_core.errors import (
    ClipError,
    Corrupt,
    ForbiddenProtocol,
    NoVideoStream,
    TooLarge,
    Truncated,
)
from motionsight_core.formats import MP4_BOXES, demuxer_of
from motionsight_core.settings import LimitSettings

# Errors arrive as exceptions; FFmpeg's own lines would only repeat them, unattributed.
av.logging.set_level(av.logging.PANIC)

_BUFFER_BYTES = 1 << 18


def check_complete(file: BinaryIO, demuxer: str) -> None:
    """Compare the sizes that the container declares with the size of the file.

    Raises:
        Truncated: the file ends inside a part that the container announced.
    """
    size = file.seek(0, os.SEEK_END)
    check = {"mov": _check_mp4, "matroska": _check_matroska, "avi": _check_avi}.get(demuxer)
    if check is not None:
        check(file, size)


def _check_mp4(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes (ISO/IEC 14496-12, 4.2)."""
    position = 0
    seen: set[bytes] = set()
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if kind not in MP4_BOXES:
            break  # trailing bytes that are no box: players ignore them
        seen.add(kind)
        if length == 1:  # a 64-bit length follows
            length = int.from_bytes(header[8:16])
        elif length == 0:  # up to the end of the file
            length = size - position
        if length < 8:
            break
        position += length
    if position > size:
        raise Truncated(f"The file ends {position - size} bytes before the video it announces does.")
    if not seen & {b"moov", b"moof"}:
        raise Truncated("The file ends before the index of the video (its moov box).")


def _check_matroska(file: BinaryIO, size: int) -> None:
    """The Segment's declared size (RFC 8794, 6 and RFC 9559, 5); live files declare none."""
    file.seek(4)
    header_size = _ebml_size(file)
    if header_size is None:
        return
    file.seek(header_size, os.SEEK_CUR)
    if file.read(4) != b"\x18\x53\x80\x67":
        return
    segment_size = _ebml_size(file)
    if segment_size is not None and file.tell() + segment_size > size:
        missing = file.tell() + segment_size - size
        raise Truncated(f"The file ends {missing} bytes before the video it announces does.")


def _ebml_size(file: BinaryIO) -> int | None:
    """A variable-size integer; None where it says "unknown" or is not valid."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1)) & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value


def _check_avi(file: BinaryIO, size: int) -> None:
    file.seek(4)
    announced = int.from_bytes(file.read(4), "little") + 8
    if announced > size:
        raise Truncated(f"The file ends {announced - size} bytes before the video it announces does.")


@contextmanager
def open_video(
    file: BinaryIO, limits: LimitSettings
) -> Iterator[tuple[av.container.InputContainer, VideoStream]]:
    """Open the video stream of `file` for demuxing from its first packet.

    Args:
        file: seekable, binary; read from its start.
        limits: `max_frame_pixels` holds for the declared size and for every decoded frame.

    Raises:
        ClipError: NotAVideo, NoVideoStream, Truncated, Corrupt, TooLarge or ForbiddenProtocol.
    """
    demuxer = demuxer_of(file)
    refused: list[str] = []
    with translated_errors(refused):
        check_complete(file, demuxer)
        file.seek(0)
        container = av.open(
            file,
            mode="r",
            format=demuxer,
            buffer_size=_BUFFER_BYTES,
            metadata_errors="replace",
            io_open=_refuser(refused),
        )
    with container:
        stream = _video_stream(container)
        codec = stream.codec_context
        if codec.width * codec.height > limits.max_frame_pixels:
            raise TooLarge(
                f"Frames of {codec.width}x{codec.height} are above the limit of "
                f"{limits.max_frame_pixels} pixels (limits.max_frame_pixels)."
            )
        codec.options = {"max_pixels": str(limits.max_frame_pixels)}
        # One thread: the processes already keep the cores busy, and threads would blur which
        # packet a failure belongs to.
        codec.thread_count = 1
        with translated_errors(refused):
            yield container, stream


def _refuser(refused: list[str]) -> Callable[..., NoReturn]:
    def refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
        refused.append(url)
        raise PermissionError("a video may not open other files")

    return refuse


def _video_stream(container: av.container.InputContainer) -> VideoStream:
    """The moving pictures: not cover art; the largest of several."""
    moving = [
        stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic
    ]
    if not moving:
        raise NoVideoStream("The file has no video stream.")
    # PyAV gives no codec context where FFmpeg has no decoder, whatever its types say.
    readable = [stream for stream in moving if getattr(stream, "codec_context", None) is not None]
    if not readable:
        raise Corrupt("No decoder is known for the video stream.")
    return max(readable, key=lambda stream: stream.codec_context.width * stream.codec_context.height)


def packets(container: av.container.InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The stream's packets in decode order, up to where the file ends."""
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                return  # PyAV's way to say that the decoder can be drained
            yield packet
    except IndexError:
        # PyAV looks the stream up by a number that a damaged transport stream has changed.
        raise Corrupt("The container's streams contradict each other.") from None
    except av.error.BlockingIOError:
        raise Corrupt("The container breaks off between two packets.") from None


def decoded(stream: VideoStream, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    """The frames that a packet completes, none where it is damaged; without a packet the last ones."""
    try:
        return stream.decode(packet)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError as error:
        if isinstance(error, av.error.BlockingIOError) and not stream.codec_context.is_open:
            raise  # a decoder whose threads cannot be started, not a damaged packet
        return []


@contextmanager
def translated_errors(refused: list[str] | None = None) -> Iterator[None]:
    """Turn FFmpeg's errors into ClipErrors that say what they mean for the file."""
    try:
        yield
    except ClipError:
        raise
    except (MemoryError, av.error.BlockingIOError):
        # What the system says where there is no memory for the stack of a thread is "try again".
        raise TooLarge("Decoding needs more memory than limits.memory_mb allows.") from None
    except (av.error.FFmpegError, PermissionError) as error:
        if refused:
            raise ForbiddenProtocol("The file refers to another file, which was not opened.") from None
        raise Corrupt(f"The video cannot be decoded: {error}.") from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a seek: to where no file reaches
            raise
        raise Corrupt("The video's tables point outside of the file.") from None
