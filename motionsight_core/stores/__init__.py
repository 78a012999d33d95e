"""Object stores behind one small protocol: list with versions, read exactly that version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.stores._base import VIDEO_SUFFIXES, ObjectStore, UnlistedObject
from motionsight_core.stores._local import LocalStore

__all__ = ["VIDEO_SUFFIXES", "ObjectStore", "UnlistedObject", "list_objects", "open_object", "store_for"]


def store_for(address: str) -> ObjectStore:
    """The store that holds a source or an object's uri.

    Raises:
        UsageError: no store is known for the address's scheme.
    """
    scheme, separator, _ = address.partition("://")
    if not separator:
        return LocalStore()
    raise UsageError(
        f"There is no object store for {scheme}:// addresses; give a file, a directory or a glob."
    )


def list_objects(source: str) -> Iterator[VideoObject | UnlistedObject]:
    """Every video of a source with its version, in the order of names.

    Raises:
        UsageError: the source does not exist.
    """
    return store_for(source).list(source)


def open_object(video: VideoObject) -> AbstractContextManager[BinaryIO]:
    """A seekable handle on exactly the version that was listed, for the length of a `with` block.

    Raises:
        VersionGone: the store holds other bytes now, or none.
        StoreUnavailable: the store refused or failed to give them.
    """
    return store_for(video.uri).open(video)
