"""One decoding process, as its parent sees it: started with limits, asked against the clock, killed."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from motionsight_core.errors import ClipError, RunError, StoreUnavailable, TimedOut, TooLarge
from motionsight_core.guarded.answers import NotAnAnswer, build
from motionsight_core.guarded.sandbox import SandboxReport
from motionsight_core.guarded.wire import LONGEST_READ, Broken, Closed, Kind, Late, Message, ParentEnd
from motionsight_core.settings import LimitSettings
from motionsight_core.stores import RangeReader

#: A busy machine may need long to import what a decoder needs; it never needs this long.
_START_S = 120.0
#: What a process sees of the environment: how to run Python, and no keys or credentials of anything.
_ENVIRONMENT = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|LD_\w+|PYTHON\w*|VIRTUAL_ENV|MALLOC_\w+|COVERAGE_\w+|ASAN_OPTIONS"
)
_PROGRAM = "from motionsight_core.guarded.child import main; main()"
#: A video is read for its index and its frames, at worst twice; with jumps in between some of it more often.
_READS_OF_SIZE = 16
_READS_BESIDES = 64 << 20
_LONGEST_MESSAGE = 2000
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Source:
    """Where a process has the video from: one of the two is set."""

    descriptor: int | None = None
    """An open file, handed over."""
    reader: RangeReader | None = None
    """Read in this process, for the other."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a process is asked to do with one video."""

    task: str
    """A name in `child.TASKS`."""
    arguments: tuple[Any, ...]
    answer: Any
    """Type of each answer, as `answers.build` takes it."""
    most_answers: int
    skip: int = 0
    """Answers that are not sent: an earlier try gave them."""


class ProcessDied(Exception):
    """The process died, or did what only one that was taken over does; str() says how."""


class DecodingProcess:
    """One process and the socket to it; for one thread at a time."""

    def __init__(self, limits: LimitSettings, modules: Sequence[str] = ()) -> None:
        """`modules`: what the tasks to come need imported beside what they always do."""
        self.requests = 0
        """How many it was given."""
        self.reusable = False
        """Whether it waits for a request; else the answer to an old one would go to the next who asks."""
        self._limits = limits
        self._sandbox: SandboxReport | None = None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {name: value for name, value in os.environ.items() if _ENVIRONMENT.fullmatch(name)} | {
            # Threads inside a decoder would only compete with the other decoders.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        with ExitStack() as undo, theirs:
            undo.callback(ours.close)
            # The end that is kept open here closes with this process: see child.
            lifeline, self._lifeline = os.pipe()
            undo.callback(os.close, self._lifeline)
            try:
                arguments = (theirs.fileno(), limits.memory_mb, os.getpid(), lifeline)
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _PROGRAM, *map(str, arguments), limits.sandbox, *modules],
                    pass_fds=[theirs.fileno(), lifeline],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=environment,
                    # Ctrl-C goes to the run, which ends its children in its own order.
                    start_new_session=True,
                )
            finally:
                os.close(lifeline)
            undo.pop_all()
        self._end = ParentEnd(ours)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def started(self) -> SandboxReport:
        """Wait until it has its limits, and say which sandbox it is in.

        Raises:
            ProcessDied, TimedOut
            RunError: `limits.sandbox` requires what this machine does not support.
        """
        if self._sandbox is None:
            self._sandbox = self._report()
            self.reusable = True
        if self._limits.sandbox == "required" and self._sandbox.missing:
            raise RunError(
                "Decoding processes cannot be sandboxed as limits.sandbox=required asks for "
                f"({'; '.join(self._sandbox.missing)}); set limits.sandbox=auto to go on without."
            )
        return self._sandbox

    def _report(self) -> SandboxReport:
        try:
            message = self._receive(time.monotonic() + _START_S)
        except Late:
            raise TimedOut(f"The decoding process did not start within {_START_S:g} s.") from None
        if message.kind is not Kind.READY:
            raise ProcessDied("it broke the protocol")
        return self._built(message, SandboxReport)

    def answers(self, request: Request, source: Source) -> Iterator[Any]:
        """Send one request and give its answers, each within `limits.wall_s`.

        Raises:
            ClipError: the process's, the reader's, or TimedOut.
            ProcessDied
        """
        self.started()
        self.requests += 1
        self.reusable = False
        reads = _Reads(source.reader)
        size = None if source.reader is None else source.reader.size
        message = (request.task, request.arguments, request.skip, size, self._limits)
        count = 0
        try:
            deadline = time.monotonic() + self._limits.wall_s
            try:
                self._end.send_request(message, source.descriptor, deadline=deadline)
            except Closed:
                raise ProcessDied(self._exit_reason()) from None
            while (answer := self._answer(reads, deadline)).kind is Kind.ITEM:
                count += 1
                if count > request.most_answers:
                    raise ProcessDied("it broke the protocol")
                yield self._built(answer, request.answer)
                deadline = time.monotonic() + self._limits.wall_s
        except Late:
            reads.check()
            raise TimedOut(f"Decoding took longer than {self._limits.wall_s:g} s (limits.wall_s).") from None
        error = self._error(answer) if answer.kind is Kind.ERROR else None
        self.reusable = True
        reads.check()
        if error is not None:
            raise error

    def kill(self) -> None:
        """End it, whatever it does; from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End it and let go of all that belongs to it; once, by whoever used it last."""
        self.kill()
        # One that hangs in the kernel ends when that lets go of it; nobody waits for that.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        self._end.close()
        os.close(self._lifeline)

    def _answer(self, reads: _Reads, deadline: float) -> Message:
        """The next message that is no READ; READs are answered meanwhile."""
        while True:
            message = self._receive(deadline)
            if message.kind is Kind.READY:
                raise ProcessDied("it broke the protocol")
            if message.kind is not Kind.READ:
                return message
            offset, length = self._built(message, tuple[int, int])
            if not reads.possible(offset, length):
                raise ProcessDied("it asked for bytes that the video does not have")
            data = reads.read(offset, length, deadline)
            try:
                self._end.send_bytes(data, deadline=deadline)
            except Closed:
                raise ProcessDied(self._exit_reason()) from None

    def _receive(self, deadline: float) -> Message:
        try:
            # What it may allocate is also the most that it can have to say.
            return self._end.receive(deadline=deadline, most_bytes=self._limits.memory_mb << 20)
        except Closed:
            raise ProcessDied(self._exit_reason()) from None
        except Broken:
            raise ProcessDied("it broke the protocol") from None

    def _built(self, message: Message, kind: Any) -> Any:
        try:
            return build(kind, message.header, message.array)
        except NotAnAnswer:
            raise ProcessDied("it broke the protocol") from None
        except Closed:
            raise ProcessDied(self._exit_reason()) from None

    def _error(self, message: Message) -> ClipError:
        name, text, permanent = self._built(message, tuple[str, str, bool])
        if not name.isidentifier() or len(name) > _LONGEST_NAME:
            raise ProcessDied("it broke the protocol")
        return ClipError.named(name, text[:_LONGEST_MESSAGE], permanent=permanent)

    def _exit_reason(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=5)
            if code >= 0:
                return f"exit code {code}"
            if -code == getattr(signal, "SIGXCPU", None):
                return "it used up its processor time"
            return f"killed by signal {-code}"
        return "it closed its socket"


