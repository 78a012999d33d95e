"""Which videos a client may name: those below a root, and nothing else on this machine or in a bucket."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, StoreUnavailable, UsageError
from motionsight_core.serving.refusals import invalid, no_video
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import UnlistedObject, list_objects, store_for

#: The longest address, characters.
_LONGEST = 4096
#: `file://` and these hosts mean this machine.
_THIS_MACHINE = ("", "localhost")


@dataclass(frozen=True, slots=True)
class OpenedVideo:
    """A video that a client named."""

    video: VideoObject
    file: BinaryIO | None
    """Its open file; None where the decoder pool reads it from its store."""


class Roots:
    """Folders of this machine and prefixes of buckets below which a client may name videos.

    A path may lead over links, as long as the file lies below a root once all of them are followed. It is
    then opened by a walk that follows none: a link that is put there meanwhile leads nowhere. What is not
    there and what lies elsewhere are refused in the same words.

    Args:
        roots: folders, `gs://bucket/prefix` or `s3://bucket/prefix`.
        stores: how objects are read.

    Raises:
        UsageError: a folder does not exist, or there is no such store.
    """

    def __init__(self, roots: Sequence[str], stores: StoreSettings) -> None:
        self._stores = stores
        self._folders: list[tuple[str, str]] = []
        self._prefixes: list[str] = []
        for root in roots:
            if "://" in root:
                store_for(root, stores)
                self._prefixes.append(root.rstrip("/") + "/")
                continue
            folder = Path(root).expanduser()
            if not folder.is_dir():
                raise UsageError(f"There is no folder {root!r} to be a root.")
            self._folders.append((os.path.abspath(folder), os.path.realpath(folder)))  # noqa: PTH100

    @contextmanager
    def opened(self, address: str) -> Iterator[OpenedVideo]:
        """The video at an address: `file:///path`, `gs://bucket/name` or `s3://bucket/name`.

        Raises:
            RequestError: the address is of another kind, or nothing below a root.
        """
        scheme, separator, rest = address.partition("://")
        if not separator or len(address) > _LONGEST:
            raise invalid(
                "A video's url is file:///path, gs://bucket/name, s3://bucket/name or "
                "data:video/...;base64,...; nothing else is opened.",
                "messages",
            )
        if scheme.lower() == "file":
            with self._file(address, rest) as opened:
                yield opened
            return
        yield OpenedVideo(self._object(address), None)

    @contextmanager
    def _file(self, address: str, rest: str) -> Iterator[OpenedVideo]:
        host, slash, path = rest.partition("/")
        if host.lower() not in _THIS_MACHINE or not slash:
            raise no_video(address)
        # Many programs write a path after file:// as it is, some encode it as the standard says.
        descriptor = self._open("/" + path)
        if descriptor is None:
            descriptor = self._open("/" + unquote(path, errors="surrogateescape"))
        if descriptor is None:
            raise no_video(address)
        with open(descriptor, "rb") as file:  # noqa: PTH123 a descriptor
            status = os.fstat(file.fileno())
            yield OpenedVideo(VideoObject(address, f"{status.st_mtime_ns}-{status.st_size}"), file)

    def _open(self, path: str) -> int | None:
        """A descriptor of the file at a path, if it lies below a root."""
        parts = path.split("/")
        if "\0" in path or ".." in parts:
            return None
        # Outside of the roots nothing is even looked up.
        named = os.path.normpath(path)
        if not any(_is_below(named, root) for both in self._folders for root in both):
            return None
        try:
            real = os.path.realpath(named, strict=True)
            for _, root in self._folders:
                if _is_below(real, root):
                    return _walk(root, os.path.relpath(real, root).split("/"))
        except (OSError, ValueError):
            return None
        return None

    def _object(self, address: str) -> VideoObject:
        name = address.partition("://")[2]
        parts = name.split("/")
        # Clients of stores may take dots in a name for steps up a path.
        plain = name.isprintable() and not {"", ".", ".."} & set(parts)
        if not plain or not any(address.startswith(root) for root in self._prefixes):
            raise no_video(address)
        try:
            found = next(list_objects(address, settings=self._stores), None)
        except UsageError:
            found = None
        except RunError as error:
            raise StoreUnavailable(str(error)) from None
        if found is None or isinstance(found, UnlistedObject) or found.uri != address:
            raise no_video(address)
        return VideoObject(found.uri, found.version)


def _is_below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def _walk(root: str, parts: Sequence[str]) -> int:
    """Open the file at `parts` below a folder, each of them no link.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(part, flags, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Opening a pipe would wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        found = os.open(parts[-1], flags, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise FileNotFoundError(errno.ENOENT, "not a file")
        return found
    finally:
        os.close(folder)
