"""What there is to do: list a source, leave out what the warehouse has, cut the rest into shards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.guard import shared_decoder
from motionsight_core.record import Failure
from motionsight_core.settings import Settings
from motionsight_core.stores import UnlistedObject, list_objects
from motionsight_core.warehouse import Known, Warehouse

#: Objects asked about in one query of the warehouse.
_BATCH = 2000

T = TypeVar("T")

_NOTHING = Known(frozenset(), frozenset(), unusable=False)


@dataclass(frozen=True, slots=True)
class Shard:
    """The objects of one bounded pipeline and one commit."""

    index: int
    """From 0."""
    videos: tuple[VideoObject, ...]
    failures: tuple[Failure, ...] = ()
    """Names that failed while they were listed; they are committed with the shard."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's work."""

    shards: tuple[Shard, ...]
    listed: int
    """Objects in the source."""
    annotated: int
    """Clips left out because they have a row."""
    known_failures: int
    """Objects and clips left out because the same bytes failed before, for good."""

    @property
    def skipped(self) -> int:
        """Clips that the plan leaves out."""
        return self.annotated + self.known_failures

    @property
    def videos(self) -> int:
        """Objects that are to be opened."""
        return sum(len(shard.videos) for shard in self.shards)


def plan_catalog(
    source: str, settings: Settings, warehouse: Warehouse, *, run_id: str, force: bool = False
) -> Plan:
    """List the source and plan what is not in the warehouse yet under the settings' recipe.

    Args:
        source: a file, a directory, a glob, or a store's address.
        force: plan everything, whatever the warehouse has.

    Raises:
        UsageError: the source does not exist.
    """
    recipe = settings.recipe()
    to_do: list[VideoObject] = []
    failures: list[Failure] = []
    listed = annotated = known_failures = 0
    for batch in _batches(list_objects(source), _BATCH):
        listed += len(batch)
        named = [VideoObject(item.uri, item.version) for item in batch]
        known = {} if force else warehouse.known(named, recipe)
        for item, video in zip(batch, named, strict=True):
            there = known.get(video, _NOTHING)
            if is_finished(there, settings):
                annotated += len(there.annotated)
                known_failures += len(there.failed) + there.unusable
            elif isinstance(item, UnlistedObject):
                failures.append(
                    Failure.of(
                        item.error,
                        stage="list",
                        uri=item.uri,
                        version=item.version,
                        clip_id=None,
                        recipe=recipe,
                        run_id=run_id,
                    )
                )
            else:
                to_do.append(video)
    size = settings.runtime.shard_size
    shards = [Shard(index, tuple(videos)) for index, videos in enumerate(_batches(to_do, size))]
    if failures:
        shards.append(Shard(len(shards), (), tuple(failures)))
    return Plan(tuple(shards), listed, annotated, known_failures)


def clips_of(source: str, settings: Settings | None = None) -> list[Clip]:
    """All clips of a source's videos, without a warehouse: for use from Python.

    Raises:
        UsageError: the source does not exist.
        ClipError: one of its videos cannot be read.
    """
    settings = settings or Settings()
    clips: list[Clip] = []
    for item in list_objects(source):
        if isinstance(item, UnlistedObject):
            raise item.error
        duration_s = shared_decoder(settings).probe(item)
        clips += split(item, duration_s=duration_s, window_s=settings.clips.window_s)
    return clips


def is_finished(known: Known, settings: Settings) -> bool:
    """Whether an object needs not even be opened: all its clips are known to be done.

    With windows the number of clips is only known once the video is opened, so it is.
    """
    whole = settings.clips.window_s is None
    return known.unusable or (whole and bool(known.annotated | known.failed))


def clips_to_do(
    video: VideoObject, duration_s: float, known: Known | None, settings: Settings
) -> tuple[list[Clip], int]:
    """The clips of a video that are not in the warehouse yet, and how many others there are."""
    clips = split(video, duration_s=duration_s, window_s=settings.clips.window_s)
    there = known or _NOTHING
    to_do = [clip for clip in clips if clip.clip_id not in there.annotated | there.failed]
    return to_do, len(clips) - len(to_do)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
