"""Object stores behind one small protocol: list with versions, read exactly that version.

    from motionsight_core.stores import list_objects, open_object

    for video in list_objects("clips"):
        with open_object(video) as file:
            print(video.uri, video.version, file.read(4))

`store_for` finds the store of an address; each is an `ObjectStore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO

from motionsight_core.backends import STORES
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
from motionsight_core.stores._local import LocalStore, modified_s
from motionsight_core.stores._naming import OTHER_SUFFIXES, Candidate, PassedOver, listed_as

__all__ = [
    "OTHER_SUFFIXES",
    "WHOLE",
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
    "read_head",
    "store_for",
]

_DEFAULTS = StoreSettings()


def store_for(address: str, settings: StoreSettings = _DEFAULTS) -> ObjectStore:
    """The store that holds a source or an object's uri.

    Raises:
        UsageError: no store is registered for the address's scheme, or its package cannot be imported.
    """
    scheme, separator, _ = address.partition("://")
    if not separator:
        return LocalStore(settings)
    if scheme not in STORES:
        *names, last = STORES.usages()
        raise UsageError(
            f"There is no object store for {scheme}:// addresses; give a file, a directory, a glob, "
            f"{', '.join(names)} or {last}"
        )
    return STORES.load(scheme)(settings)


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
