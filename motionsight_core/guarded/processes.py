"""The decoding processes behind a pool: started when needed, used again, replaced, closed."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeAlias

from motionsight_core.guarded.process import DecodingProcess
from motionsight_core.settings import LimitSettings

#: After so many requests a process is replaced, so that what a decoder leaks stays small.
_REQUESTS_PER_PROCESS = 500
_CLOSED = "The decoder pool is closed."


class Processes:
    """So many decoding processes with the same limits; safe to call from many threads.

    Args:
        limits: of each process.
        count: how many there are at most.
        modules: what their tasks need imported beside what they always do.
    """

    def __init__(self, limits: LimitSettings, *, count: int, modules: Sequence[str] = ()) -> None:
        self._limits, self._count, self._modules = limits, count, modules
        self._idle: queue.LifoQueue[DecodingProcess | None] = queue.LifoQueue()
        for _ in range(count):
            self._idle.put(None)  # a place for a process, which starts when it is first needed
        self.alive: set[DecodingProcess] = set()
        self._lock = threading.Lock()
        self._in_use = 0
        self._closed = self._retired = False

    @contextmanager
    def one(self, *, fresh: bool) -> Iterator[DecodingProcess]:
        """A process for one request; a fresh one has seen no other video."""
        with self._lock:
            self._in_use += 1
        process = self._idle.get()
        try:
            if process is not None and (fresh or not process.alive):
                self._end(process)
                process = None
            if process is None:
                process = self._start()
            yield process
        finally:
            # Timed out, dead, or left alone: its answer would go to the next one who asks.
            if process is not None and (
                self._closed or not process.reusable or process.requests >= _REQUESTS_PER_PROCESS
            ):
                self._end(process)
                process = None
            self._idle.put(process)
            with self._lock:
                self._in_use -= 1
            self._close_if_unused()

    def start_one(self) -> None:
        """Start a process for the first request to come, without waiting for it, where none is there yet."""
        with suppress(queue.Empty):
            process = self._idle.get_nowait()
            try:
                with suppress(OSError):  # the first request will meet it too, and says so
                    process = process or self._start()
            finally:
                self._idle.put(process)

    def retire(self) -> None:
        """Close as soon as no request is under way; requests that come before that are served."""
        self._retired = True
        self._close_if_unused()

    def close(self) -> None:
        """Kill all processes; requests under way fail."""
        with self._lock:
            self._closed = True
            for process in self.alive:
                process.kill()
        self._end_idle()

    def _close_if_unused(self) -> None:
        with self._lock:
            unused = self._retired and not self._in_use
        if unused:
            self._end_idle()

    def _end_idle(self) -> None:
        places: list[DecodingProcess | None] = []
        with suppress(queue.Empty):  # those in use are ended by their users
            while len(places) < self._count:
                places.append(self._idle.get_nowait())
        for idle in places:
            if idle is not None:
                self._end(idle)
            self._idle.put(None)

    def _start(self) -> DecodingProcess:
        with self._lock:
            if self._closed:
                raise RuntimeError(_CLOSED)
            process = DecodingProcess(self._limits, self._modules)
            self.alive.add(process)
            return process

    def _end(self, process: DecodingProcess) -> None:
        with self._lock:
            self.alive.discard(process)
        process.close()


_Kind: TypeAlias = tuple[LimitSettings, int, tuple[str, ...]]
_shared: dict[_Kind, Processes] = {}
_shared_lock = threading.Lock()


def shared_processes(limits: LimitSettings, *, count: int, modules: tuple[str, ...] = ()) -> Processes:
    """The processes of this kind that all threads of this process share.

    Only the latest kind is kept. Another that was asked for before ends with the last of its requests.
    """
    key = (limits, count, modules)
    with _shared_lock:
        if key not in _shared:
            for others in _shared.values():
                others.retire()
            _shared.clear()
            _shared[key] = Processes(limits, count=count, modules=modules)
        return _shared[key]


@atexit.register
def close_shared_processes() -> None:
    """End all shared decoding processes of this process."""
    with _shared_lock:
        shared = list(_shared.values())
        _shared.clear()
    for processes in shared:
        processes.close()
