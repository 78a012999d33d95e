"""Files on this machine. A version is `<mtime_ns>-<size>`."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, StoreUnavailable, UnusableName, UsageError, VersionGone
from motionsight_core.stores._base import VIDEO_SUFFIXES, UnlistedObject


class LocalStore:
    """A file, a directory (recursive, by suffix), or a glob (`**` is recursive)."""

    def list(self, source: str) -> Iterator[VideoObject | UnlistedObject]:
        path = Path(source).expanduser()
        if path.is_dir():
            return _videos_below(path)
        if path.is_file():
            return iter([_listed(path)])
        matches = glob.glob(str(path), recursive=True)  # noqa: PTH207 pathlib takes no absolute pattern
        files = sorted(name for name in matches if Path(name).is_file())
        if not files:
            raise UsageError(f"There is no file, directory or glob match at {source!r}.")
        return (_listed(Path(name)) for name in files)

    @contextmanager
    def open(self, video: VideoObject) -> Iterator[BinaryIO]:
        try:
            file = Path(video.uri).open("rb")  # noqa: SIM115 closed below
        except FileNotFoundError:
            raise VersionGone("The file was deleted after it was listed.") from None
        except OSError as error:
            raise StoreUnavailable(f"The file cannot be read: {error.strerror}.") from None
        with file:
            _check_version(file, video)
            try:
                yield file
            except ClipError:
                # What looks like damage may be a file that is being written.
                _check_version(file, video)
                raise
            _check_version(file, video)


def _check_version(file: BinaryIO, video: VideoObject) -> None:
    if _version(os.fstat(file.fileno())) != video.version:
        raise VersionGone("The file was changed after it was listed.")


def _videos_below(directory: Path) -> Iterator[VideoObject | UnlistedObject]:
    """Video files by suffix, hidden ones left out, one directory in memory at a time."""
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(directory, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in VIDEO_SUFFIXES:
                yield _listed(Path(folder, name))
    for error in unreadable:
        reason = StoreUnavailable(f"The directory cannot be listed: {error.strerror}.")
        yield UnlistedObject(_as_text(str(error.filename)), "", reason)


def _listed(path: Path) -> VideoObject | UnlistedObject:
    # Links are kept: the name that people gave is the name that is stored.
    absolute = os.path.abspath(path)  # noqa: PTH100
    try:
        version = _version(Path(absolute).stat())
    except OSError as error:
        reason = StoreUnavailable(f"The file cannot be listed: {error.strerror}.")
        return UnlistedObject(_as_text(absolute), "", reason)
    if _as_text(absolute) != absolute:
        return UnlistedObject(
            _as_text(absolute), version, UnusableName("The file's name is not valid UTF-8; rename it.")
        )
    return VideoObject(absolute, version)


def _as_text(name: str) -> str:
    """A name that can be stored: bytes that are no UTF-8 written as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"
