"""AnnotateNotifications and AnnotateSource: pipelines that find their work and commit it by themselves.

They are for runners in a cloud, where nobody waits for the job. AnnotateNotifications goes on for as
long as a bucket tells of new objects; AnnotateSource ends with the source. Between finding and
committing both are the same AnnotateVideos as a shard on one machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.pvalue import AsIter, TaggedOutput
from apache_beam.transforms.util import GroupIntoBatches

from motionsight_core.catalog import VideoObject
from motionsight_core.record import Failure
from motionsight_core.stores import Candidate, list_objects
from motionsight_core.warehouse import Known, Manifest, Warehouse, open_warehouse
from transforms._candidates import CANDIDATES, LookInto
from transforms._commit import CommitRows, Job, Outcomes
from transforms._notifications import Notified, ReadNotifications
from transforms._plan import FAILURES, SKIPPED, skipped_of
from transforms._videos import AnnotateVideos

#: Objects asked about in one query of the warehouse.
_ASKED_TOGETHER = 2000
#: Longest wait of an object of a stream for that query, seconds.
_ASK_EVERY_S = 20.0


class AnnotateNotifications(beam.PTransform):
    """PCollection[PubsubMessage], a bucket's notifications -> the manifests that were committed."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, pcoll: beam.PCollection[PubsubMessage]) -> beam.PCollection[Manifest]:
        notified: Any = pcoll | "ReadNotifications" >> ReadNotifications(
            self._job.settings, run_id=self._job.run_id
        )
        return notified | "AnnotateNew" >> _AnnotateNew(self._job)


class AnnotateSource(beam.PTransform):
    """PBegin -> the manifests that were committed; then the run is marked as finished.

    Args:
        job: of the run.
        source: gs://bucket/prefix, or what else `list_objects` takes and workers can reach.
    """

    def __init__(self, job: Job, source: str) -> None:
        super().__init__()
        self._job, self._source = job, source

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection[Manifest]:
        listed: Any = (
            pbegin
            | "Source" >> beam.Create([self._source])
            | "List" >> beam.ParDo(_List(self._job)).with_outputs(FAILURES, CANDIDATES, main="videos")
        )
        videos: Any = listed["videos"]
        if self._job.settings.stores.all_files:
            found = listed[CANDIDATES] | "LookIntoFiles" >> LookInto(self._job.settings)
            videos = (videos, found) | "VideosAndFound" >> beam.Flatten()
        committed: Any = Notified(videos, listed[FAILURES]) | "AnnotateNew" >> _AnnotateNew(self._job)
        _ = (
            committed.pipeline
            | "Run" >> beam.Create([self._job.run_id])
            | "FinishRun" >> beam.Map(_finish_run, self._job.warehouse, AsIter(committed))
        )
        return committed


class _AnnotateNew(beam.PTransform):
    """Objects, with what failed while they were found -> the manifests that were committed."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, pcoll: Notified) -> beam.PCollection[Manifest]:
        settings, run_id = self._job.settings, self._job.run_id
        wait_s = None if self._job.every_s is None else min(_ASK_EVERY_S, self._job.every_s)
        asked: Any = (
            pcoll.videos
            | "AskKey" >> beam.Map(_with_key).with_output_types(tuple[int, VideoObject])
            | "BatchVideos" >> GroupIntoBatches(_ASKED_TOGETHER, wait_s)
            | "LeaveOutKnown" >> beam.ParDo(_LeaveOutKnown(self._job)).with_outputs(SKIPPED, main="videos")
        )
        annotated: Any = (
            asked["videos"]
            | "SpreadVideos" >> beam.Reshuffle()
            | "AnnotateVideos" >> AnnotateVideos(settings, run_id=run_id)
        )
        failures: Any = (pcoll.failures, annotated.failures) | "Failures" >> beam.Flatten()
        skipped: Any = (asked[SKIPPED], annotated.skipped) | "Skipped" >> beam.Flatten()
        outcomes = Outcomes(annotated.described, failures, skipped, annotated.splits, annotated.fingerprints)
        return outcomes | "CommitRows" >> CommitRows(self._job)


class _LeaveOutKnown(beam.DoFn):
    """A batch of objects to those that are not finished in the warehouse, each with what it has of them."""

    def __init__(self, job: Job) -> None:
        self._job, self._recipe = job, job.settings.recipe()

    def setup(self) -> None:
        self._warehouse: Warehouse = open_warehouse(self._job.warehouse)

    def process(
        self, element: tuple[int, Iterable[VideoObject]]
    ) -> Iterator[tuple[VideoObject, Known | None] | TaggedOutput]:
        videos = list(dict.fromkeys(element[1]))
        # A RunError fails the bundle: the runner tries it again.
        there = self._warehouse.known(videos, self._recipe)
        for video in videos:
            known = there.get(video)
            skipped = skipped_of(known, self._job.settings)
            if skipped is None:
                yield video, known
            else:
                yield TaggedOutput(SKIPPED, skipped)


class _List(beam.DoFn):
    """A source to its videos, to candidates, and to failures of names that cannot be listed."""

    def __init__(self, job: Job) -> None:
        self._job, self._recipe = job, job.settings.recipe()

    def process(self, element: str) -> Iterator[VideoObject | TaggedOutput]:
        for item in list_objects(element, settings=self._job.settings.stores):
            if isinstance(item, VideoObject):
                yield item
                continue
            if isinstance(item, Candidate):
                yield TaggedOutput(CANDIDATES, item)
                continue
            video = VideoObject(item.uri, item.version)
            failure = Failure.of_object(
                item.error, video, stage="list", recipe=self._recipe, run_id=self._job.run_id
            )
            yield TaggedOutput(FAILURES, failure)


def _with_key(video: VideoObject) -> tuple[int, VideoObject]:
    # One worker asks for all: a query costs the same for one object and for thousands.
    return 0, video


def _finish_run(run_id: str, warehouse: str, committed: Iterable[Manifest]) -> None:
    for _ in committed:  # to be read to its end: by then everything is committed
        pass
    open_warehouse(warehouse).finish_run(run_id)
