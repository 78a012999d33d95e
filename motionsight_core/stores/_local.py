"""Files on this machine. A version is `<mtime_ns>-<size>`; before 1970 `mtime_ns` is negative."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, StoreUnavailable, UnusableName, UsageError, VersionGone
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._base import WHOLE, Listed, RangeReader, Selection, UnlistedObject
from motionsight_core.stores._glob import matches
from motionsight_core.stores._naming import Candidate, PassedOver, listed_as
from motionsight_core.stores._walk import walk


class LocalStore:
    """A file, a directory (recursive, by suffix), or a glob (`**` is recursive).

    In a directory a folder's own files come first, by name, then what lies in its folders, by name:
    so only one folder's names are in memory, and whole folders before `Selection.after` are passed
    over. The matches of a glob are sorted in memory.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._all_files = settings.all_files

    def list(
        self, source: str, selection: Selection = WHOLE, *, passed_over: PassedOver | None = None
    ) -> Iterator[Listed]:
        path = Path(source).expanduser()
        if path.is_dir():
            others = PassedOver() if passed_over is None else passed_over
            return _videos_below(path, selection, all_files=self._all_files, passed_over=others)
        if path.is_file():
            files = [path]
        else:
            files = [Path(name) for name in matches(str(path)) if Path(name).is_file()]
        if not files:
            raise UsageError(f"There is no file, directory or glob match at {source!r}.")
        files.sort(key=lambda file: _as_text(_absolute(file)))
        later = (file for file in files if _as_text(_absolute(file)) > selection.after)
        return (item for file in later if (item := _listed(file, selection)))

    def head(self, video: VideoObject, length: int) -> bytes:
        with self.open(video) as file:
            try:
                return file.read(length)
            except OSError as error:
                raise StoreUnavailable(f"The file cannot be read: {error.strerror}.") from None

    @contextmanager
    def open(self, video: VideoObject) -> Iterator[BinaryIO]:
        try:
            file = open(_path_of(video), "rb", opener=_open_at_once)  # noqa: SIM115 closed below
        except FileNotFoundError:
            raise VersionGone("The file was deleted after it was listed.") from None
        except OSError as error:
            raise StoreUnavailable(f"The file cannot be read: {error.strerror}.") from None
        with file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StoreUnavailable("This is a pipe or a device, not a file.")
            _check_version(file, video)
            try:
                yield file
            except ClipError:
                # What looks like damage may be a file that is being written.
                _check_version(file, video)
                raise
            _check_version(file, video)

    @contextmanager
    def read(self, video: VideoObject) -> Iterator[Path | RangeReader]:
        with self.open(video):
            yield Path(_path_of(video))


def _open_at_once(path: str, flags: int) -> int:
    """Opening a pipe would wait for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check_version(file: BinaryIO, video: VideoObject) -> None:
    if _version(os.fstat(file.fileno())) != video.version:
        raise VersionGone("The file was changed after it was listed.")


def _videos_below(
    directory: Path, selection: Selection, *, all_files: bool, passed_over: PassedOver
) -> Iterator[Listed]:
    """Files by name, hidden ones left out, one folder's names in memory at a time.

    Raises:
        UsageError: `after` is no path below the directory.
    """
    last_folders, last_name = _parts_of_last(directory, selection.after)
    unreadable: list[OSError] = []
    for folder, folders, names in walk(str(directory), onerror=unreadable.append):
        yield from _unlisted(unreadable, selection)
        least_folder, least_name = "", ""
        here = Path(_as_text(folder)).relative_to(_as_text(str(directory))).parts
        if selection.after and here == last_folders[: len(here)]:
            # The last name lies here, or further down: a folder's own files come before its folders.
            if len(here) < len(last_folders):
                least_folder, names = last_folders[len(here)], []
            else:
                least_name = last_name
        folders[:] = sorted((name for name in folders if _as_text(name) >= least_folder), key=_as_text)
        for name in sorted(names, key=_as_text):
            if _as_text(name) <= least_name:
                continue
            path = Path(folder, name)
            kind = listed_as(name, all_files=all_files)
            if kind is None:
                if not selection.by_time or _is_selected(path, selection):
                    passed_over.add_name(name)
            elif kind is Candidate and not _can_be_read(path):
                passed_over.add_content(name)
            elif item := _listed(path, selection, kind):
                yield item
    yield from _unlisted(unreadable, selection)


def _parts_of_last(directory: Path, after: str) -> tuple[tuple[str, ...], str]:
    """Folders below the directory, and the name in the last one, where a listing stopped."""
    if not after:
        return (), ""
    root = _as_text(_absolute(directory)).rstrip("/") + "/"
    if not after.startswith(root):
        raise UsageError(
            f"A listing of {str(directory)!r} cannot go on after {after!r}, which is not below it."
        )
    *folders, name = after.removeprefix(root).split("/")
    return tuple(folders), name


def _unlisted(unreadable: list[OSError], selection: Selection) -> Iterator[UnlistedObject]:
    """Folders that could not be read since the last call, in whose place nothing else comes."""
    while unreadable:
        error = unreadable.pop(0)
        uri = _as_text(_absolute(Path(os.fsdecode(error.filename)))) + "/"
        if uri != selection.after:
            reason = StoreUnavailable(f"The directory cannot be listed: {error.strerror}.")
            yield UnlistedObject(uri, "", reason)


def _listed(
    path: Path, selection: Selection, kind: type[VideoObject] | type[Candidate] = VideoObject
) -> Listed | None:
    """The file as it is listed; None where it was modified at another time than was asked for."""
    absolute = _absolute(path)
    try:
        status = Path(absolute).stat()
    except OSError as error:
        reason = StoreUnavailable(f"The file cannot be listed: {error.strerror}.")
        return UnlistedObject(_as_text(absolute), "", reason)
    if not selection.takes(status.st_mtime):
        return None
    if not _is_utf8(absolute):
        reason = UnusableName("The file's name is not valid UTF-8; rename it.")
        return UnlistedObject(_as_text(absolute), _version(status), reason)
    return kind(_as_text(absolute), _version(status))


def _is_selected(path: Path, selection: Selection) -> bool:
    try:
        return selection.takes(path.stat().st_mtime)
    except OSError:
        return True


def _can_be_read(path: Path) -> bool:
    """Whether it is a file; of a pipe, a socket or a device nothing is read that no name promises."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _absolute(path: Path) -> str:
    # Links are kept: the name that people gave is the name that is stored.
    return os.path.abspath(path)  # noqa: PTH100


def _as_text(name: str) -> str:
    """A name that can be stored, whatever the locale: bytes that are no UTF-8 written as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_utf8(name: str) -> bool:
    try:
        os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _path_of(video: VideoObject) -> str:
    """The name of a listed file as this process's locale has it."""
    return os.fsdecode(video.uri.encode("utf-8", "surrogateescape"))


def _version(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"


def modified_s(version: str) -> float | None:
    """When a file was modified, seconds since 1970, by its version; None where the version does not say."""
    try:
        return int(version.rpartition("-")[0]) / 1e9
    except (ValueError, OverflowError):
        return None
