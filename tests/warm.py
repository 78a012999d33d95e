"""The command line from a warm process: its libraries are imported once, and each run is a fork.

A run has its own environment, folder and streams, as a new process has; what it does not have is the three
seconds that Beam and its dependencies take to be imported. Tests of start-up, of signals and of what is
imported start processes of their own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.beam_signatures import keep_signatures

#: What nearly every command imports. Prefect is not among it: it reads the environment while it is imported.
_WARM = (
    "apache_beam.runners.portability.fn_api_runner",
    "duckdb",
    "flows.cli",
    "flows.cli.local",
    "flows.runs.run",
    "flows.serve.server",
    "motionsight_core.mllm._openai",
    "motionsight_core.warehouse._duckdb",
    "openai",
    "transforms._inference",
    "transforms.shard",
)
#: Threads do not survive a fork: those of NumPy's linear algebra and of Arrow's allocator.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def environment() -> dict[str, str]:
    """The caller's, less what would change how a command runs."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("MOTIONSIGHT_", "PREFECT_"))
    } | {"COLUMNS": "160"}


class WarmCommand:
    """Runs of the command line, one after the other, forked from one process."""

    def __init__(self, decoders: str = "") -> None:
        """`decoders`: the address of `WarmDecoders`; without it runs start theirs anew."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno()), decoders],
                env=environment() | ONE_THREAD,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket = ours
        self._replies = ours.makefile("r", encoding="utf-8")

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        input: str | None = None,
        timeout_s: float = 300,
    ) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one run.

        Raises:
            TimeoutError: it took longer; it is killed.
        """
        with contextlib.ExitStack() as files:
            streams = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write((input or "").encode())
            streams[0].seek(0)
            request = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
            message = json.dumps(request).encode()
            socket.send_fds(self._socket, [len(message).to_bytes(4)], [file.fileno() for file in streams])
            self._socket.sendall(message)
            pid = self._reply()
            killer = threading.Timer(timeout_s, os.kill, (pid, signal.SIGKILL))
            killer.start()
            code = self._reply()
            killer.cancel()
            if killer.finished.is_set() and code == -signal.SIGKILL:
                raise TimeoutError(f"{' '.join(arguments)} took longer than {timeout_s} s")
            return code, _text(streams[1]), _text(streams[2])

    def close(self) -> None:
        self._replies.close()
        self._socket.close()
        self._server.wait(30)

    def _reply(self) -> int:
        line = self._replies.readline()
        if not line:
            raise RuntimeError("the warm process of the command line has ended")
        return int(line)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    # As a reader of text has it: universal newlines.
    return file.read().decode().replace("\r\n", "\n").replace("\r", "\n")


def received(connection: socket.socket, length: int) -> bytes:
    """So many bytes, however they come."""
    found = b""
    while len(found) < length:
        piece = connection.recv(length - len(found))
        if not piece:
            raise RuntimeError("the warm process has ended")
        found += piece
    return found


def single_threaded() -> None:
    """Make sure that this process can be forked."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a process with {threads} threads cannot be forked"
    gc.freeze()  # or each fork would copy, and look through, all that was imported when it ends


def _serve(connection: socket.socket) -> dict[str, Any]:
    """Fork for each request; only the forks return, with theirs."""
    for name in _WARM:
        importlib.import_module(name)
    keep_signatures()
    assert not {"prefect", "torch"} & set(sys.modules)
    single_threaded()
    while True:
        head, streams, _, _ = socket.recv_fds(connection, 4, 3)
        if not head:
            sys.exit()
        message = received(connection, int.from_bytes(head))
        pid = os.fork()
        if not pid:
            connection.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return json.loads(message)
        for stream in streams:
            os.close(stream)
        connection.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        request = _serve(connection)
    from flows.cli import main
    from motionsight_core.guarded import process
    from tests.warm_decoders import in_place_of_subprocess

    if decoders := sys.argv[2]:
        process.subprocess = in_place_of_subprocess(lambda: decoders)

    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    sys.argv = ["flows", *request["arguments"]]
    main()


if __name__ == "__main__":
    _main()
