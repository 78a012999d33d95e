"""One version of a remote object: read whole into a file, or by ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from motionsight_core.errors import StoreUnavailable
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import _retry as _patience
from motionsight_core.stores._retry import Sink, Stopped, TooMuch, with_stall_limit

#: A try that brought so much counts as none that failed: long downloads outlast many broken connections.
_HEADWAY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Pinned:
    """A version that the store holds now."""

    size: int
    """Bytes, as the store announces them."""
    transfer: Callable[[int, int, Sink], None]
    """Writes `length` bytes from `offset` on; one try, which raises Broken or a ClipError."""
    check: Callable[[int], None]
    """Compares a file's content, by its descriptor, with the store's checksum; raises a ClipError."""
    settings: StoreSettings
    encoding: str = ""
    """The Content-Encoding that the store announces; what is read is as it is stored, never decoded."""

    def save(self, file: BinaryIO) -> None:
        """Write all bytes into a file that is open for writing, from its start.

        Raises:
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store failed to give them.
        """
        self._copy(0, self.size, file)
        file.flush()
        self.check(file.fileno())

    def read(self, offset: int, length: int) -> bytes:
        """A part of the object, which must lie within it; errors as `save`."""
        part = _Part()
        self._copy(offset, length, part)
        return bytes(part.data)

    def _copy(self, offset: int, length: int, sink: Sink) -> None:
        """Going on where a connection broke, with pauses."""
        end = offset + length
        failed = 0
        while offset < end:
            try:
                offset += self._try(offset, end - offset, sink)
            except Stopped as stopped:
                offset += stopped.received
                failed = 1 if stopped.received >= _HEADWAY_BYTES else failed + 1
                if failed > self.settings.retries:
                    raise StoreUnavailable(f"The object cannot be read: {stopped}.") from None
                _patience.pause(failed - 1)

    def _try(self, offset: int, length: int, sink: Sink) -> int:
        try:
            received = with_stall_limit(
                lambda gate: self.transfer(offset, length, gate),
                sink,
                limit=length,
                stall_s=self.settings.stall_s,
            )
        except TooMuch:
            raise StoreUnavailable("The store sent more of the object than was asked for.") from None
        if received < length:
            raise Stopped(f"the store sent {received} of {length} bytes", received)
        return received


class _Part:
    """Bytes in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> None:
        self.data += data
