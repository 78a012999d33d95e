"""Decoding processes from a warm process: its libraries are imported once, and each process is a fork.

A forked process has its own socket, lifeline, environment, limits and sandbox, as one that is started anew
has; what it does not have is the second that imports take. Tests of the pool, of the sandbox and of the
limits start processes of their own.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.warm import ONE_THREAD, received, single_threaded

_CHILD = "motionsight_core.guarded.child"
_ROOT = Path(__file__).resolve().parents[1]
#: What tasks may need beside; see `DecoderPool`.
_WARM = (_CHILD, "motionsight_core.video.scene_pass")


class WarmDecoders:
    """A process that decoding processes are forked from, for this process and for others."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._address = ""

    def address(self) -> str:
        """Where it listens; it starts when it is first needed."""
        if not self._address:
            folder = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="decoders-"))
            self._address = str(Path(folder) / "socket")
            # It ends when the other end of this pipe is closed, however this process ends.
            read_end, write_end = os.pipe()
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(self._address)
                listener.listen(64)
                server = subprocess.Popen(
                    [sys.executable, "-m", "tests.warm_decoders", str(listener.fileno()), str(read_end)],
                    env=dict(os.environ) | ONE_THREAD,
                    cwd=_ROOT,
                    pass_fds=[listener.fileno(), read_end],
                    start_new_session=True,
                )
            os.close(read_end)
            self._undo.callback(server.wait, 30)
            self._undo.callback(os.close, write_end)
        return self._address

    def close(self) -> None:
        self._undo.close()


def in_place_of_subprocess(address: Callable[[], str]) -> Any:
    """What `motionsight_core.guarded.process` takes for the module `subprocess`."""
    return SimpleNamespace(
        Popen=partial(_ForkedProcess, address),
        DEVNULL=subprocess.DEVNULL,
        TimeoutExpired=subprocess.TimeoutExpired,
    )


class _ForkedProcess:
    """What the pool uses of `subprocess.Popen`, for a process that is another's child."""

    def __init__(
        self,
        address: Callable[[], str],
        command: Sequence[str],
        *,
        pass_fds: Sequence[int],
        env: Mapping[str, str],
        **_: Any,
    ) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address())
        # python -P -c PROGRAM socket memory parent lifeline sandbox modules
        message = json.dumps({"arguments": command[4:], "environment": dict(env)}).encode()
        socket.send_fds(self._connection, [len(message).to_bytes(4)], [*pass_fds, 2])
        self._connection.sendall(message)
        self.pid = int.from_bytes(received(self._connection, 4))

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(_CHILD, timeout)
            self.returncode = int.from_bytes(received(self._connection, 4), signed=True)
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _serve(listener: socket.socket, lifeline: int) -> tuple[list[str], dict[str, str]]:
    """Fork for each request; only the decoding processes return, with their arguments and environment."""
    for name in _WARM:
        importlib.import_module(name)
    import cv2

    from motionsight_core.guarded.preload import load_lazy_modules
    from motionsight_core.naming.nanodet import packaged_detector

    load_lazy_modules()
    packaged_detector()
    cv2.setNumThreads(1)
    single_threaded()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # none of them is waited for
    while True:
        if lifeline in select.select([listener, lifeline], [], [])[0]:
            sys.exit()
        connection, _ = listener.accept()
        with connection:
            if not os.fork():
                listener.close()
                return _watch_over_one(connection)


def _watch_over_one(connection: socket.socket) -> tuple[list[str], dict[str, str]]:
    """Fork once more, and say how that process ends: only its parent can."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, descriptors, _, _ = socket.recv_fds(connection, 4, 3)
    request = json.loads(received(connection, int.from_bytes(head)))
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        connection.close()
        os.setsid()
        end, lifeline, errors = descriptors
        os.dup2(errors, 2)
        os.close(errors)
        _, memory_mb, _, _, *more = request["arguments"]
        return [str(end), memory_mb, str(parent), str(lifeline), *more], request["environment"]
    for descriptor in descriptors:
        os.close(descriptor)
    connection.sendall(pid.to_bytes(4))
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):  # whoever asked for it is gone
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
    os._exit(0)


def _main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        arguments, environment = _serve(listener, int(sys.argv[2]))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    importlib.import_module(_CHILD).main()


if __name__ == "__main__":
    _main()
