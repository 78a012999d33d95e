"""What the stores of clouds have in common: prefixes, pages, and objects read from the cache or by ranges."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import NotAVideo, RunError, StoreUnavailable, UsageError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._base import WHOLE, Listed, RangeReader, Selection
from motionsight_core.stores._cache import Download, cache_limit, cached
from motionsight_core.stores._naming import PassedOver, listed_as
from motionsight_core.stores._patterns import NamePattern, is_pattern
from motionsight_core.stores._pinned import Pinned
from motionsight_core.stores._ranges import BlockReader, file_of
from motionsight_core.stores._retry import Broken, with_retries, within

#: Objects in one answer of a listing; the most that the stores give.
PAGE_SIZE = 1000

_MIB = 1024 * 1024
#: How compressed bytes begin.
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """`gs://bucket/name` or `s3://bucket/name`; the name is data, whatever characters it has."""

    bucket: str
    name: str
    """Of an object, or a prefix of names; empty for a whole bucket."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as a store lists it."""

    name: str
    version: str
    modified_s: float
    """When these bytes were written, seconds since 1970, by the store's clock."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing."""

    entries: tuple[Entry, ...]
    """In the order of their names."""
    next: Any
    """What the store wants to be told for the next page; None where there is none."""


#: Asks for one page: the prefix, the name after which it may begin, and `Page.next` of the one before.
#: One try, which raises Broken, UsageError or RunError.
Lister = Callable[[str, str, Any], Page]


