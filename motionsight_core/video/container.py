"""Opening media that may be hostile: pinned demuxers, no second file, typed errors.

A playlist or manifest under a video's name makes FFmpeg open local files and network addresses
even past a protocol whitelist. So the container format is decided here, from the first bytes, and
FFmpeg is told to use exactly that demuxer; whatever else a file asks to be opened is refused.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from motionsight_core.errors import (
    ClipError,
    Corrupt,
    ForbiddenProtocol,
    TooLarge,
)
from motionsight_core.settings import LimitSettings
from motionsight_core.video.completeness import require_index
from motionsight_core.video.encryption import require_clear
from motionsight_core.video.formats import demuxer_of
from motionsight_core.video.video_stream import (
    count_packets,
    is_counted,
    moving_streams,
    video_stream,
)

# Errors arrive as exceptions; FFmpeg's own lines would only repeat them, unattributed.
av.logging.set_level(av.logging.PANIC)

_BUFFER_BYTES = 1 << 18
#: The longest side that OpenCV scales, pixels.
_LONGEST_SIDE = 32_766
#: So often in a row may the demuxer fail before the file counts as read to its end.
_MOST_FAILURES = 32


@contextmanager
def open_video(file: BinaryIO, limits: LimitSettings) -> Iterator[tuple[InputContainer, VideoStream]]:
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
        require_index(file, demuxer)
        container = _open(file, demuxer, refused)
    with container:
        stream = _chosen(container, file, demuxer, refused)
        require_clear(stream)
        codec = stream.codec_context
        require_size(codec.width, codec.height, limits)
        codec.options = {"max_pixels": str(limits.max_frame_pixels)}
        # One thread: the processes already keep the cores busy, and threads would blur which
        # packet a failure belongs to.
        codec.thread_count = 1
        with translated_errors(refused):
            yield container, stream


def require_size(width: int, height: int, limits: LimitSettings) -> None:
    """Make sure that frames of a size, in pixels, can be processed.

    Raises:
        TooLarge: they are above `limits.max_frame_pixels`, or a side is too long for OpenCV.
    """
    if width * height > limits.max_frame_pixels:
        raise TooLarge(
            f"Frames of {width}x{height} are above the limit of {limits.max_frame_pixels} pixels "
            "(limits.max_frame_pixels)."
        )
    if max(width, height) > _LONGEST_SIDE:
        raise TooLarge(f"Frames of {width}x{height} have a side of more than {_LONGEST_SIDE} pixels.")


def _open(file: BinaryIO, demuxer: str, refused: list[str]) -> InputContainer:
    file.seek(0)
    try:
        return av.open(
            _FileForFFmpeg(file),
            mode="r",
            format=demuxer,
            buffer_size=_BUFFER_BYTES,
            metadata_errors="replace",
            io_open=_refuser(refused),
        )
    except av.error.FFmpegError:
        if not refused:
            require_index(file, demuxer, whole=True)
        raise


class _FileForFFmpeg:
    """A file whose impossible seeks are errors of these seeks alone, as in FFmpeg's own files.

    A damaged table points outside of the file. PyAV would keep Python's exception, and raise it for
    whatever comes next.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.tell, self._seek = file.read, file.tell, file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            return -errno.EINVAL


def _chosen(container: InputContainer, file: BinaryIO, demuxer: str, refused: list[str]) -> VideoStream:
    """The video of the file; where several streams may be it, some packets are counted to find out."""
    streams = moving_streams(container)
    if len(streams) == 1 or is_counted(streams):
        return video_stream(streams)
    place = file.tell()
    with translated_errors(refused), _open(file, demuxer, refused) as again:
        counts = count_packets(again, moving_streams(again))
    file.seek(place)
    return video_stream(streams, counts)


def _refuser(refused: list[str]) -> Callable[..., NoReturn]:
    def refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
        refused.append(url)
        raise PermissionError("a video may not open other files")

    return refuse


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The stream's packets in decode order, up to where the file ends; damaged places are passed over."""
    failures = given = 0
    memory_error: MemoryError | None = None
    while failures <= _MOST_FAILURES:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    failures = 0
                    given += 1
                    yield packet
                elif packet.pts is None and packet.dts is None:
                    return  # PyAV's way to say that the decoder can be drained
                # Other empty packets hold the last picture for a while longer (AVI, MP4).
            return
        except av.error.PermissionError:
            raise
        except (av.error.FFmpegError, IndexError) as error:
            # The demuxer goes on behind the damage. PyAV's IndexError: a stream that a damaged header names;
            # a MemoryError: a packet that a damaged table calls huge, behind which FFmpeg does not get.
            failures += 1
            memory_error = error if isinstance(error, MemoryError) else None
    if memory_error is not None and not given:
        raise memory_error


class PacketDecoder:
    """Decodes the packets of one stream; a damaged one costs only the frames that need it."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self.damaged = 0
        """Packets so far that could not be decoded."""

    def frames(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """The frames that a packet completes; without a packet the last ones."""
        try:
            return self._stream.decode(packet)
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:
            if isinstance(error, av.error.BlockingIOError) and not self._stream.codec_context.is_open:
                raise  # a decoder whose threads cannot be started, not a damaged packet
            self.damaged += 1
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
        # PyAV adds the last line of FFmpeg's log, if its threads have written one by then: without it the
        # same bytes fail in the same words.
        said = str(error).partition("; last error log: ")[0]
        raise Corrupt(f"The video cannot be decoded: {said}.") from None
