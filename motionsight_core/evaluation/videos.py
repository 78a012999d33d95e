"""Finding the videos that questions name: in one listing, by relative name, never by joining paths."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, UsageError, VideoNotFound
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import UnlistedObject, list_objects


class ListedVideos:
    """The objects below a folder or prefix whose names are wanted.

    A name that leads out of the folder is no name of an object in it, so that it finds nothing.

    Args:
        source: a folder, or the address of a bucket or a prefix in one.
        wanted: relative names, with `/` between parts; of what else is there nothing is kept.
        stores: how a store is reached.

    Raises:
        UsageError: the source does not exist, or is no folder.
        RunError: its store cannot be listed.
    """

    def __init__(self, source: str, wanted: Collection[str], stores: StoreSettings) -> None:
        self.root = _root_of(source)
        self._found: dict[str, VideoObject | UnlistedObject] = {}
        wanted = frozenset(wanted)
        # A question names its video: whatever the name's suffix is, the decoder looks into it.
        every_file = stores.model_copy(update={"all_files": True})
        for item in list_objects(source, settings=every_file):
            name = item.uri.removeprefix(f"{self.root}/")
            if name in wanted and name != item.uri:
                known = item if isinstance(item, UnlistedObject) else VideoObject(item.uri, item.version)
                self._found[name] = known

    def find(self, places: Sequence[str]) -> VideoObject | ClipError:
        """The object at the first of the places that has one, or why there is none.

        Args:
            places: relative names.
        """
        for place in places:
            found = self._found.get(place)
            if isinstance(found, UnlistedObject):
                return found.error
            if found is not None:
                return found
        return VideoNotFound(f"There is no {' or '.join(map(repr, places))} below {self.root}.")

    def uri_of(self, place: str) -> str:
        """What failures call an object that is not there."""
        return f"{self.root}/{place}"


def _root_of(source: str) -> str:
    """What the addresses of all objects below a source begin with, without the slash at its end."""
    if "://" in source:
        return source.rstrip("/")
    path = Path(source).expanduser()
    if not path.is_dir():
        raise UsageError(
            f"There is no folder {source!r}; name the folder of the benchmark's videos, or its gs:// or "
            "s3:// address."
        )
    return os.path.abspath(path)  # noqa: PTH100 - as listings write it: links are kept
