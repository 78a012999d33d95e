"""Object stores behind one small protocol: list with versions, read exactly that version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.stores._base import VIDEO_SUFFIXES, ObjectStore, UnlistedObject
from motionsight_core.stores._cloud import CloudStore
from motionsight_core.stores._gcs import GcsStore
from motionsight_core.stores._local import LocalStore
from motionsight_core.stores._s3 import S3Store

__all__ = [
    "VIDEO_SUFFIXES",
    "ObjectStore",
    "UnlistedObject",
    "fetch_object",
    "list_objects",
    "open_object",
    "store_for",
]

_CLOUD_STORES: dict[str, CloudStore] = {store.scheme: store for store in (GcsStore(), S3Store())}


def store_for(address: str) -> ObjectStore:
    """The store that holds a source or an object's uri.

    Raises:
        UsageError: no store is known for the address's scheme.
    """
    scheme, separator, _ = address.partition("://")
    if not separator:
        return LocalStore()
    if scheme in _CLOUD_STORES:
        return _CLOUD_STORES[scheme]
    raise UsageError(
        f"There is no object store for {scheme}:// addresses; give a file, a directory, a glob, gs://... or "
        "s3://..."
    )


def list_objects(source: str) -> Iterator[VideoObject | UnlistedObject]:
    """Every video of a source with its version, in the order of names.

    Raises:
        UsageError: the source does not exist.
        RunError: its store cannot be listed.
    """
    return store_for(source).list(source)


def open_object(video: VideoObject) -> AbstractContextManager[BinaryIO]:
    """A seekable handle on exactly the version that was listed, for the length of a `with` block.

    Raises:
        VersionGone: the store holds other bytes now, or none.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri).open(video)


def fetch_object(video: VideoObject) -> AbstractContextManager[Path | None]:
    """A remote object as a local file for the length of a `with` block; None for what is local already.

    For processes that have neither credentials nor a network: they are handed the path.

    Raises:
        VersionGone: the store holds other bytes now, or none.
        StoreUnavailable: the store refused or failed to give them.
    """
    store = store_for(video.uri)
    return store.fetch(video) if isinstance(store, CloudStore) else nullcontext()
