"""Requests that are tried again, and given up when nothing comes.

One way for all stores, and for every request: the clients' own retries end where an answer's body
begins, and their time-outs count from byte to byte, so that a server which sends one byte a second
would keep a worker for ever. So each try runs in a thread of its own, which is left behind when it
stalls.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

#: What a transfer must bring in `stores.stall_s`, bytes.
LEAST_BYTES = 64 * 1024
#: The longest pause before another try, seconds.
_LONGEST_PAUSE_S = 20.0

T = TypeVar("T")


class Broken(Exception):
    """A try that failed for no fault of the request; `str` says what the store did."""


class Sink(Protocol):
    """Takes an object's bytes in their order."""

    def write(self, data: bytes, /) -> object: ...


def with_retries(attempt: Callable[[], T], *, retries: int) -> T:
    """What an attempt returns; it is repeated after Broken, with pauses that double.

    Raises:
        Broken: the last one failed too.
    """
    for tried in range(retries):
        try:
            return attempt()
        except Broken:
            pause(tried)
    return attempt()


def pause(tried: int) -> None:
    """Wait before another try, the longer the more have failed; never all workers at once."""
    time.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE_S, 2.0**tried))  # noqa: S311 no secret


def within(limit_s: float, work: Callable[[], T]) -> T:
    """What short work returns; its thread is left behind where it takes longer.

    Raises:
        Broken: it took longer.
        BaseException: what the work raised.
    """
    results: list[T] = []
    thread = _Attempt(lambda: results.append(work()))
    if not thread.ended.wait(limit_s):
        raise Broken(f"the store gave no whole answer in {limit_s:g} s")
    thread.reraise()
    return results[0]


def with_stall_limit(transfer: Callable[[Sink], None], sink: Sink, *, limit: int, stall_s: float) -> int:
    """Let a transfer write into a sink for as long as it goes on.

    Nothing is written any more once this has returned or raised, so that the sink can be closed.

    Args:
        limit: bytes that may come.

    Returns: bytes that came, also where the transfer broke; then fewer than `limit`.

    Raises:
        Exception: what the transfer raised, but for Broken.
    """
    gate = _Gate(sink, limit)
    try:
        attempt = _Attempt(lambda: transfer(gate))
        seen = 0
        while not attempt.ended.wait(stall_s):
            if gate.received - seen < LEAST_BYTES:
                raise Stalled(gate.received, stall_s)
            seen = gate.received
    finally:
        gate.close()
    try:
        attempt.reraise()
    except Broken as broken:
        raise Stopped(str(broken), gate.received) from None
    return gate.received


class Stopped(Broken):
    """A transfer that broke half-way."""

    def __init__(self, message: str, received: int) -> None:
        super().__init__(message)
        self.received = received
        """Bytes that came before."""


class Stalled(Stopped):
    """A transfer that brings next to nothing."""

    def __init__(self, received: int, stall_s: float) -> None:
        super().__init__(f"the store sent less than {LEAST_BYTES // 1024} KiB in {stall_s:g} s", received)


class TooMuch(Exception):
    """More bytes came than were asked for: the store takes no notice of ranges."""


class _Attempt:
    """Work in a thread of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.ended = threading.Event()
        self._work = work
        self._error: BaseException | None = None
        threading.Thread(target=self._run, daemon=True, name="store").start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self.ended.set()

    def reraise(self) -> None:
        if self._error is not None:
            raise self._error


class _Gate:
    """The way into a sink, which can be shut while somebody writes."""

    def __init__(self, sink: Sink, limit: int) -> None:
        self.received = 0
        self._sink, self._limit = sink, limit
        self._open = True
        self._lock = threading.Lock()

    def write(self, data: bytes, /) -> int:
        with self._lock:
            if not self._open:
                raise Broken("the reader is gone")
            if self.received + len(data) > self._limit:
                raise TooMuch
            self._sink.write(data)
            self.received += len(data)
        return len(data)

    def close(self) -> None:
        with self._lock:
            self._open = False
