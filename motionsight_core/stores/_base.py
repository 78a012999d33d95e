"""The protocol that every object store follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError

#: What is taken for a video when a whole directory or prefix is listed.
VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".avi",
        ".asf",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    ]
)


@dataclass(frozen=True, slots=True)
class UnlistedObject:
    """A name in the source that cannot become a VideoObject."""

    uri: str
    version: str
    error: ClipError


class ObjectStore(Protocol):
    """Lists objects with their versions and reads exactly the version that was listed."""

    def list(self, source: str) -> Iterator[VideoObject | UnlistedObject]:
        """The videos of a source, in the order of names.

        Raises:
            UsageError: the source does not exist.
            RunError: the store cannot be reached, or does not let us list it.
        """
        ...

    def open(self, video: VideoObject) -> AbstractContextManager[BinaryIO]:
        """A seekable handle on the listed version, for the length of a `with` block.

        Raises (on entry or, where a file changed while it was read, on exit):
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store refused or failed to give them.
        """
        ...
