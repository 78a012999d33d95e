"""Decoding processes from a warm process: its libraries are imported once, and each process is a fork.

A forked process has its own socket, lifeline, environment, limits and sandbox, as one that is started anew
has; what it does not have is the second that imports take. Tests of the pool, of the sandbox and of hostile
files start processes of their own.
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

from tests.forks import ONE_THREAD, Forks, received, received_number, run_to_the_end

_CHILD = "motionsight_core.guarded.child"
_ROOT = Path(__file__).resolve().parents[1]
#: Where they stand in python -P -c PROGRAM socket memory parent lifeline sandbox modules.
_SOCKET, _PARENT, _LIFELINE = 4, 6, 7
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
        message = json.dumps({"command": command, "environment": dict(env)}).encode()
        socket.send_fds(self._connection, [len(message).to_bytes(4)], [*pass_fds, 2])
        self._connection.sendall(message)
        self.pid = received_number(self._connection)

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(_CHILD, timeout)
            self.returncode = received_number(self._connection)
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _serve(listener: socket.socket, lifeline: int) -> dict[str, Any]:
    """Fork for each request; only the decoding processes return, with theirs."""
    for name in _WARM:
        importlib.import_module(name)
    import cv2

    from motionsight_core.guarded.preload import load_lazy_modules
    from motionsight_core.naming.nanodet import packaged_detector

    load_lazy_modules()
    packaged_detector()
    cv2.setNumThreads(1)
    forks = Forks()
    parent = os.getpid()
    while True:
        if lifeline in forks.wait_for(listener.fileno(), lifeline):
            sys.exit()
        connection, _ = listener.accept()
        request, handed = _request(connection)
        if request and forks.fork(connection):
            listener.close()
            os.close(lifeline)
            os.setsid()
            end, its_lifeline, errors = handed
            os.dup2(errors, 2)
            os.close(errors)
            for place, number in ((_SOCKET, end), (_PARENT, parent), (_LIFELINE, its_lifeline)):
                request["command"][place] = str(number)
            return request
        for descriptor in handed:
            os.close(descriptor)
        if not request:
            connection.close()


def _request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, empty where the process that asks was killed, and the descriptors that came with it."""
    handed: list[int] = []
    try:
        head, handed, _, _ = socket.recv_fds(connection, 4, 3)
        return json.loads(received(connection, int.from_bytes(head))), handed
    except (OSError, RuntimeError, ValueError):
        return {}, handed


def _main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        request = _serve(listener, int(sys.argv[2]))
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.orig_argv = request["command"]
    sys.argv[1:] = request["command"][_SOCKET:]
    if folders := os.environ.get("PYTHONPATH"):
        # As Python does when it starts.
        sys.path[1:1] = folders.split(os.pathsep)
        with suppress(ImportError):
            sys.modules.pop("sitecustomize", None)
            importlib.import_module("sitecustomize")
    run_to_the_end(importlib.import_module(_CHILD).main)


if __name__ == "__main__":
    _main()
