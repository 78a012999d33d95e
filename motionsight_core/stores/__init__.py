"""Object stores behind one small protocol: list with versions, read exactly that version.

    from motionsight_core.stores import list_objects, open_object

    for video in list_objects("clips"):
        with open_object(video) as file:
            print(video.uri, video.version, file.read(4))

`store_for` finds the store of an address; each is an `ObjectStore`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._base import (
    WHOLE,
    Listed,
    ObjectStore,
    RangeReader,
    Selection,
    UnlistedObject,
)
from motionsight_core.stores._cloud import CloudStore
from motionsight_core.stores._gcs import GcsStore
from motionsight_core.stores._local import LocalStore, modified_s
from motionsight_core.stores._naming import OTHER_SUFFIXES, Candidate, PassedOver, listed_as
from motionsight_core.stores._s3 import S3Store

__all__ = [
    "OTHER_SUFFIXES",
    "Candidate",
    "Listed",
    "LocalStore",
    "ObjectStore",
    "PassedOver",
    "RangeReader",
    "Selection",
    "UnlistedObject",
    "list_objects",
    "listed_as",
    "modified_s",
    "open_object",
    "open_ranges",
    "read_head",
    "read_object",
    "store_for",
]

_CLOUD_STORES: dict[str, Callable[[StoreSettings], CloudStore]] = {"gs": GcsStore, "s3": S3Store}
_DEFAULTS = StoreSettings()


def store_for(address: str, settings: StoreSettings = _DEFAULTS) -> ObjectStore:
    """The store that holds a source or an object's uri.

    Raises:
        UsageError: no store is known for the address's scheme.
    """
    scheme, separator, _ = address.partition("://")
    if not separator:
        return LocalStore(settings)
    if scheme in _CLOUD_STORES:
        return _CLOUD_STORES[scheme](settings)
    raise UsageError(
        f"There is no object store for {scheme}:// addresses; give a file, a directory, a glob, gs://... or "
        "s3://..."
    )


def list_objects(
    source: str,
    *,
    selection: Selection = WHOLE,
    settings: StoreSettings = _DEFAULTS,
    passed_over: PassedOver | None = None,
) -> Iterator[Listed]:
    """The selected objects of a source with their versions, in the store's order.

    These are the ones whose name is that of a video, and whatever a file's own name or a pattern names.
    The others are counted in `passed_over` or, with `stores.all_files`, listed as Candidates, of which
    `videos_among` tells which are videos.

    That is the order of names by code point (which is that of their UTF-8 bytes). In a directory a
    folder's own files come first, then what lies in the folders within it.

    Raises:
        UsageError: the source does not exist, or `selection.after` is no name below it.
        RunError: its store cannot be listed.
    """
    return store_for(source, settings).list(source, selection, passed_over=passed_over)


def read_head(video: VideoObject, length: int, *, settings: StoreSettings = _DEFAULTS) -> bytes:
    """The first bytes of exactly the version that was listed, at most `length`.

    Raises:
        VersionGone: the store holds other bytes now, or none.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri, settings).head(video, length)


def open_object(
    video: VideoObject, *, settings: StoreSettings = _DEFAULTS
) -> AbstractContextManager[BinaryIO]:
    """A seekable handle on exactly the version that was listed, for the length of a `with` block.

    Raises:
        VersionGone: the store holds other bytes now, or none; also while it is read.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri, settings).open(video)


def open_ranges(
    video: VideoObject, *, settings: StoreSettings = _DEFAULTS
) -> AbstractContextManager[RangeReader]:
    """Ranges of exactly the version that was listed, nothing of which is kept on disk.

    Raises:
        VersionGone: the store holds other bytes now, or none; also while it is read.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri, settings).ranges(video)


def read_object(
    video: VideoObject, *, settings: StoreSettings = _DEFAULTS
) -> AbstractContextManager[Path | RangeReader]:
    """A local file with the object's bytes, or a RangeReader where it is too long to be downloaded.

    For processes that have neither credentials nor a network: they are handed the path, or served
    the ranges. What is local already is its own path. `stores.range_reads_above_mb` says what is long.

    Raises:
        VersionGone: the store holds other bytes now, or none; also while it is read.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri, settings).read(video)
