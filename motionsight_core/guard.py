"""Guarded decoding: every video is opened in a process with limits, which is killed when they end.

A hostile file may hang a decoder, crash it or fill the memory; native code that holds the GIL cannot
be stopped from within its process. So the work is done by child processes of our own, one request
at a time each. They are started with `exec`, never by a bare fork: no CUDA context, no gRPC thread
and no lock is inherited, and the caller's `__main__` is not imported again.
"""

from __future__ import annotations

import atexit
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.decoding import ALL_PRODUCTS, DecodedClip, Product
from motionsight_core.errors import DecoderCrashed, TimedOut
from motionsight_core.settings import Settings
from motionsight_core.stores import fetch_object

#: After so many requests a child is replaced, so that what a decoder leaks stays small.
_REQUESTS_PER_CHILD = 500
#: A busy machine may need long to import what a decoder needs; it never needs this long.
_START_S = 120.0
#: What a child sees of the environment: how to run Python, and no keys or credentials of anything.
_ENVIRONMENT = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|LD_\w+|PYTHON\w*|VIRTUAL_ENV|MALLOC_\w+|COVERAGE_\w+|ASAN_OPTIONS"
)
_CLOSED = "The guarded decoder is closed."


class _ChildDied(Exception):
    def __init__(self, exit_code: int | None) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class GuardedDecoder:
    """A pool of decoding processes; safe to call from many threads.

    A request that exceeds `limits.wall_s` is killed and raises TimedOut. One whose process died is
    tried once more in a new process, alone, before it is condemned as DecoderCrashed: the machine,
    not the file, may have been at fault.

    Remote objects are fetched here, before a process is taken, which is handed a local path: what
    opens hostile files needs neither credentials nor a network.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(settings.runtime.decode_processes):
            self._idle.put(None)  # a place for a child, which starts when it is first needed
        self._alive: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def probe(self, video: VideoObject) -> float:
        """`motionsight_core.decoding.probe` in a guarded process.

        Raises:
            ClipError: as `probe`, and TimedOut or DecoderCrashed.
        """
        with fetch_object(video) as path:
            return self._run(("probe", video, self._settings, path))

    def decode(self, clip: Clip, *, products: Collection[Product] = ALL_PRODUCTS) -> DecodedClip:
        """`motionsight_core.decoding.decode` in a guarded process.

        Raises:
            ClipError: as `decode`, and TimedOut or DecoderCrashed.
        """
        with fetch_object(clip.object) as path:
            return self._run(("decode", clip, self._settings, tuple(products), path))

    def close(self) -> None:
        """Kill all children; requests under way fail."""
        with self._lock:
            self._closed = True
            children = list(self._alive)
        for child in children:
            self._bury(child)

    def __enter__(self) -> GuardedDecoder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, request: tuple[Any, ...]) -> Any:
        for attempt in (1, 2):
            try:
                return self._run_once(request)
            except _ChildDied as death:
                if attempt == 2:
                    raise DecoderCrashed(
                        f"The decoding process died twice on this video ({_reason(death.exit_code)})."
                    ) from None
        raise AssertionError("unreachable")

    def _run_once(self, request: tuple[Any, ...]) -> Any:
        child = self._idle.get()
        try:
            if child is None:
                child = self._start()
            answer = child.ask(request, self._settings.limits.wall_s)
        except BaseException:
            # Timed out, dead, or the caller was interrupted: its answer would go to the next one.
            if child is not None:
                self._bury(child)
            self._idle.put(None)
            raise
        if child.requests >= _REQUESTS_PER_CHILD:
            self._bury(child)
            child = None
        self._idle.put(child)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _start(self) -> _Child:
        with self._lock:
            if self._closed:
                raise RuntimeError(_CLOSED)
            child = _Child(self._settings.limits.memory_mb)
            self._alive.add(child)
            return child

    def _bury(self, child: _Child) -> None:
        child.kill()
        with self._lock:
            self._alive.discard(child)


class _Child:
    """One decoding process and the pipe to it."""

    def __init__(self, memory_mb: int) -> None:
        self.requests = 0
        self._pipe, theirs = Pipe()
        environment = {name: value for name, value in os.environ.items() if _ENVIRONMENT.fullmatch(name)} | {
            # Threads inside a decoder would only compete with the other decoders.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        code = "from motionsight_core.guarded_child import main; main()"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", code, str(theirs.fileno()), str(memory_mb), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                # Ctrl-C goes to the run, which ends its children in its own order.
                start_new_session=True,
            )

    def ask(self, request: tuple[Any, ...], wall_s: float) -> Any:
        """Send one request and wait for the answer, an exception object where it failed."""
        self.requests += 1
        try:
            if self.requests == 1:  # imports and limits do not count as decoding
                if not _poll(self._pipe, _START_S):
                    raise TimedOut(f"The decoding process did not start within {_START_S:g} s.")
                self._pipe.recv()
            self._pipe.send(request)
            if not _poll(self._pipe, wall_s):
                raise TimedOut(f"Decoding took longer than {wall_s:g} s (limits.wall_s).")
            return self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise _ChildDied(self._exit_code()) from None

    def _exit_code(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=5)
        return None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._pipe.close()


def _poll(pipe: Connection, wall_s: float) -> bool:
    """Wait for data; in slices, so that an interrupt reaches the main thread in between."""
    deadline = time.monotonic() + wall_s
    while (left := deadline - time.monotonic()) > 0:
        if pipe.poll(min(left, 1.0)):
            return True
    return pipe.poll(0)


def _reason(exit_code: int | None) -> str:
    if exit_code is None:
        return "it closed its pipe"
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"


_shared: dict[str, GuardedDecoder] = {}
_shared_lock = threading.Lock()


def shared_decoder(settings: Settings) -> GuardedDecoder:
    """The decoder of this process for these settings: all threads share its children."""
    key = settings.model_dump_json()
    with _shared_lock:
        if key not in _shared:
            _shared[key] = GuardedDecoder(settings)
        return _shared[key]


@atexit.register
def close_shared_decoders() -> None:
    """End all decoding processes of this process."""
    with _shared_lock:
        decoders = list(_shared.values())
        _shared.clear()
    for decoder in decoders:
        decoder.close()