class _Reads:
    """Reads of one request, in a thread each: a store that hangs must not outlast the clock."""

    def __init__(self, reader: RangeReader | None) -> None:
        self._reader = reader
        self._failure: BaseException | None = None
        self._left = 0 if reader is None else _READS_OF_SIZE * reader.size + _READS_BESIDES

    def possible(self, offset: int, length: int) -> bool:
        """Whether a decoder of ours would ask for it."""
        return (
            self._reader is not None
            and 0 < length <= LONGEST_READ
            and offset >= 0
            and offset + length <= self._reader.size
        )

    def read(self, offset: int, length: int, deadline: float) -> bytes | None:
        """The bytes; None where they cannot be had, which `check` then tells.

        Raises:
            Late: they did not come in time.
        """
        if self._failure is not None or self._reader is None:
            return None
        self._left -= length
        if self._left < 0:
            self._failure = TooLarge(
                f"Decoding read the object more than {_READS_OF_SIZE} times; its parts lie too far apart."
            )
            return None
        done: queue.SimpleQueue[bytes | BaseException] = queue.SimpleQueue()
        fetch = threading.Thread(target=_fetch, args=(self._reader, offset, length, done), daemon=True)
        fetch.start()
        while (left := deadline - time.monotonic()) > 0:
            try:
                data = done.get(timeout=min(left, 1.0))
            except queue.Empty:
                continue
            if isinstance(data, bytes):
                return data
            self._failure = data
            return None
        raise Late

    def check(self) -> None:
        """Raise what a read failed with."""
        if self._failure is not None:
            raise self._failure


def _fetch(
    reader: RangeReader, offset: int, length: int, done: queue.SimpleQueue[bytes | BaseException]
) -> None:
    try:
        data = bytes(reader.read(offset, length))
        if len(data) != length:
            raise StoreUnavailable(f"The store gave {len(data)} of {length} bytes at {offset}.")
    except BaseException as error:
        done.put(error)
    else:
        done.put(data)
