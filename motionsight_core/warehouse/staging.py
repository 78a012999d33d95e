"""Staging areas: one directory per run, locked while the run lives; in a bucket, one prefix per run.

A run that was killed leaves staged files behind. Nothing reads them, since no manifest of theirs was
committed; the next run finds their lock free and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from motionsight_core.errors import RunError
from motionsight_core.settings import StoreSettings

#: Below it lie replies that are not committed yet; a killed run's are the next one's (`evaluation.journal`).
REPLIES = "replies"

_DEFAULTS = StoreSettings()


def staging_area(root: str, run_id: str, *, stores: StoreSettings = _DEFAULTS) -> AbstractContextManager[str]:
    """The directory or gs:// prefix in which a run stages, for the length of a `with` block.

    It is gone afterwards, as are those of runs that were killed; in a bucket, which is reached as `stores`
    says, a day later.

    Raises:
        UsageError, RunError: it cannot be made.
    """
    if root.startswith("gs://"):
        from motionsight_core.warehouse._cloud_staging import cloud_staging_area

        return cloud_staging_area(root, run_id, stores)
    return _local_staging_area(root, run_id)


@contextmanager
def _local_staging_area(root: str, run_id: str) -> Iterator[str]:
    with locked_directory(root, run_id) as directory:
        with _guarded(Path(root)):
            _sweep(Path(root))
        yield directory


@contextmanager
def locked_directory(root: str, name: str) -> Iterator[str]:
    """A new directory beside those of runs, which no run sweeps while this process lives.

    Raises:
        RunError: it cannot be made.
    """
    directory, lock = _made_directory(Path(root), name)
    try:
        yield str(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)
        with suppress(OSError), _guarded(Path(root)):  # another run stages there, or has removed it
            Path(root).rmdir()


def _made_directory(root: Path, name: str) -> tuple[Path, int]:
    """A new directory and the descriptor that keeps it locked.

    Raises:
        RunError: it cannot be made.
    """
    while True:
        try:
            root.mkdir(parents=True, exist_ok=True)
            return _made(root, name)
        except FileNotFoundError:
            continue  # whoever staged there last removed the root
        except OSError as error:
            raise RunError(
                f"The staging area {root} cannot be made: {error.strerror}; make room or give the warehouse "
                "another place."
            ) from None


def _made(root: Path, name: str) -> tuple[Path, int]:
    with _guarded(root):
        directory = root / name
        directory.mkdir()
        lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        _lock(lock)
        return directory, lock


@contextmanager
def _guarded(root: Path) -> Iterator[None]:
    """Nobody else sweeps or removes the root, or meets a directory that is made but not locked yet."""
    guard = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(guard)
        if not os.path.samestat(os.fstat(guard), root.stat()):
            raise FileNotFoundError(root)  # it was removed and made again meanwhile
        yield
    finally:
        os.close(guard)


def _lock(descriptor: int) -> None:
    with suppress(OSError):  # a file system without locks: nobody can take it from us either
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sweep(root: Path) -> None:
    for directory in sorted(root.glob("*")):
        if directory.name == REPLIES:
            continue
        with suppress(OSError):
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where the run is alive
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
