"""Forks of a warm process, whose libraries are imported: how they begin and end."""

from __future__ import annotations

import atexit
import gc
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: What is said of a fork, its id and then how it ended, takes so many bytes each.
_NUMBER_BYTES = 8
#: Threads do not survive a fork: those of NumPy's linear algebra and of Arrow's allocator.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Forks:
    """Forks of this process. Each is asked for over a socket, which is sent its id and later its exit code.

    Raises:
        AssertionError: this process has threads, which its forks would lack.
    """

    def __init__(self) -> None:
        threads = len(list(Path("/proc/self/task").iterdir()))
        assert threads == 1, f"a process with {threads} threads cannot be forked"
        gc.freeze()  # or each fork would copy, and look through, all that was imported
        self._running: dict[int, tuple[int, socket.socket]] = {}

    def wait_for(self, *descriptors: int) -> set[int]:
        """Which of them can be read, once one can; meanwhile it is told which forks have ended."""
        while True:
            ready, _, _ = select.select([*descriptors, *self._running], [], [])
            for ended in self._running.keys() & set(ready):
                self._tell(ended)
            if found := set(descriptors) & set(ready):
                return found

    def fork(self, asked_by: socket.socket) -> bool:
        """Whether this is the fork; there is nothing left in it that was asked for others."""
        pid = os.fork()
        if pid:
            self._running[os.pidfd_open(pid)] = pid, asked_by
            self._send(asked_by, pid)
            return False
        asked_by.close()
        for descriptor, (_, other) in self._running.items():
            os.close(descriptor)
            other.close()
        self._running.clear()
        return True

    def _tell(self, ended: int) -> None:
        pid, asked_by = self._running.pop(ended)
        os.close(ended)
        _, status = os.waitpid(pid, 0)
        with asked_by:
            self._send(asked_by, os.waitstatus_to_exitcode(status))

    def _send(self, asked_by: socket.socket, number: int) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the process that asked has ended
            asked_by.sendall(number.to_bytes(_NUMBER_BYTES, signed=True))


def received_number(connection: socket.socket) -> int:
    """A fork's id or its exit code."""
    return int.from_bytes(received(connection, _NUMBER_BYTES), signed=True)


def received(connection: socket.socket, length: int) -> bytes:
    """So many bytes, however they come."""
    found = b""
    while len(found) < length:
        piece = connection.recv(length - len(found))
        if not piece:
            raise RuntimeError("the warm process has ended")
        found += piece
    return found


def run_to_the_end(main: Callable[[], None]) -> None:
    """Run a program and end this process as Python does, except that no module is taken apart.

    In a fork that would copy nearly all of the memory that it shares, 0.2 s for a program with Beam.
    """
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    threading._shutdown()  # pyrefly: ignore[missing-attribute] not in its stubs
    atexit._run_exitfuncs()
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
