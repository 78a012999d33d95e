"""Staging areas on this machine: one directory per run, held by a lock while the run lives.

A run that was killed leaves staged files behind. Nothing reads them, since no manifest of theirs was
committed; the next run finds their lock free and removes them.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = "lock"


@contextmanager
def staging_area(root: str, run_id: str) -> Iterator[Path]:
    """The directory in which a run stages; gone afterwards, as are those of runs that were killed."""
    _sweep(Path(root))
    directory = Path(root, run_id)
    directory.mkdir(parents=True)
    with (directory / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            with suppress(OSError):  # another run stages there
                Path(root).rmdir()


def _sweep(root: Path) -> None:
    for path in sorted(root.glob(f"*/{_LOCK}")):
        with suppress(OSError), path.open("w") as lock:
            # Fails where the run is alive.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)
