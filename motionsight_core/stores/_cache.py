"""Remote objects on this machine's disk, downloaded once and shared by all processes.

An entry is a file named by sha256 of uri and version. It appears under that name only when it is
whole: a download writes to `<name>.part` and is renamed. Locks are flocks on these very files, so
that nothing is left locked when a process dies:

- whoever reads an entry holds a shared lock on it; evicting needs the exclusive one;
- whoever downloads holds the exclusive lock on the part; others wait for it.

A file may be renamed or unlinked between open and flock, so after each lock the name is looked at
again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from motionsight_core import environment
from motionsight_core.catalog import VideoObject
from motionsight_core.errors import StoreUnavailable, UsageError
from motionsight_core.settings import StoreSettings

_DEFAULT_LIMIT_MB = 20_000
_MIB = 1024 * 1024
_PART = ".part"
_PASSING = ".once"
_SPACE_LOCK = "space.lock"
_DEFAULTS = StoreSettings()


@dataclass(frozen=True, slots=True)
class Download:
    """One version of an object that can be fetched now."""

    size: int
    """Bytes, as the store announces them."""
    save: Callable[[BinaryIO], None]
    """Writes all bytes into a file that is open for writing, from its start."""


@contextmanager
def cached(
    video: VideoObject, ask: Callable[[VideoObject], Download], settings: StoreSettings = _DEFAULTS
) -> Iterator[Path]:
    """A local file with the object's bytes, which stays for the length of the `with` block.

    Args:
        video: the object and its version.
        ask: asks the store for this version; only called where the bytes are not here yet.
        settings: where the objects lie and how much room they have.

    Raises:
        ClipError: what `ask` or its download raise.
        StoreUnavailable: the download was not whole, or the disk cannot hold it.
        UsageError: the cache's directory or limit cannot be used.
    """
    directory, limit = cache_directory(settings), cache_limit(settings)
    name = hashlib.sha256(f"{video.uri}\0{video.version}".encode()).hexdigest()
    with ExitStack() as held:
        try:
            path = _entry(directory, limit, name, video, ask, held)
        except OSError as error:
            raise StoreUnavailable(
                f"The cache at {directory} cannot hold the object: {error.strerror or error}."
            ) from None
        yield path


def cache_directory(settings: StoreSettings = _DEFAULTS) -> Path:
    """Where the objects lie; made where it is not there, readable by this user only.

    Raises:
        UsageError: it cannot be made, or belongs to another user.
    """
    named = settings.cache_dir or os.environ.get(environment.CACHE)
    ours = f"motionsight-cache-{os.getuid()}"
    directory = Path(named).expanduser() if named else Path(tempfile.gettempdir(), ours)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat() if named else directory.lstat()
    except OSError as error:
        raise UsageError(
            f"The cache {directory} cannot be used: {error.strerror}; set stores.cache_dir or "
            f"{environment.CACHE}."
        ) from None
    # In a shared temporary folder another user may have made it first, to feed us their bytes.
    if not named and (not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid()):
        raise UsageError(
            f"The cache {directory} belongs to another user; set stores.cache_dir or {environment.CACHE} "
            "to a folder of yours."
        )
    if not named and stat.S_IMODE(status.st_mode) != 0o700:
        directory.chmod(0o700)
    return directory


def cache_limit(settings: StoreSettings = _DEFAULTS) -> int:
    """Bytes that the entries may take together.

    Raises:
        UsageError: the variable is no number.
    """
    if settings.cache_mb is not None:
        return settings.cache_mb * _MIB
    text = os.environ.get(environment.CACHE_MB, str(_DEFAULT_LIMIT_MB))
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"{environment.CACHE_MB} takes a whole number of MiB, got {text!r}.")
    return int(text) * _MIB


def _entry(
    directory: Path,
    limit: int,
    name: str,
    video: VideoObject,
    ask: Callable[[VideoObject], Download],
    held: ExitStack,
) -> Path:
    """The object's file; `held` keeps it locked (or deletes it, where the cache has no room)."""
    path, part = directory / name, directory / (name + _PART)
    while True:
        if (entry := _locked(path, os.O_RDONLY, fcntl.LOCK_SH)) is not None:
            held.callback(os.close, entry)
            os.utime(entry)  # least recently used goes first
            return path
        if (descriptor := _locked(part, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX | fcntl.LOCK_NB)) is None:
            _wait_for(part)
            continue
        with ExitStack() as attempt:
            attempt.callback(os.close, descriptor)
            attempt.callback(_remove_own, part, descriptor)
            if path.exists():  # it came between the two looks
                continue
            download = ask(video)
            if not _reserve(directory, limit, descriptor, download.size):
                return _passing_copy(directory, name, download, held)
            _fill(descriptor, download)
            with _space_lock(directory):  # who counts must meet it under one of its names
                part.rename(path)
            # The lock goes along with the file, so that it is not evicted before it was used once.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if _is_named(descriptor, path):
                attempt.pop_all()
                held.callback(os.close, descriptor)
                return path


