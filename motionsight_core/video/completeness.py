"""Whether a file was copied to its end: the sizes that its container declares against the file's own.

A file that ends early is still decoded as far as it goes. Only one without its index cannot be.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from motionsight_core.errors import Truncated

#: MP4 boxes that hold frames, and Matroska's Cluster.
_MEDIA_BOXES = frozenset({b"mdat", b"moof"})
_CLUSTER = 0x1F43B675
_SEGMENT = 0x18538067
#: More parts are not looked at: a file of them was made to be slow.
_MOST_PARTS = 1_000_000


def require_index(file: BinaryIO, demuxer: str, *, whole: bool = False) -> None:
    """Make sure that what decoding needs is there.

    Args:
        file: seekable; left at any position.
        demuxer: FFmpeg's.
        whole: whether the index must be there to its end; FFmpeg can do without the last bytes of some.

    Raises:
        Truncated: an MP4 ends before its index, the moov box, or inside it.
    """
    if demuxer != "mov":
        return
    size = file.seek(0, os.SEEK_END)
    found = [end for kind, _, end in _mp4_boxes(file) if kind in (b"moov", b"moof")]
    if not found or (whole and min(found) > size):
        raise Truncated(
            "The file ends before, or inside, the index of the video (its moov box), without which no frame "
            "can be found; upload it again."
        )


def is_cut(file: BinaryIO, demuxer: str) -> bool:
    """Whether the file ends inside, or before, frames that the container announces.

    What is missing of other parts, such as an index at the end or metadata, costs no frame.
    """
    size = file.seek(0, os.SEEK_END)
    if demuxer == "mov":
        return any(kind in _MEDIA_BOXES and end > size for kind, _, end in _mp4_boxes(file))
    if demuxer == "matroska":
        return _is_matroska_cut(file, size)
    if demuxer == "avi":
        return _is_avi_cut(file, size)
    return False


def _mp4_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and declared end of the top-level boxes (ISO/IEC 14496-12, 4.2)."""
    size = file.seek(0, os.SEEK_END)
    position = 0
    for _ in range(_MOST_PARTS):
        if position + 8 > size:
            return
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if length == 1:  # a 64-bit length follows
            length = int.from_bytes(header[8:16])
        elif length == 0:  # up to the end of the file
            length = size - position
        if length < 8:
            return  # trailing bytes that are no box: players ignore them
        yield kind, position, position + length
        position += length


def _is_matroska_cut(file: BinaryIO, size: int) -> bool:
    """Walk the Segment's children (RFC 8794, 6; RFC 9559, 5); live files declare no sizes."""
    position = 0
    last_kind = None
    for _ in range(_MOST_PARTS):
        file.seek(position)
        head = _ebml_head(file)
        if head is None:
            break
        kind, length = head
        if kind == _SEGMENT:  # its children follow
            announced = None if length is None else file.tell() + length
            if announced is None or announced <= size:
                return False
        elif length is None:
            return True  # a Cluster of unknown size in a Segment that is too short
        else:
            last_kind, position = kind, file.tell() + length
            if position >= size:
                break
            continue
        position = file.tell()
    # Clusters come one after the other: where one ended last, another was to follow.
    return last_kind in (_CLUSTER, None)


def _ebml_head(file: BinaryIO) -> tuple[int, int | None] | None:
    """An element's id and size; size None where it says "unknown". None where there is no element."""
    first = file.read(1)
    if not first or first[0] < 0x10:
        return None
    kind = int.from_bytes(first + file.read(4 - first[0].bit_length() + 4))
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1)) & ((1 << 7 * length) - 1)
    return kind, None if value == (1 << 7 * length) - 1 else value


def _is_avi_cut(file: BinaryIO, size: int) -> bool:
    """Whether the file ends inside its `movi` list, which holds the frames."""
    position = 12
    for _ in range(_MOST_PARTS):
        file.seek(position)
        header = file.read(12)
        if len(header) < 12:
            return position <= 12
        end = position + 8 + int.from_bytes(header[4:8], "little")
        if header[:4] == b"LIST" and header[8:12] == b"movi":
            return end > size
        position = end + end % 2
    return False
