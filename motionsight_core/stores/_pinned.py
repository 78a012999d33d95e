"""One version of a remote object: read whole into a file, or by ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from tenacity import RetryCallState

from motionsight_core.errors import StoreUnavailable
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._retry import Sink, Stopped, TooMuch, with_retries, with_stall_limit

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

        def copy_rest() -> None:
            nonlocal offset
            if offset == end:
                return
            try:
                self._try(offset, end - offset, sink)
            except Stopped as stopped:
                offset += stopped.received
                raise

        try:
            with_retries(copy_rest, retries=self.settings.retries, after_failure=_count_from_headway)
        except Stopped as stopped:
            raise StoreUnavailable(f"The object cannot be read: {stopped}.") from None

    def _try(self, offset: int, length: int, sink: Sink) -> None:
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


def _count_from_headway(state: RetryCallState) -> None:
    """Count a failed try as the first one if it brought much."""
    stopped = state.outcome and state.outcome.exception()
    if isinstance(stopped, Stopped) and stopped.received >= _HEADWAY_BYTES:
        state.attempt_number = 1


class _Part:
    """Bytes in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> None:
        self.data += data
