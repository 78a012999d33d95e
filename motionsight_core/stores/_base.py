"""The protocol that every object store follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError
from motionsight_core.stores._naming import Candidate, PassedOver


@dataclass(frozen=True, slots=True)
class UnlistedObject:
    """A name in the source that cannot become a VideoObject."""

    uri: str
    version: str
    error: ClipError


Listed: TypeAlias = VideoObject | Candidate | UnlistedObject
"""What a listing consists of."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a source is listed; the whole of it by default."""

    since: datetime | None = None
    """Modified at this time or later, by the store's clock; without a time zone it is UTC."""
    until: datetime | None = None
    """Modified before this time."""
    after: str = ""
    """A uri; only those strictly after it in the listing's order. Where a listing stopped, it goes on."""

    @property
    def by_time(self) -> bool:
        """Whether it depends on when an object was modified."""
        return self.since is not None or self.until is not None

    def takes(self, modified_s: float) -> bool:
        """Whether an object that was modified then (seconds since 1970) is selected."""
        return (self.since is None or modified_s >= _seconds(self.since)) and (
            self.until is None or modified_s < _seconds(self.until)
        )


def _seconds(time: datetime) -> float:
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


WHOLE = Selection()


class RangeReader(Protocol):
    """Reads parts of exactly one version of an object; for one thread at a time."""

    @property
    def size(self) -> int:
        """Bytes of the whole object."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on: `length` of them, fewer only where the object ends.

        Raises:
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store refused or failed to give them.
        """
        ...


class ObjectStore(Protocol):
    """Lists objects with their versions and reads exactly the version that was listed.

    The order of a listing is total and the same each time, and `Selection.after` goes by it.
    """

    def list(
        self, source: str, selection: Selection = WHOLE, *, passed_over: PassedOver | None = None
    ) -> Iterator[Listed]:
        """The selected objects of a source, in the store's order: those with a video's name.

        With `stores.all_files` the others are in it too, as Candidates; without, they are counted in
        `passed_over`. An object that the source names itself is always taken.

        Raises:
            UsageError: the source does not exist, or `after` is no name below it.
            RunError: the store cannot be reached, or does not let us list it.
        """
        ...

    def head(self, video: VideoObject, length: int) -> bytes:
        """The first bytes of the listed version, at most `length`; errors as `open`."""
        ...

    def open(self, video: VideoObject) -> AbstractContextManager[BinaryIO]:
        """A seekable handle on the listed version, for the length of a `with` block.

        Raises (on entry, while it is read or, where a file changed meanwhile, on exit):
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store refused or failed to give them.
        """
        ...

    def read(self, video: VideoObject) -> AbstractContextManager[Path | RangeReader]:
        """A local file with the listed version's bytes, or its ranges where it is too long to download.

        For processes that have neither credentials nor a network: they are handed the file, or served the
        ranges. `stores.range_reads_above_mb` says what is too long. Errors as `open`.
        """
        ...
