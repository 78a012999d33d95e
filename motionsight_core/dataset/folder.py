"""The folder that a data set is written into: by one process at a time, each file whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from motionsight_core.errors import RunError, UsageError

#: Written first; says that a folder is a data set, which may be replaced.
MARKER = "dataset.json"
#: What else a build writes. Other files, such as people's choices, are left alone.
_FILES = (
    "README.md",
    "croissant.json",
    "clips.parquet",
    "sft.parquet",
    "pairs.parquet",
    "preferences.parquet",
    "instances.parquet",
    "dropped.parquet",
)
_FOLDERS = ("media", "views")
_UNFINISHED = ".part"


class Folder:
    """A data set's folder, while it is written; see `opened_folder`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digests: dict[str, str] = {}
        """SHA-256 of the files that were written, by name."""
        self._kept: set[Path] = set()

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, which takes its name when it is complete."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + _UNFINISHED)
        with unfinished.open("wb") as file:
            yield file
        with unfinished.open("rb") as file:
            self.digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(unfinished, target)  # noqa: PTH105
        self.keep(name)

    def write(self, name: str, content: str) -> None:
        """A whole text file."""
        with self.writing(name) as file:
            file.write(content.encode())

    def keep(self, name: str) -> None:
        """Say that a file, or a folder with all that is in it, is of this build."""
        self._kept.add(self.path / name)

    def sweep(self) -> None:
        """Remove what an earlier build wrote and this one did not."""
        for name in _FILES:
            if self.path / name not in self._kept:
                (self.path / name).unlink(missing_ok=True)
            (self.path / f"{name}{_UNFINISHED}").unlink(missing_ok=True)
        for name in _FOLDERS:
            if self.path / name not in self._kept:
                self._sweep(self.path / name)

    def _sweep(self, folder: Path) -> None:
        if not folder.is_dir() or folder.is_symlink():
            return
        for path in sorted(folder.iterdir()):
            if path in self._kept:
                continue
            if not path.is_dir():
                path.unlink()
            elif any(path in kept.parents for kept in self._kept):
                self._sweep(path)
            else:
                shutil.rmtree(path)
        if not any(folder.iterdir()):
            folder.rmdir()


def folder_at(given: str) -> Path:
    """The path of a data set's folder.

    Raises:
        UsageError: it is an address in a bucket.
    """
    scheme, separator, _ = given.partition("://")
    if separator:
        raise UsageError(
            f"A data set's folder is on a disk, and {given} is not: name a path there, and with --media-root "
            f"{scheme}://... (media.root) a place in a bucket for its clips."
        )
    return Path(given).expanduser()


@contextmanager
def opened_folder(path: Path) -> Iterator[Folder]:
    """A data set's folder for one build, made where it is missing.

    Raises:
        UsageError: it holds other files and no data set, or another process builds in it.
        RunError: it cannot be written; one sentence says why.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        foreign = next((one.name for one in sorted(path.iterdir()) if not (path / MARKER).exists()), None)
        if foreign is not None and foreign != MARKER + _UNFINISHED:
            raise UsageError(
                f"{path} holds files that are no data set, such as {foreign}; name a new or empty folder."
            )
        with locked(path):
            folder = Folder(path)
            if not (path / MARKER).exists():
                folder.write(MARKER, "{}\n")
            yield folder
    except OSError as error:
        raise RunError(
            f"The data set cannot be written to {path}: {error.strerror or error}; mend that, then run this "
            "again."
        ) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A data set's folder, which no other process writes meanwhile.

    Raises:
        UsageError: another process writes in it.
    """
    directory = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"Another process builds a data set in {path}; wait for it to end.") from None
        yield
    finally:
        os.close(directory)
