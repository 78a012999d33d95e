"""Messages between a decoding process and its parent, over one socket.

To the process: a pickled request, with the video's open descriptor where there is one, and the bytes
that it asks for. From the process: a kind, a JSON header and raw arrays, never a pickle. The parent
reads against the clock and within bounds; the process waits as long as it takes.
"""

from __future__ import annotations

import json
import pickle
import socket
import struct
import time
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.guarded.answers import NotAnAnswer, plain

#: Most bytes that a process can ask for at once.
LONGEST_READ = 8 << 20
#: A header holds numbers and words; pixels travel as arrays.
_LONGEST_HEADER = 64 << 20
_HEADER = struct.Struct(">BI")
_LENGTH = struct.Struct(">Q")
_NO_BYTES = 2**64 - 1
#: Waiting goes in slices, so that an interrupt reaches the main thread in between.
_SLICE_S = 1.0


class Kind(IntEnum):
    """What a message from the process is."""

    READY = 1
    ITEM = 2
    """An answer; of a stream there may be many."""
    END = 3
    """No more answers to this request."""
    ERROR = 4
    """A ClipError's name, message and whether it is permanent, in place of an answer and of the end."""
    READ = 5
    """Offset and length of bytes that it needs."""


class Late(Exception):
    """The time was up before the message was whole."""


class Closed(Exception):
    """The other end is gone."""


class Broken(Exception):
    """The process does not keep to the protocol: its memory is damaged, or it was taken over."""


class ParentEnd:
    """The parent's end: all waiting is bounded, and nothing that comes is trusted."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send_request(self, request: Any, descriptor: int | None, *, deadline: float) -> None:
        """Send a request, with the descriptor of the video where it is a file.

        Raises:
            Closed, Late
        """
        body = pickle.dumps(request, protocol=5)
        self._set_timeout(deadline)
        try:
            socket.send_fds(self._sock, [_LENGTH.pack(len(body))], [] if descriptor is None else [descriptor])
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Closed from None
        self._send(body, deadline)

    def send_bytes(self, data: bytes | None, *, deadline: float) -> None:
        """Give the bytes that a READ asked for; None where they cannot be had.

        Raises:
            Closed, Late
        """
        self._send(_LENGTH.pack(_NO_BYTES if data is None else len(data)) + (data or b""), deadline)

    def receive(self, *, deadline: float, most_bytes: int) -> Message:
        """Wait for a message.

        Args:
            deadline: of `time.monotonic`, also for the arrays of the message.
            most_bytes: that its arrays may have together.

        Raises:
            Closed, Late, Broken
        """
        return Message(self, deadline, most_bytes)

    def close(self) -> None:
        self._sock.close()

    def fill(self, view: memoryview, deadline: float) -> None:
        """Receive exactly as many bytes as there is room for.

        Raises:
            Closed, Late
        """
        while len(view):
            self._set_timeout(deadline)
            try:
                count = self._sock.recv_into(view)
            except TimeoutError:
                continue
            except OSError:
                raise Closed from None
            if count == 0:
                raise Closed
            view = view[count:]

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while len(view):
            self._set_timeout(deadline)
            try:
                view = view[self._sock.send(view) :]
            except TimeoutError:
                continue
            except OSError:
                raise Closed from None

    def _set_timeout(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        self._sock.settimeout(min(left, _SLICE_S))


class Message:
    """One message from the process: kind and header, then its arrays as they are asked for."""

    def __init__(self, end: ParentEnd, deadline: float, most_bytes: int) -> None:
        self._end, self._deadline, self._left = end, deadline, most_bytes
        kind, length = _HEADER.unpack(self._bytes(_HEADER.size))
        if kind not in iter(Kind) or length > _LONGEST_HEADER:
            raise Broken
        self.kind = Kind(kind)
        try:
            self.header: Any = json.loads(self._bytes(length))
        except (ValueError, RecursionError):
            raise Broken from None

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The `receive` of `answers.build`.

        Raises:
            NotAnAnswer: there would be more than `most_bytes`.
            Closed, Late
        """
        length = dtype.itemsize
        for side in shape:
            length *= side
        if length > self._left:
            raise NotAnAnswer
        self._left -= length
        array = np.empty(shape, dtype)
        self._end.fill(array.reshape(-1).view(np.uint8).data, self._deadline)
        return array

    def _bytes(self, length: int) -> bytearray:
        data = bytearray(length)
        self._end.fill(memoryview(data), self._deadline)
        return data


class ProcessEnd:
    """The decoding process's end: the parent is trusted, and waited for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def receive_request(self) -> tuple[Any, int | None]:
        """The next request and its video's descriptor.

        Raises:
            Closed: there will be no other.
        """
        head, descriptors, _, _ = socket.recv_fds(self._sock, _LENGTH.size, 1, socket.MSG_WAITALL)
        if len(head) != _LENGTH.size:
            raise Closed
        (length,) = _LENGTH.unpack(head)
        request = pickle.loads(self._receive(length))  # noqa: S301 from the parent
        return request, next(iter(descriptors), None)

    def send(self, kind: Kind, value: Any = None) -> None:
        """Send a message; `value` is what `answers.plain` can write."""
        arrays: list[NDArray[Any]] = []
        header = json.dumps(plain(value, arrays)).encode()
        self._sock.sendall(_HEADER.pack(kind, len(header)) + header)
        for array in arrays:
            if array.size:
                self._sock.sendall(array.reshape(-1).view(np.uint8).data)

    def read(self, offset: int, length: int) -> bytes | None:
        """Bytes of the video from the parent; None where it cannot have them.

        Raises:
            Closed: the parent is gone.
        """
        self.send(Kind.READ, [offset, length])
        (length,) = _LENGTH.unpack(self._receive(_LENGTH.size))
        return None if length == _NO_BYTES else self._receive(length)

    def _receive(self, length: int) -> bytes:
        data = bytearray(length)
        view = memoryview(data)
        while len(view):
            count = self._sock.recv_into(view)
            if count == 0:
                raise Closed
            view = view[count:]
        return bytes(data)
