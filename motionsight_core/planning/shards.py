"""Shards: the objects of one bounded pipeline and one commit, kept outside memory until their turn."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError
from motionsight_core.record import Failure


@dataclass(frozen=True, slots=True)
class Shard:
    """The objects of one bounded pipeline and one commit."""

    index: int
    """From 0."""
    videos: tuple[VideoObject, ...]
    failures: tuple[Failure, ...] = ()
    """Names that failed while they were listed; they are committed with the shard."""


class ShardFile:
    """A file without a name that holds shards: gone with the process, however it ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as shards are read
        self._lock = threading.Lock()

    def append(self, shard: Shard) -> int:
        """Write a shard; returns where it begins, bytes.

        Raises:
            RunError: the temporary folder is full.
        """
        with self._lock:
            try:
                place = self._file.seek(0, 2)
                pickle.dump(shard, self._file, protocol=pickle.HIGHEST_PROTOCOL)
                self._file.flush()
            except OSError as error:
                raise RunError(
                    f"The plan cannot be kept in the temporary folder {tempfile.gettempdir()}: "
                    f"{error.strerror}; make room there, or set TMPDIR to another folder."
                ) from None
            return place

    def read(self, place: int) -> Shard:
        """The shard that was written at `place`."""
        with self._lock:
            self._file.seek(place)
            return pickle.load(self._file)  # noqa: S301 - nobody else can open this file


class Shards(Sequence[Shard]):
    """Planned shards in order. A million objects take no memory but where each shard begins."""

    def __init__(self, shards: Iterable[Shard] = (), *, file: ShardFile | None = None) -> None:
        self._file = file or ShardFile()
        self._places: list[int] = []
        for shard in shards:
            self.append(shard)

    def append(self, shard: Shard) -> None:
        self._places.append(self._file.append(shard))

    @overload
    def __getitem__(self, index: int) -> Shard: ...
    @overload
    def __getitem__(self, index: slice) -> list[Shard]: ...
    def __getitem__(self, index: int | slice) -> Shard | list[Shard]:
        if isinstance(index, slice):
            return [self._file.read(place) for place in self._places[index]]
        return self._file.read(self._places[index])

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"Shards({len(self)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Where a workflow engine keeps results, the shards themselves travel.
        return Shards, (list(self),)
