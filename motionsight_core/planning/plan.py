"""What there is to do: list a source, leave out what the warehouse has, cut the rest into shards.

Names stream through: what is in memory is one batch of them, and the shards that are being filled.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.planning.candidates import is_video, videos_among
from motionsight_core.planning.shards import Shard, ShardFile, Shards
from motionsight_core.record import Failure
from motionsight_core.settings import Settings
from motionsight_core.stores import Candidate, Listed, PassedOver, UnlistedObject, list_objects
from motionsight_core.warehouse import Known, Warehouse

#: Objects asked about in one query of the warehouse.
_BATCH = 20_000

T = TypeVar("T")

_NOTHING = Known(frozenset(), frozenset(), unusable=False)


@dataclass(slots=True)
class Plan:
    """A run's work, or one partition's of it."""

    shards: Shards
    listed: int = 0
    """Videos in the source, as far as names and first bytes tell."""
    annotated: int = 0
    """Clips left out because they have a row."""
    known_failures: int = 0
    """Objects and clips left out because the same bytes failed before, for good."""
    videos: int = 0
    """Objects that are to be opened."""
    passed_over: PassedOver = field(default_factory=PassedOver)
    """What else is in the source; all of it, whichever partition this is the plan of."""

    @property
    def skipped(self) -> int:
        """Clips that the plan leaves out."""
        return self.annotated + self.known_failures


def plan_catalog(
    listing: Iterable[Listed],
    settings: Settings,
    warehouse: Warehouse,
    *,
    run_id: str,
    force: bool = False,
    retry: frozenset[str] = frozenset(),
    passed_over: PassedOver | None = None,
) -> Plan:
    """Plan what is not in the warehouse yet under the settings' recipe.

    Args:
        listing: of the source's videos; `list_objects` gives one.
        force: plan everything, whatever the warehouse has.
        retry: names of errors; what failed with them is tried again, though the bytes are the same.
        passed_over: in which the listing counts what is not a video.

    Raises:
        UsageError: the source does not exist.
    """
    (plan,) = plan_partitions(
        listing,
        settings,
        warehouse,
        run_id=run_id,
        partitions=1,
        force=force,
        retry=retry,
        passed_over=passed_over,
    )
    return plan


def plan_partitions(
    listing: Iterable[Listed],
    settings: Settings,
    warehouse: Warehouse,
    *,
    run_id: str,
    partitions: int,
    force: bool = False,
    retry: frozenset[str] = frozenset(),
    passed_over: PassedOver | None = None,
) -> list[Plan]:
    """As `plan_catalog`, with the objects dealt out to so many plans, in one listing.

    An object's partition depends on its uri alone, so that it is the same in every run.
    """
    recipe = settings.recipe()
    file = ShardFile()
    others = PassedOver() if passed_over is None else passed_over
    filling = [
        _Filling(Plan(Shards(file=file), passed_over=others), settings.runtime.shard_size)
        for _ in range(partitions)
    ]
    for batch in _batches(listing, _BATCH):
        named = [VideoObject(item.uri, item.version) for item in batch]
        known = {} if force else warehouse.known(named, recipe, retry=retry)
        # What is known to be a video, or to have failed as one, need not be looked into again.
        unsure = (
            item
            for item, video in zip(batch, named, strict=True)
            if isinstance(item, Candidate) and not is_finished(known.get(video, _NOTHING), settings)
        )
        looked_into = videos_among(unsure, settings.stores)
        for item, video in zip(batch, named, strict=True):
            partition = filling[partition_of(video.uri, partitions)]
            there = known.get(video, _NOTHING)
            finished = is_finished(there, settings)
            if isinstance(item, Candidate) and not finished and item not in looked_into:
                others.add_content(item.uri)
                continue
            partition.plan.listed += 1
            if finished:
                partition.plan.annotated += len(there.annotated)
                partition.plan.known_failures += there.skipped - len(there.annotated)
            elif isinstance(item, UnlistedObject):
                partition.failures.append(
                    Failure.of_object(item.error, video, stage="list", recipe=recipe, run_id=run_id)
                )
            else:
                partition.add(video)
    return [partition.finished() for partition in filling]


def partition_of(uri: str, partitions: int) -> int:
    """The partition of an object, from 0; stable across runs, machines and versions of the object."""
    return zlib.crc32(uri.encode("utf-8", "surrogatepass")) % partitions


class _Filling:
    """A plan while objects are dealt out to it."""

    def __init__(self, plan: Plan, shard_size: int) -> None:
        self.plan = plan
        self.failures: list[Failure] = []
        self._shard_size = shard_size
        self._videos: list[VideoObject] = []

    def add(self, video: VideoObject) -> None:
        self.plan.videos += 1
        self._videos.append(video)
        if len(self._videos) == self._shard_size:
            self._cut()

    def finished(self) -> Plan:
        if self._videos or self.failures:
            self._cut(tuple(self.failures))
        return self.plan

    def _cut(self, failures: tuple[Failure, ...] = ()) -> None:
        self.plan.shards.append(Shard(len(self.plan.shards), tuple(self._videos), failures))
        self._videos.clear()


def clips_of(source: str, settings: Settings | None = None) -> list[Clip]:
    """All clips of a source's videos, without a warehouse: for use from Python.

    Raises:
        UsageError: the source does not exist.
        ClipError: one of its videos cannot be read.
    """
    settings = settings or Settings()
    clips: list[Clip] = []
    for item in list_objects(source, settings=settings.stores):
        if isinstance(item, UnlistedObject):
            raise item.error
        if isinstance(item, Candidate) and not is_video(item, settings.stores):
            continue
        video = VideoObject(item.uri, item.version)
        decoder = shared_decoder(settings)
        if settings.clips.scenes:
            clips += [scene.clip for scene in decoder.decode_scenes(video, products=())]
        else:
            clips += split(video, duration_s=decoder.probe(video), window_s=settings.clips.window_s)
    return clips


def is_finished(known: Known, settings: Settings) -> bool:
    """Whether an object needs not even be opened: all its clips are known to be done.

    How many windows or scenes it has is only known where an earlier run wrote it down.
    """
    if is_split(settings):
        return known.unusable or (known.clips is not None and len(known.done) >= known.clips)
    return known.unusable or bool(known.done)


def is_split(settings: Settings) -> bool:
    """Whether a video can have more than one clip."""
    return settings.clips.scenes or settings.clips.window_s is not None


def clips_to_do(
    video: VideoObject, duration_s: float, known: Known | None, settings: Settings
) -> tuple[list[Clip], int]:
    """The clips of a video that are not in the warehouse yet, and how many others there are."""
    clips = split(video, duration_s=duration_s, window_s=settings.clips.window_s)
    there = known or _NOTHING
    to_do = [clip for clip in clips if clip.clip_id not in there.done]
    return to_do, len(clips) - len(to_do)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
