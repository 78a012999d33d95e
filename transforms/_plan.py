"""PlanClips: objects to clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.catalog import Clip, VideoObject, grouped
from motionsight_core.errors import ClipError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.planning.plan import clips_to_do, is_finished, is_split
from motionsight_core.record import Failure, SplitRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Known
from transforms.progress import count_planned

FAILURES = "failures"
FINGERPRINTS = "fingerprints"
SKIPPED = "skipped"
SPLITS = "splits"

AskedVideo: TypeAlias = tuple[VideoObject, Known | None]
"""An object, and what the warehouse has of it."""


class Planned(NamedTuple):
    """Outputs of PlanClips."""

    clips: beam.PCollection[Clip]
    failures: beam.PCollection[Failure]
    skipped: beam.PCollection[int]
    """Per object, how many of its clips are in the warehouse already."""
    splits: beam.PCollection[SplitRecord]
    """Into how many clips an object was split, where it is split at all."""


class PlanClips(beam.PTransform):
    """PCollection[AskedVideo] -> clips that are to be annotated, and failures.

    Opens each object, in a guarded process, to learn how long it is; clips that the warehouse has are left
    out. A long video's clips spread over the workers, in groups of neighbours, so that a worker reads an
    object once and in order.
    """

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[AskedVideo]) -> Planned:
        split = beam.ParDo(_SplitIntoClips(self._settings, self._run_id))
        outputs: Any = pcoll | "SplitIntoClips" >> split.with_outputs(
            FAILURES, SKIPPED, SPLITS, main="groups"
        )
        groups: Any = outputs["groups"]
        if is_split(self._settings):
            # One clip goes on where its object was opened: a shuffle would spread nothing.
            groups = groups | "SpreadGroups" >> beam.Reshuffle()
        clips: Any = groups | "ClipsOfGroup" >> beam.FlatMap(_clips_of_group)
        return Planned(clips, outputs[FAILURES], outputs[SKIPPED], outputs[SPLITS])


def with_known(known: Mapping[VideoObject, Known] | None) -> beam.PTransform:
    """Objects -> AskedVideos."""
    return beam.Map(_with_known, dict(known or {}))


def skipped_of(known: Known | None, settings: Settings) -> int | None:
    """How many clips an object is left out with; None where it has to be opened."""
    if known is None or not is_finished(known, settings):
        return None
    return known.skipped


class _SplitIntoClips(beam.DoFn):
    """Objects to groups of clips."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id
        # Of a long video every decoder gets its part, more than once: clips take unlike times.
        self._workers = 4 * settings.runtime.decode_processes

    def process(self, element: AskedVideo) -> Iterator[tuple[Clip, ...] | TaggedOutput]:
        video, known = element
        if (left_out := skipped_of(known, self._settings)) is not None:
            count_planned(self._run_id, video, 0)
            yield TaggedOutput(SKIPPED, left_out)
            return
        recipe = self._settings.recipe()
        try:
            duration_s = shared_decoder(self._settings).probe(video)
        except ClipError as error:
            failure = Failure.of_object(error, video, stage="plan", recipe=recipe, run_id=self._run_id)
            yield TaggedOutput(FAILURES, failure)
            return
        clips, skipped = clips_to_do(video, duration_s, known, self._settings)
        count_planned(self._run_id, video, len(clips))
        if is_split(self._settings):
            total = len(clips) + skipped
            yield TaggedOutput(SPLITS, SplitRecord(video.uri, video.version, recipe, total))
        yield from grouped(clips, workers=self._workers)
        if skipped:
            yield TaggedOutput(SKIPPED, skipped)


def _with_known(video: VideoObject, known: Mapping[VideoObject, Known]) -> AskedVideo:
    return video, known.get(video)


def _clips_of_group(group: Iterable[Clip]) -> Iterable[Clip]:
    return group
