"""Staging areas on this machine: one directory per run, locked while the run lives.

A run that was killed leaves staged files behind. Nothing reads them, since no manifest of theirs was
committed; the next run finds their lock free and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def staging_area(root: str, run_id: str) -> Iterator[Path]:
    """The directory in which a run stages; gone afterwards, as are those of runs that were killed."""
    _sweep(Path(root))
    directory = Path(root, run_id)
    # Locked before it has its name: another run's sweep never sees it unlocked.
    unnamed = Path(root, f".{run_id}")
    unnamed.mkdir(parents=True)
    lock = os.open(unnamed, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: nobody can take it from us either
            fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(directory)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)
        with suppress(OSError):  # another run stages there
            Path(root).rmdir()


#: A hidden directory is one that is being made, in an instant; older ones were left behind.
_BEING_MADE_S = 60.0


def _sweep(root: Path) -> None:
    for directory in sorted(root.glob("*")):
        with suppress(OSError):
            if directory.name.startswith(".") and time.time() - directory.stat().st_mtime < _BEING_MADE_S:
                continue
            lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where the run is alive
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
