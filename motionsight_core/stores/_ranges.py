"""Ranges of an object that is too long to be downloaded, and a file made of them."""

from __future__ import annotations

import io
import os
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING

from motionsight_core.stores._base import RangeReader
from motionsight_core.stores._pinned import Pinned

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: What is asked for at once, bytes.
BLOCK_BYTES = 4 << 20
#: Blocks that are kept. With one being read, one read ahead and a copy of each, a reader takes 48 MiB.
KEPT_BLOCKS = 8
#: Bytes that a file made of ranges asks for at least.
_BUFFER_BYTES = 1 << 20


class BlockReader:
    """A RangeReader in blocks, of which the last used ones are kept.

    A reader that goes through block after block finds the next one being fetched.
    """

    def __init__(self, pinned: Pinned) -> None:
        self.size = pinned.size
        self._pinned = pinned
        self._blocks: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._latest = -1

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise ValueError(f"A range has no negative offset or length; got {offset}, {length}.")
        end = min(offset + length, self.size)
        pieces: list[bytes] = []
        while offset < end:
            number, start = divmod(offset, BLOCK_BYTES)
            piece = self._block(number)[start : start + end - offset]
            pieces.append(piece)
            offset += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Forget all blocks."""
        self._blocks.clear()

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = Future()
            self._fetch(number, block)
        self._blocks.move_to_end(number)
        if number == self._latest + 1 and (number + 1) * BLOCK_BYTES < self.size:
            self._read_ahead(number + 1)
        self._latest = number
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        try:
            return block.result()
        except Exception:
            # The caller may try again.
            self._blocks.pop(number, None)
            raise

    def _read_ahead(self, number: int) -> None:
        if number not in self._blocks:
            block = self._blocks[number] = Future()
            threading.Thread(target=self._fetch, args=(number, block), daemon=True, name="read-ahead").start()

    def _fetch(self, number: int, block: Future[bytes]) -> None:
        offset = number * BLOCK_BYTES
        try:
            block.set_result(self._pinned.read(offset, min(BLOCK_BYTES, self.size - offset)))
        except Exception as error:
            block.set_exception(error)


class _RangeFile(io.RawIOBase):
    """A RangeReader as a file; raises its errors."""

    def __init__(self, ranges: RangeReader) -> None:
        self._ranges = ranges
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._ranges.read(self._position, len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ranges.size}[whence]
        if base + offset < 0:
            raise ValueError(f"A position in a file is 0 or more, got {base + offset}.")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def file_of(ranges: RangeReader) -> io.BufferedReader:
    """A seekable handle on a RangeReader, for one thread at a time; reading raises the reader's errors."""
    return io.BufferedReader(_RangeFile(ranges), _BUFFER_BYTES)
