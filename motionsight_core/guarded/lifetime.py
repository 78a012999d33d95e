"""A decoding process ends when its parent is gone or its time is up, whatever native code does."""

from __future__ import annotations

import fcntl
import math
import os
import select
import signal
import threading
import time
from contextlib import suppress

#: Beyond the wall-clock limit, at which the parent kills: only a process without a parent gets so far.
_GRACE_S = 10


def end_with(parent: int, lifeline: int) -> None:
    """End this process when its parent is gone, even in the middle of a request.

    A thread watches the parent's id. It needs the GIL, which a native loop may hold for ever; so where
    the kernel can, it kills this process itself as soon as the other end of the lifeline, a pipe that
    only the parent holds, is closed. (PR_SET_PDEATHSIG would not do: it fires when the *thread* that
    started this process ends.)
    """
    if hasattr(fcntl, "F_SETSIG"):
        with suppress(OSError):
            fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
            flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
            fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:
        os._exit(1)  # it was closed before the kernel was asked

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def limit_processor_time(wall_s: float) -> None:
    """Let the kernel kill this process when it computes for longer than it may take from now on."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = math.ceil(time.process_time() + wall_s + _GRACE_S)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
