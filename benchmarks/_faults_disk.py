"""Small disks that can be filled: tmpfs, where we may mount one."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Given to the program when it runs where it may mount.
MAY_MOUNT = "--may-mount"
_MIB = 1 << 20
_SIZE_MIB = 48


def mounting() -> list[str] | None:
    """What is put before a command so that it may mount; None where this system lets nobody.

    What is mounted there is gone when the command is, however it ends.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    command = [unshare, "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    trial = [*command, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return None if subprocess.run(trial, capture_output=True, check=False).returncode else command


def enter_namespace(module: str, arguments: list[str]) -> None:
    """Begin the program again where it may mount, if that is not here and this system lets us."""
    if MAY_MOUNT in arguments or (command := mounting()) is None:
        return
    os.execv(command[0], [*command, sys.executable, "-m", module, *arguments, MAY_MOUNT])  # noqa: S606


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """The folder is a disk of its own for the length of a `with` block."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MIB}m", "tmpfs", str(folder)],  # noqa: S607
        check=True,
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607
        folder.rmdir()


@contextmanager
def filled(folder: Path, *, spare: int) -> Iterator[None]:
    """The folder's disk has only so many bytes left, for the length of a `with` block."""
    filler = folder / "filler"
    try:
        with filler.open("wb") as file:
            while not _filled(file.fileno(), spare):
                pass
        yield
    finally:
        filler.unlink()


def _filled(file: int, spare: int) -> bool:
    """Whether all but so many bytes could be taken: who else writes may have been faster."""
    disk = os.fstatvfs(file)
    size = disk.f_bavail * disk.f_frsize - spare
    try:
        if size > 0:
            os.posix_fallocate(file, 0, size)  # all of it or nothing, on a tmpfs
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True
