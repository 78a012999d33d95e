"""Requests that are tried again, and given up when nothing comes.

One way for all stores, and for every request: the clients' own retries end where an answer's body
begins, and their time-outs count from byte to byte, so that a server which sends one byte a second
would keep a worker for ever. So each try runs in a thread of its own, which is left behind when it
stalls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    after_nothing,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random_exponential,
)
from tenacity.wait import wait_base

#: What a transfer must bring in `stores.stall_s`, bytes.
LEAST_BYTES = 64 * 1024

T = TypeVar("T")


def pauses(*, first_s: float, longest_s: float) -> wait_base:
    """Pauses that double; half of each is random, so that workers do not all come back at once."""
    half = {"multiplier": first_s / 2, "max": longest_s / 2}
    return wait_exponential(**half) + wait_random_exponential(**half)


#: Before a request to a store is tried again.
PAUSES = pauses(first_s=1.0, longest_s=20.0)


class Broken(Exception):
    """A try that failed for no fault of the request; `str` says what the store did."""


class Sink(Protocol):
    """Takes an object's bytes in their order."""

    def write(self, data: bytes, /) -> object: ...


def with_retries(
    attempt: Callable[[], T], *, retries: int, after_failure: Callable[[RetryCallState], None] = after_nothing
) -> T:
    """What an attempt returns; it is repeated after Broken, with pauses that double.

    Args:
        retries: further tries.
        after_failure: sees each failed try, before it is decided whether there is another.

    Raises:
        Broken: the last one failed too.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Broken),
        stop=stop_after_attempt(retries + 1),
        wait=PAUSES,
        after=after_failure,
        reraise=True,
    )
    return retrying(attempt)


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
    """A transfer that broke off."""

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
    """The way into a sink, which can be closed during a write."""

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
