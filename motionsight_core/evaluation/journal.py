"""The journal of replies: written as they come, so that a run that is killed asks no question twice.

Rows reach the warehouse shard by shard. Until then each reply is a line of JSON below `replies/` in the
staging area: of one append-only file per process on this machine, of one object per batch in a bucket. The
next run of the same evaluation commits what it finds there before it plans. A last line that was torn is
no reply. Files of a process that lives are locked, and left to it; objects in a bucket have no locks, but to
commit a reply twice changes nothing.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from motionsight_core.errors import RunError
from motionsight_core.record import PredictionRecord
from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse.staged_files import (
    append_whole,
    list_staged,
    read_staged,
    remove_staged,
    write_staged,
)
from motionsight_core.warehouse.staging import REPLIES

#: Replies in an object of a bucket at most, and the longest that one waits for others, seconds.
_BATCH = 64
_WAIT_S = 5.0
_FIELDS = frozenset(field.name for field in fields(PredictionRecord))


def journal_directory(staging: str, *, benchmark: str, annotations: str) -> str:
    """Where the replies of an evaluation lie, whichever run asked.

    Args:
        staging: the warehouse's staging area.
        benchmark: its name.
        annotations: SHA-256 of its annotations.
    """
    evaluation = hashlib.sha256(f"{benchmark}\0{annotations}".encode()).hexdigest()[:16]
    return f"{staging}/{REPLIES}/{evaluation}"


class Journal:
    """The journal of one process in one run; safe to call from many threads.

    Args:
        directory: of the evaluation.
        run_id: of the run; the names of its files begin with it.
        stores: how a bucket is reached.
    """

    def __init__(self, directory: str, run_id: str, stores: StoreSettings) -> None:
        self._directory, self._run_id, self._stores = directory, run_id, stores
        self._lock = threading.Lock()
        self._file: int | None = None
        self._waiting: list[bytes] = []
        self._since_s = 0.0

    def add(self, row: PredictionRecord) -> None:
        """Keep a reply; when this returns it outlives the process, in a bucket a few seconds later.

        Raises:
            RunError: it cannot be written.
        """
        values = row.to_row() | {"answered_at": row.answered_at.isoformat()}
        line = json.dumps(values).encode() + b"\n"
        with self._lock:
            if "://" not in self._directory:
                self._append(line)
                return
            self._since_s = self._since_s if self._waiting else time.monotonic()
            self._waiting.append(line)
            if len(self._waiting) >= _BATCH or time.monotonic() - self._since_s > _WAIT_S:
                self._upload()

    def flush(self) -> None:
        """Write what waits for others.

        Raises:
            RunError: it cannot be written.
        """
        with self._lock:
            self._upload()

    def close(self) -> None:
        """Leave the file to whoever comes next; a reply that is added later begins a new one."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _append(self, line: bytes) -> None:
        try:
            # One that was committed is removed, here or by the process that commits.
            if self._file is not None and os.fstat(self._file).st_nlink == 0:
                os.close(self._file)
                self._file = None
            while self._file is None:
                self._file = self._made()
            append_whole(self._file, line)
        except OSError as error:
            raise RunError(
                f"Replies cannot be kept in {self._directory}: {error.strerror or error}; make room there, "
                "then run this again."
            ) from None

    def _made(self) -> int | None:
        """A new file of ours alone; None where another run met it before it was locked, and removed it."""
        Path(self._directory).mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(self._new_path(), flags, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)
        return None

    def _upload(self) -> None:
        if self._waiting:
            content, self._waiting = b"".join(self._waiting), []
            write_staged(self._new_path(), content, content_type="application/jsonl", stores=self._stores)

    def _new_path(self) -> str:
        return f"{self._directory}/{self._run_id}-{uuid.uuid4().hex}.jsonl"


_open: dict[tuple[int, str, str], Journal] = {}
_open_lock = threading.Lock()


def journal_of(directory: str, run_id: str, stores: StoreSettings) -> Journal:
    """This process's journal of a run, shared by its threads."""
    key = (os.getpid(), directory, run_id)
    with _open_lock:
        if key not in _open:
            _open[key] = Journal(directory, run_id, stores)
        return _open[key]


def close_journal(directory: str, run_id: str) -> None:
    """Close this process's journal of a run, where it has one."""
    with _open_lock:
        journal = _open.pop((os.getpid(), directory, run_id), None)
    if journal is not None:
        journal.close()


@dataclass(frozen=True, slots=True)
class Found:
    """What journals hold that no process is writing, or that are this run's own."""

    rows: tuple[PredictionRecord, ...]
    files: tuple[str, ...]

    def remove(self, stores: StoreSettings) -> None:
        """Remove the files, once their rows are committed."""
        remove_staged(self.files, stores=stores)
        for file in self.files[:1]:
            if "://" not in file:
                folder = Path(file).parent
                with suppress(OSError):  # others are in use there
                    folder.rmdir()
                    folder.parent.rmdir()


@contextmanager
def left_behind(directory: str, run_id: str, stores: StoreSettings) -> Iterator[Found]:
    """The replies in the journals of runs that have ended, and of this one; locked while the block lasts.

    Args:
        directory: of the evaluation.
        run_id: of this run, no part of which is at work.
        stores: how a bucket is reached.

    Raises:
        RunError: the directory cannot be listed, or a file cannot be read.
    """
    close_journal(directory, run_id)
    rows: list[PredictionRecord] = []
    files: list[str] = []
    with ExitStack() as locked:
        for path in list_staged(directory, stores=stores):
            own = path.rpartition("/")[2].startswith(f"{run_id}-")
            with suppress(FileNotFoundError):  # another run has committed it
                if "://" not in path and not _lock(path, locked) and not own:
                    continue
                rows += _rows_in(read_staged(path, stores=stores))
                files.append(path)
        yield Found(tuple(rows), tuple(files))


def forget(directory: str, run_id: str, stores: StoreSettings) -> None:
    """Remove the journals of a run all of whose rows are committed."""
    with left_behind(directory, run_id, stores) as found:
        own = [file for file in found.files if file.rpartition("/")[2].startswith(f"{run_id}-")]
        Found((), tuple(own)).remove(stores)


def _lock(path: str, locked: ExitStack) -> bool:
    """Lock a file until the stack is closed; False where a process that lives has it."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    locked.callback(os.close, file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)  # there may be no locks at all
    return True


def _rows_in(content: bytes) -> Iterator[PredictionRecord]:
    """The whole lines of a journal; one that is torn or not ours is none."""
    *lines, _torn = content.split(b"\n")
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict) and values.keys() == _FIELDS:
            with suppress(ValueError, TypeError):
                values["answered_at"] = datetime.fromisoformat(values["answered_at"])
                yield PredictionRecord(**values)
