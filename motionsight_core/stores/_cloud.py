"""What the stores of clouds have in common: prefixes, names, and objects read through the cache."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, UsageError
from motionsight_core.stores._base import VIDEO_SUFFIXES, UnlistedObject
from motionsight_core.stores._cache import Download, cached

#: Objects in one answer of a listing; the most that the stores give.
PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """`gs://bucket/name` or `s3://bucket/name`; the name is data, whatever characters it has."""

    bucket: str
    name: str
    """Of an object, or a prefix of names; empty for a whole bucket."""


class CloudStore(ABC):
    """A bucket's objects below a prefix, or the one object that has exactly this name."""

    scheme: ClassVar[str]
    package: ClassVar[str]
    """The module of the store's client."""
    extra: ClassVar[str]
    """Of MotionSight, that installs it."""

    @abstractmethod
    def versions(self, address: CloudAddress) -> Iterator[tuple[str, str]]:
        """Name and version of every object whose name begins with the address's, in their order.

        Raises:
            UsageError: there is no such bucket.
            RunError: the store cannot be reached, or does not let us list it.
        """

    @abstractmethod
    def ask(self, video: VideoObject) -> Download:
        """Find the listed version for a download; it and the download raise ClipErrors.

        Raises:
            VersionGone: the store holds other bytes now, or none.
            StoreUnavailable: the store refused or failed to give them.
        """

    def list(self, source: str) -> Iterator[VideoObject | UnlistedObject]:
        address = self.parse(source)
        self._require_package()
        count = 0
        for name, version in self.versions(address):
            count += 1
            video = VideoObject(f"{self.scheme}://{address.bucket}/{name}", version)
            if name == address.name and not name.endswith("/"):
                # Names come in their order, so the one that is the whole prefix comes first; it was
                # asked for by its name, like a local file.
                yield video
                return
            if _is_video(name):
                yield video
        if count == 0:
            raise UsageError(f"There is no object at {source!r}.")

    @contextmanager
    def open(self, video: VideoObject) -> Iterator[BinaryIO]:
        with self.fetch(video) as path, path.open("rb") as file:
            yield file

    def fetch(self, video: VideoObject) -> AbstractContextManager[Path]:
        """A local file with the listed version's bytes, for the length of a `with` block.

        Raises:
            ClipError: as `ask`.
        """
        self._require_package()
        return cached(video, self.ask)

    def parse(self, uri: str) -> CloudAddress:
        """Bucket and name of an address.

        Raises:
            UsageError: it names no bucket.
        """
        bucket, _, name = uri.removeprefix(f"{self.scheme}://").partition("/")
        if not bucket:
            raise UsageError(f"{uri!r} names no bucket; write {self.scheme}://bucket/prefix.")
        return CloudAddress(bucket, name)

    def _require_package(self) -> None:
        try:
            importlib.import_module(self.package)
        except ImportError:
            raise RunError(
                f"{self.scheme}:// addresses need {self.package}; run "
                f"`pip install 'motionsight[{self.extra}]'`."
            ) from None


def _is_video(name: str) -> bool:
    """By suffix; neither hidden nor the placeholder of a folder."""
    last = name.rpartition("/")[2]
    return not last.startswith(".") and PurePosixPath(last).suffix.lower() in VIDEO_SUFFIXES
