"""Pictures as an MP4 file (H.264), given in pieces: memory does not grow with the file.

The index stands at the front, as players on a network want it: the number of frames is known beforehand, so
room for it is left there and filled at the end. The same pictures give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from motionsight_core.errors import TooLarge
from motionsight_core.settings import MediaSettings
from motionsight_core.video.plain_pictures import PlainPictures

#: Most bytes of a piece.
PIECE_BYTES = 1 << 20
#: What the index takes: 44 bytes for each frame at most (its time, size, place, and whether it is a key
#: frame), beside its head and the comment.
_INDEX_BYTES, _FRAME_BYTES = 8192, 44


@dataclass(frozen=True, slots=True)
class FilePiece:
    """Bytes of a file that is being written. A later piece may lie on an earlier one."""

    offset: int
    """Where they begin, bytes."""
    data: NDArray[np.uint8]
    """[N] the bytes."""


class Mp4Writer:
    """Encodes pictures, one after the other.

    There are no B-frames: these need an edit list, which some readers ignore, for the first frame to stand
    at 0.
    """

    def __init__(
        self,
        pictures: PlainPictures,
        *,
        frames: int,
        fps: float,
        ticks_per_s: int,
        comment: str,
        settings: MediaSettings,
    ) -> None:
        """
        Args:
            pictures: what makes the pictures that are to come.
            frames: how many there will be.
            fps: their average rate, which the encoder's rate control goes by.
            ticks_per_s: the clock of their times.
            comment: stands in the file.
        """
        self._pieces = _Pieces(settings.max_mb << 20)
        self._time_base = Fraction(1, ticks_per_s)
        self._durations: dict[int, int] = {}
        options = {
            "fflags": "+bitexact",
            "use_editlist": "0",
            "moov_size": str(_INDEX_BYTES + 4 * len(comment.encode()) + _FRAME_BYTES * frames),
            "video_track_timescale": str(ticks_per_s),
        }
        self._container: Any = av.open(self._pieces, "w", format="mp4", container_options=options)
        self._container.metadata["comment"] = comment
        rate = Fraction(min(max(fps, 0.1), 1000.0)).limit_denominator(1001)
        encoder = {"crf": str(settings.crf), "preset": settings.preset, "bf": "0"}
        stream = self._container.add_stream("libx264", rate=rate, options=encoder)
        stream.width, stream.height = pictures.size
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        # One thread: the processes already keep the cores busy.
        codec.thread_count = 1
        codec.time_base = self._time_base
        codec.colorspace, codec.color_range = pictures.matrix, ColorRange.MPEG
        codec.color_primaries, codec.color_trc = pictures.primaries, pictures.transfer
        self._stream = stream

    def add(self, picture: VideoFrame, *, ticks: int, duration: int) -> Iterator[FilePiece]:
        """Encode one picture; give the pieces that are complete.

        Args:
            ticks: when it is shown.
            duration: for how long it is shown, in ticks.

        Raises:
            TooLarge: the file is longer than `media.max_mb`.
        """
        picture.pts, picture.time_base = ticks, self._time_base
        self._durations[ticks] = duration
        self._mux(self._stream.encode(picture))
        yield from self._pieces.taken()

    def finish(self) -> Iterator[FilePiece]:
        """The pieces that are left, after the last picture; errors as `add`."""
        self._mux(self._stream.encode(None))
        self._container.close()
        self._pieces.close()
        yield from self._pieces.taken()

    def close(self) -> None:
        """Let go of the encoder; what was not finished is lost."""
        self._container.close()

    @property
    def size(self) -> int:
        """Bytes of the file, once it is finished."""
        return self._pieces.size

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)


class _Pieces:
    """The file that FFmpeg writes to."""

    def __init__(self, most_bytes: int) -> None:
        self.size = 0
        self._most_bytes = most_bytes
        self._too_large = False
        self._position = 0
        self._start = 0
        self._buffer = bytearray()
        self._complete: list[FilePiece] = []

    def write(self, data: bytes) -> int:
        # PyAV cannot raise from here what it is told: `taken` does.
        if self._position + len(data) > self._most_bytes:
            self._too_large = True
            return len(data)
        if self._position != self._start + len(self._buffer):
            self._complete_one()
            self._start = self._position
        self._buffer += data
        self._position += len(data)
        self.size = max(self.size, self._position)
        if len(self._buffer) >= PIECE_BYTES:
            self._complete_one()
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[
            whence
        ] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        """Let what is left be taken."""
        self._complete_one()

    def taken(self) -> list[FilePiece]:
        """The pieces that are complete.

        Raises:
            TooLarge: there would be more bytes than there may be.
        """
        if self._too_large:
            raise TooLarge(
                f"The clip's file would be larger than {self._most_bytes >> 20} MiB (media.max_mb); raise "
                "that, or media.crf."
            )
        complete, self._complete = self._complete, []
        return complete

    def _complete_one(self) -> None:
        for begin in range(0, len(self._buffer), PIECE_BYTES):
            data = np.frombuffer(bytes(self._buffer[begin : begin + PIECE_BYTES]), np.uint8)
            self._complete.append(FilePiece(self._start + begin, data))
        self._start += len(self._buffer)
        self._buffer = bytearray()
