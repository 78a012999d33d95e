"""The command line from a warm process: its libraries are imported once, and each run is a fork.

A run has its own environment, folder and streams, as a new process has; what it does not have is the three
seconds that Beam and its dependencies take to be imported. Tests of start-up and of what is imported, one of
Ctrl-C and one of SIGTERM start processes of their own.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.beam_signatures import keep_signatures
from tests.forks import ONE_THREAD, Forks, received, received_number, run_to_the_end

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


def environment() -> dict[str, str]:
    """The caller's, less what would change how a command runs."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("MOTIONSIGHT_", "PREFECT_"))
    } | {"COLUMNS": "160"}


class WarmCommand:
    """Runs of the command line, also several at once, forked from one process."""

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
        with self.begin(arguments, cwd=cwd, environment=environment, input=input) as begun:
            code = begun.wait(timeout_s)
            return code, begun.out, begun.err

    @contextlib.contextmanager
    def begin(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        input: str | None = None,
    ) -> Iterator[Begun]:
        """A run that has begun; it is killed where the block is left before it ends."""
        with contextlib.ExitStack() as files:
            streams = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write((input or "").encode())
            streams[0].seek(0)
            request = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
            message = json.dumps(request).encode()
            connection, theirs = (files.enter_context(end) for end in socket.socketpair())
            handed = [*(file.fileno() for file in streams), theirs.fileno()]
            socket.send_fds(self._socket, [len(message).to_bytes(4)], handed)
            self._socket.sendall(message)
            theirs.close()  # or nobody would see that the other side is gone
            begun = Begun(list(arguments), connection, streams[1], streams[2])
            try:
                yield begun
            finally:
                begun.kill()

    def close(self) -> None:
        self._socket.close()
        self._server.wait(30)


class Begun:
    """One run of the command line."""

    def __init__(
        self, arguments: Sequence[str], connection: socket.socket, out: IO[bytes], err: IO[bytes]
    ) -> None:
        self._arguments, self._connection = arguments, connection
        self._out, self._err = out, err
        self.pid = received_number(connection)
        self.code: int | None = None
        """None until its end was waited for."""

    @property
    def out(self) -> str:
        """What it has written to standard output."""
        return _text(self._out)

    @property
    def err(self) -> str:
        return _text(self._err)

    def poll(self) -> int | None:
        """Its exit code, where it has ended."""
        if self.code is None and select.select([self._connection], [], [], 0)[0]:
            self.code = received_number(self._connection)
        return self.code

    def wait(self, timeout_s: float = 300) -> int:
        """Its exit code.

        Raises:
            TimeoutError: it took longer; it is killed.
        """
        if self.code is None:
            if not select.select([self._connection], [], [], timeout_s)[0]:
                self.kill()
                raise TimeoutError(f"{' '.join(self._arguments)} took longer than {timeout_s} s")
            self.code = received_number(self._connection)
        return self.code

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> int:
        """End it by SIGKILL, where it still runs; returns its exit code."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.send_signal(signal.SIGKILL)
        return self.wait()


def _text(file: IO[bytes]) -> str:
    # Its end is where the process writes on: it is read from elsewhere.
    written = os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
    # While it writes, half a character may be last: it is left out.
    text = codecs.getincrementaldecoder("utf-8")().decode(written)
    # As a reader of text has it: universal newlines.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _serve(connection: socket.socket) -> dict[str, Any]:
    """Fork for each request; only the forks return, with theirs."""
    for name in _WARM:
        importlib.import_module(name)
    keep_signatures()
    # Which backends other packages bring: looked up in all that is installed, in each process.
    from motionsight_core import backends

    setattr(backends, "entry_points", backends.entry_points().select)  # noqa: B010 - its type is another
    assert not {"prefect", "torch"} & set(sys.modules)
    forks = Forks()
    while True:
        forks.wait_for(connection.fileno())
        head, handed, _, _ = socket.recv_fds(connection, 4, 4)
        if not head:
            sys.exit()
        message = received(connection, int.from_bytes(head))
        *streams, asked = handed
        if forks.fork(socket.socket(fileno=asked)):
            connection.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return json.loads(message)
        for descriptor in streams:
            os.close(descriptor)


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
    run_to_the_end(main)


if __name__ == "__main__":
    _main()
