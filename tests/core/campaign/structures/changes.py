"""Changes to files that no muxer of FFmpeg makes."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.core.hostile.containers import box, with_box


def with_parity(stream: bytes) -> bytes:
    """A transport stream in packets of 204 bytes, 16 of them for error correction (ETSI EN 300 429)."""
    return b"".join(stream[place : place + 188] + bytes(16) for place in range(0, len(stream), 188))


def from_inside_a_packet(stream: bytes) -> bytes:
    """A transport stream whose recording began inside a packet."""
    return stream[188 - 77 : 188] + stream


def _with_edits(mp4: bytes, *edits: tuple[int, int]) -> bytes:
    """The edits (duration in milliseconds, start in the track's ticks) as the only edit list."""

    def change(_: bytes) -> bytes:
        table = b"".join(struct.pack(">IiI", duration, start, 1 << 16) for duration, start in edits)
        return bytes(4) + struct.pack(">I", len(edits)) + table

    return with_box(mp4, [b"moov", b"trak", b"edts", b"elst"], change)


#: Ticks of the track's timescale that a frame lasts at 25 Hz in what FFmpeg writes.
_TICKS = 512


def skipping(frames: int, *, first_ticks: int = 0) -> Callable[[bytes], bytes]:
    """What makes an MP4 begin so many frames late."""

    def change(mp4: bytes) -> bytes:
        return _with_edits(mp4, ((36 - frames) * 40, first_ticks + frames * _TICKS))

    return change


def ending_after(frames: int) -> Callable[[bytes], bytes]:
    """What makes an MP4 end after so many frames."""

    def change(mp4: bytes) -> bytes:
        return _with_edits(mp4, (frames * 40, 0))

    return change


def with_hole(mp4: bytes) -> bytes:
    """Twelve frames in the middle are not displayed."""
    return _with_edits(mp4, (480, 0), (480, 24 * _TICKS))


def empty_edit_first(mp4: bytes) -> bytes:
    """The picture begins two seconds after the sound would."""
    return _with_edits(mp4, (2000, -1), (36 * 40, 2 * _TICKS))


def with_unknown_boxes(mp4: bytes) -> bytes:
    """Boxes that only their writer knows, before the video and after."""
    index = mp4.index(b"moov") - 4
    return mp4[:index] + box(b"frea", bytes(20)) + box(b"junk") + mp4[index:] + box(b"uuid", bytes(40))


def with_large_mdat(mp4: bytes) -> bytes:
    """The media data's length in 64 bits, as recorders of large files write it."""
    place = mp4.index(b"mdat") - 4
    size = int.from_bytes(mp4[place : place + 4])
    assert mp4[place - 4 : place] == b"free", "FFmpeg leaves room for the longer header"
    return mp4[: place - 8] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + mp4[place + 8 :]
