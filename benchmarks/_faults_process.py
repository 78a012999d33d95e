"""Runs of the command line as forked processes, and what they leave on the machine.

Beam and its friends take seconds to import, so they are imported once, here, and every run is forked from
a process that has started no thread and opened no connection.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pickle
import re
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import flows.cli.local
import flows.runs.backfill  # noqa: F401 - as well
import transforms.runners
from flows import cli
from transforms import progress, shard  # noqa: F401 - as well
from transforms._local_options import LocalOptions

#: How long processes may take to end after their parent has; a busy machine may need long.
ORPHANS_MAY_TAKE_S = 20.0
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.01

# Most of a short run is Beam starting its threads. Two stand for the many of a long one.
transforms.runners.local_options = lambda settings, **_: LocalOptions(
    [], runner="FnApiRunner", direct_running_mode="multi_threading", direct_num_workers=2
)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one run: its warehouse, its staging area, its temporary folder."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "motion.duckdb"

    @property
    def staging(self) -> Path:
        return self.folder / "motion.duckdb.staging"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """What runs print; beside the folder, which may be full."""
        return self.folder.with_suffix(".log")

    def make(self) -> None:
        self.temporary.mkdir(parents=True)
        self.log.touch()


@dataclass(frozen=True, slots=True)
class Child:
    """A forked process."""

    pid: int

    def ended(self, within_s: float) -> str | None:
        """How it ended ("exit 0", "SIGKILL"), waiting so long at most; None: it lives."""
        deadline = time.monotonic() + within_s
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return f"exit {code}" if code >= 0 else signal.Signals(-code).name
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL_S)

    def wait(self, limit_s: float = 300.0) -> str:
        """How it ended; "hung", and killed, where it took longer."""
        ending = self.ended(limit_s)
        if ending is not None:
            return ending
        self.send(signal.SIGKILL)
        self.ended(ORPHANS_MAY_TAKE_S)
        return "hung"

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)  # not waited for yet, so the id is still its own

    def decoders(self) -> list[int]:
        """Process ids of its children, of which only decoding processes live for long."""
        return children_of(self.pid)


def adopt_orphans() -> None:
    """From now on processes whose parent dies become children of this one, so that none is missed."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot adopt orphans")


def run_command(
    arguments: Sequence[str],
    place: Place,
    *,
    environment: Mapping[str, str],
    prepare: Callable[[], object] = lambda: None,
) -> Child:
    """`motionsight` with these arguments, in a process of its own, in a place.

    Args:
        environment: variables beside those of this process that concern neither us nor a store.
        prepare: called in that process first.
    """

    def command() -> int:
        os.setsid()
        os.chdir(place.folder)
        with place.log.open("ab", buffering=0) as log, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        for name in [*os.environ]:
            if re.match("MOTIONSIGHT_|PREFECT_|AWS_|STORAGE_EMULATOR|GOOGLE_|BIGQUERY_", name):
                del os.environ[name]
        os.environ.update({**environment, "TMPDIR": str(place.temporary), "COLUMNS": "160"})
        # Not looked for among others where this one is full.
        tempfile.tempdir = str(place.temporary)
        prepare()
        try:
            cli.main([*arguments])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        return 0

    return Child(_fork(command))


def in_child(question: Callable[[], Any]) -> Any:
    """What a function returns in a forked process: what it starts or locks ends with it."""
    reading, writing = os.pipe()

    def answer() -> int:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(question(), pipe)
        return 0

    child = Child(_fork(answer))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    if (ending := child.wait()) != "exit 0":
        raise RuntimeError(f"a question ended with {ending}")
    return pickle.loads(data)  # noqa: S301 our own child's


def start_in_child(work: Callable[[], object]) -> Child:
    """A function in a forked process."""

    def code() -> int:
        work()
        return 0

    return Child(_fork(code))


def _fork(work: Callable[[], int]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    return pid or _live(work)


def _live(work: Callable[[], int]) -> NoReturn:
    """Do the work and end as an interpreter does, but for going back into the program that forked."""
    code = 70
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            threading._shutdown()  # pyrefly: ignore[missing-attribute] not in its stubs
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def children_of(parent: int) -> list[int]:
    """Process ids; of zombies too."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name stands in brackets and may hold anything.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.name))
    return found


def orphans(known: Sequence[int]) -> list[str]:
    """Command lines of processes that outlive their run for too long; these are ended then."""
    deadline = time.monotonic() + ORPHANS_MAY_TAKE_S
    while True:
        left = [pid for pid in children_of(os.getpid()) if pid not in known and not _reaped(pid)]
        if not left:
            return []
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    names: list[str] = []
    for pid in left:
        names.append(Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")[:120])
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return names


def _reaped(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def locks_held(folder: Path) -> list[str]:
    """Files below a folder on which somebody holds a lock."""
    inodes: dict[tuple[int, int, int], Path] = {}
    for path in [folder, *folder.rglob("*")]:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        inodes[os.major(status.st_dev), os.minor(status.st_dev), status.st_ino] = path
    held: list[str] = []
    for line in Path("/proc/locks").read_text().splitlines():
        if "->" in line:  # somebody who waits
            continue
        major, minor, inode = line.split()[5].split(":")
        path = inodes.get((int(major, 16), int(minor, 16), int(inode)))
        if path is not None:
            held.append(str(path.relative_to(folder)))
    return held


_WHOLE_ENTRY = re.compile(r"tmp/motionsight-cache-\d+(/([0-9a-f]{64}|space\.lock))?")
_CACHE = re.compile(r"tmp/motionsight-cache-\d+(/.*)?")


def files_beyond(place: Place, *, finished: bool) -> list[str]:
    """What lies where it should not.

    Args:
        finished: nothing is staged and nothing half-way, as after a run that ended in good order.
    """
    found: list[str] = []
    for path in sorted(place.folder.rglob("*")):
        name = path.relative_to(place.folder).as_posix()
        expected = name in ("motion.duckdb", "tmp") or _WHOLE_ENTRY.fullmatch(name)
        if not finished:
            expected = expected or name == "motion.duckdb.wal" or _CACHE.fullmatch(name)
            expected = expected or path.is_relative_to(place.staging)
        if not expected:
            found.append(name)
    return found