class CloudStore(ABC):
    """A bucket's objects below a prefix, the one object that has exactly this name, or those that match."""

    scheme: ClassVar[str]
    package: ClassVar[str]
    """The module of the store's client."""
    extra: ClassVar[str]
    """Of MotionSight, that installs it."""

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings

    @abstractmethod
    def lister(self, address: CloudAddress) -> Lister:
        """How what lies below an address is listed; may ask the store.

        Raises:
            Broken: the store did not answer.
            UsageError: there is no such bucket.
            RunError: the store does not let us list it.
        """

    @abstractmethod
    def find(self, video: VideoObject) -> Pinned:
        """Find the listed version; one try.

        Raises:
            Broken: the store did not answer.
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store refused to give them.
        """

    def list(
        self, source: str, selection: Selection = WHOLE, *, passed_over: PassedOver | None = None
    ) -> Iterator[Listed]:
        address = self.parse(source)
        self._require_package()
        after = self._name_after(address, selection)
        lister = self._listing(address.bucket, lambda: self.lister(address))
        if is_pattern(address.name) and not self._begins_any(lister, address):
            yield from self._matches(lister, address, selection, after)
            return
        only, prefix = self._meaning(lister, address)
        if only is not None:
            if (not after or only.name > after) and selection.takes(only.modified_s):
                yield VideoObject(self._uri(address.bucket, only.name), only.version)
            return
        found = False
        for entry in self._entries(lister, address.bucket, prefix, after):
            found = True
            if not selection.takes(entry.modified_s):
                continue
            kind = listed_as(entry.name, all_files=self.settings.all_files)
            if kind is not None:
                yield kind(self._uri(address.bucket, entry.name), entry.version)
            elif passed_over is not None:
                passed_over.add_name(entry.name)
        if not found and not after:
            raise UsageError(f"There is no object at {source!r}.")

    def pin(self, video: VideoObject) -> Pinned:
        """The listed version, to be read.

        Raises:
            VersionGone: the store holds other bytes now, or none.
            NotAVideo: it is stored compressed.
            StoreUnavailable: the store refused or failed to answer.
        """
        pinned = self._found(video)
        # What a store says of the encoding may be wrong, what the bytes say is not.
        if "gzip" in pinned.encoding and pinned.read(0, min(2, pinned.size)) == _GZIP:
            raise NotAVideo(
                "The object is stored compressed (Content-Encoding: gzip), and is read as stored; store it "
                "uncompressed."
            )
        return pinned

    def head(self, video: VideoObject, length: int) -> bytes:
        pinned = self._found(video)  # a compressed object has a beginning too, which is not a video's
        return pinned.read(0, min(length, pinned.size))

    @contextmanager
    def open(self, video: VideoObject) -> Iterator[BinaryIO]:
        with (
            self.read(video) as found,
            found.open("rb") if isinstance(found, Path) else file_of(found) as file,
        ):
            yield file

    @contextmanager
    def read(self, video: VideoObject) -> Iterator[Path | RangeReader]:
        limit = min(self.settings.range_reads_above_mb * _MIB, cache_limit(self.settings))

        def ask(video: VideoObject) -> Download:
            pinned = self.pin(video)
            if pinned.size > limit:
                raise _TooLong(pinned)
            return Download(pinned.size, pinned.save)

        self._require_package()
        with ExitStack() as held:
            try:
                found = held.enter_context(cached(video, ask, self.settings))
            except _TooLong as long:
                found = held.enter_context(closing(BlockReader(long.pinned)))
            yield found

    def _found(self, video: VideoObject) -> Pinned:
        self._require_package()
        try:
            return self._with_retries(lambda: self.find(video))
        except Broken as broken:
            raise StoreUnavailable(f"The object cannot be read: {broken}.") from None

    def parse(self, uri: str) -> CloudAddress:
        """Bucket and name of an address.

        Raises:
            UsageError: it names no bucket.
        """
        bucket, _, name = uri.removeprefix(f"{self.scheme}://").partition("/")
        if not bucket:
            raise UsageError(f"{uri!r} names no bucket; write {self.scheme}://bucket/prefix.")
        return CloudAddress(bucket, name)

    def _meaning(self, lister: Lister, address: CloudAddress) -> tuple[Entry | None, str]:
        """The one object that an address names, whatever its suffix, and the prefix that it stands for.

        As with files: the object of this name; else what lies in the folder of this name; else, as
        buckets have no folders, every name that begins so.
        """
        name = address.name
        if not name or name.endswith("/"):
            return None, name
        # Names come in their order, so the one that is the whole prefix comes first.
        first = next(self._entries(lister, address.bucket, name, ""), None)
        if first is not None and first.name == name:
            return first, name
        inside = next(self._entries(lister, address.bucket, name + "/", ""), None)
        return None, name if inside is None else name + "/"

    def _begins_any(self, lister: Lister, address: CloudAddress) -> bool:
        """Whether any name begins with the address's: then its wildcards are letters like others."""
        return next(self._entries(lister, address.bucket, address.name, ""), None) is not None

    def _matches(
        self, lister: Lister, address: CloudAddress, selection: Selection, after: str
    ) -> Iterator[VideoObject]:
        """The objects whose names match the address's, whatever their suffix, as with files."""
        pattern = NamePattern(address.name)
        found = False
        for entry in self._entries(lister, address.bucket, pattern.prefix, after):
            if pattern.matches(entry.name) and not entry.name.endswith("/"):
                found = True
                if selection.takes(entry.modified_s):
                    yield VideoObject(self._uri(address.bucket, entry.name), entry.version)
        if not found and not after:
            raise UsageError(f"There is no object that matches {self._uri(address.bucket, address.name)!r}.")

    def _entries(self, lister: Lister, bucket: str, prefix: str, after: str) -> Iterator[Entry]:
        """Objects whose name begins with the prefix and comes after `after`, in the order of names."""
        last, upcoming = after, None
        while True:
            page = self._listing(bucket, lambda: lister(prefix, after, upcoming), last)  # noqa: B023 used at once
            for entry in page.entries:
                # A listing may begin with the name itself.
                if after and entry.name <= after:
                    continue
                last = entry.name
                yield entry
            upcoming = page.next
            if upcoming is None:
                return

    def _listing(self, bucket: str, attempt: Callable[[], Any], last: str = "") -> Any:
        """One answer of a listing, with retries; what fails says after which name one can go on."""
        go_on = f" The listing can go on after {self._uri(bucket, last)!r}." if last else ""
        try:
            return self._with_retries(attempt)
        except Broken as broken:
            raise RunError(f"{self.scheme}://{bucket} cannot be listed: {broken}.{go_on}") from None
        except (RunError, UsageError) as error:
            raise type(error)(f"{error}{go_on}") from None

    def _with_retries(self, attempt: Callable[[], Any]) -> Any:
        return with_retries(lambda: within(self.settings.stall_s, attempt), retries=self.settings.retries)

    def _name_after(self, address: CloudAddress, selection: Selection) -> str:
        if not selection.after:
            return ""
        bucket, separator, name = selection.after.removeprefix(f"{self.scheme}://").partition("/")
        if not selection.after.startswith(f"{self.scheme}://") or not separator or bucket != address.bucket:
            raise UsageError(
                f"A listing of {self.scheme}://{address.bucket} cannot go on after {selection.after!r}, "
                "which is not in this bucket."
            )
        return name

    def _uri(self, bucket: str, name: str) -> str:
        return f"{self.scheme}://{bucket}/{name}"

    def _require_package(self) -> None:
        try:
            importlib.import_module(self.package)
        except ImportError:
            raise RunError(
                f"{self.scheme}:// addresses need {self.package}; run "
                f"`pip install 'motionsight[{self.extra}]'`."
            ) from None


class _TooLong(Exception):
    """The object is not to be downloaded."""

    def __init__(self, pinned: Pinned) -> None:
        super().__init__()
        self.pinned = pinned
