"""The video as the decoding process sees it: an open descriptor, or bytes that the parent reads."""

from __future__ import annotations

import errno
import io
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO, cast

from motionsight_core.errors import StoreUnavailable
from motionsight_core.guarded.wire import LONGEST_READ

#: What is fetched at first; each fetch that goes on where the last one ended is twice as long.
_SHORTEST_FETCH = 1 << 20
_KEPT = 4
_BUFFER = 1 << 16


def file_of_descriptor(descriptor: int) -> BinaryIO:
    """A seekable handle on an open file, which is closed with it."""
    return cast(BinaryIO, io.BufferedReader(io.FileIO(descriptor, "rb"), _BUFFER))


def file_of_reads(size: int, read: Callable[[int, int], bytes | None]) -> BinaryIO:
    """A seekable handle on bytes that are read elsewhere.

    Args:
        size: bytes of the whole.
        read: gives `length` bytes from `offset`, or None where they cannot be had.
    """
    return cast(BinaryIO, io.BufferedReader(_ServedReads(size, read), _BUFFER))


class _ServedReads(io.RawIOBase):
    """Turns a decoder's many small reads into few long ones.

    What was fetched last is kept, since demuxers jump between the index and a few places.
    """

    def __init__(self, size: int, read: Callable[[int, int], bytes | None]) -> None:
        super().__init__()
        self._size, self._read = size, read
        self._position = 0
        self._fetched: OrderedDict[int, bytes] = OrderedDict()
        self._next_offset, self._next_length = 0, _SHORTEST_FETCH

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "negative seek position")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # pyrefly: ignore[bad-override]
        if self._position >= self._size or not len(buffer):
            return 0
        offset, data = self._block()
        within = self._position - offset
        count = min(len(buffer), len(data) - within)
        buffer[:count] = memoryview(data)[within : within + count]
        self._position += count
        return count

    def _block(self) -> tuple[int, bytes]:
        """Bytes that were fetched, or are now, around the position, and where they begin."""
        for offset, data in self._fetched.items():
            if offset <= self._position < offset + len(data):
                self._fetched.move_to_end(offset)
                return offset, data
        goes_on = self._position == self._next_offset
        length = self._next_length if goes_on else _SHORTEST_FETCH
        length = min(length, self._size - self._position)
        data = self._read(self._position, length)
        if data is None:
            raise StoreUnavailable("The object could not be read to its end.")
        self._fetched[self._position] = data
        while len(self._fetched) > _KEPT:
            self._fetched.popitem(last=False)
        self._next_offset = self._position + len(data)
        self._next_length = min(2 * length, LONGEST_READ)
        return self._position, data