def _locked(path: Path, flags: int, operation: int) -> int | None:
    """A descriptor of the file that has this name, locked; None where there is none or it is taken."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, operation)
        if _is_named(descriptor, path):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _wait_for(part: Path) -> None:
    """Return when whoever downloads is done, for better or worse."""
    with suppress(FileNotFoundError), part.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _fill(descriptor: int, download: Download) -> None:
    """Write the whole object into a file.

    Raises:
        StoreUnavailable: other than the announced number of bytes came.
    """
    with open(descriptor, "wb", closefd=False) as file:
        download.save(file)
        file.flush()
        received = file.tell()
    if received != download.size:
        raise StoreUnavailable(f"The store gave {received} of {download.size} bytes.")


def _remove_own(path: Path, descriptor: int) -> None:
    """Unlink a file under its lock, unless the name is another file's by now."""
    if _is_named(descriptor, path):
        path.unlink()


def _passing_copy(directory: Path, name: str, download: Download, held: ExitStack) -> Path:
    """A file of its own that is deleted after use, for what the cache has no room for."""
    with _space_lock(directory):  # else it could be taken for one that was left behind
        descriptor, file = tempfile.mkstemp(prefix=f"{name}.", suffix=_PASSING, dir=directory)
        held.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    held.callback(_remove_own, Path(file), descriptor)
    _fill(descriptor, download)
    return Path(file)


def _reserve(directory: Path, limit: int, part: int, size: int) -> bool:
    """Evict what was not used for longest until `size` bytes more fit; False where they cannot."""
    if size > limit:
        return False
    with _space_lock(directory):
        files = _files_by_use(directory)
        taken = sum(length for _, length in files)
        for path, length in files:
            if path.suffix not in (_PART, _PASSING) and taken + size <= limit:
                continue  # while parts and passing copies that nobody holds are removed in any case
            if (descriptor := _locked(path, os.O_RDWR, fcntl.LOCK_EX | fcntl.LOCK_NB)) is None:
                continue  # in use, or gone
            path.unlink()
            os.close(descriptor)
            taken -= length
        if taken + size > limit:
            return False
        # Whoever counts next sees this size, though the bytes are still to come.
        os.ftruncate(part, size)
        return True


@contextmanager
def _space_lock(directory: Path) -> Iterator[None]:
    with (directory / _SPACE_LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _files_by_use(directory: Path) -> list[tuple[Path, int]]:
    """Files with what they take of the limit in bytes, longest unused first; passing copies take none."""
    found: list[tuple[int, Path, int]] = []
    for path in directory.iterdir():
        if path.name == _SPACE_LOCK:
            continue
        with suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                size = 0 if path.suffix == _PASSING else status.st_size
                found.append((status.st_mtime_ns, path, size))
    return [(path, size) for _, path, size in sorted(found)]
