"""PlanClips: objects to clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import ClipError
from motionsight_core.guard import shared_decoder
from motionsight_core.planning import clips_to_do
from motionsight_core.record import Failure
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Known

FAILURES = "failures"
SKIPPED = "skipped"


class Planned(NamedTuple):
    """Outputs of PlanClips."""

    clips: beam.PCollection[Clip]
    failures: beam.PCollection[Failure]
    skipped: beam.PCollection[int]
    """Per object, how many of its clips are in the warehouse already."""


class PlanClips(beam.PTransform):
    """PCollection[VideoObject] -> clips that are to be annotated, and failures.

    Opens each object, in a guarded process, to learn how long it is.

    Args:
        settings: `clips` says how to split.
        run_id: for the failures' rows.
        known: what the warehouse has of the objects; clips in it are left out.
    """

    def __init__(
        self, settings: Settings, *, run_id: str, known: Mapping[VideoObject, Known] | None = None
    ) -> None:
        super().__init__()
        self._settings, self._run_id, self._known = settings, run_id, dict(known or {})

    def expand(self, pcoll: beam.PCollection[VideoObject]) -> Planned:
        outputs: Any = pcoll | "SplitIntoClips" >> beam.ParDo(
            _SplitIntoClips(self._settings, self._run_id, self._known)
        ).with_outputs(FAILURES, SKIPPED, main="clips")
        return Planned(outputs["clips"], outputs[FAILURES], outputs[SKIPPED])


class _SplitIntoClips(beam.DoFn):
    def __init__(self, settings: Settings, run_id: str, known: Mapping[VideoObject, Known]) -> None:
        self._settings, self._run_id, self._known = settings, run_id, known

    def process(self, element: VideoObject) -> Iterator[Clip | TaggedOutput]:
        known = self._known.get(element)
        if known is not None and known.unusable:
            yield TaggedOutput(SKIPPED, 1)
            return
        try:
            duration_s = shared_decoder(self._settings).probe(element)
        except ClipError as error:
            failure = Failure.of(
                error,
                stage="plan",
                uri=element.uri,
                version=element.version,
                clip_id=None,
                recipe=self._settings.recipe(),
                run_id=self._run_id,
            )
            yield TaggedOutput(FAILURES, failure)
            return
        clips, skipped = clips_to_do(element, duration_s, known, self._settings)
        yield from clips
        if skipped:
            yield TaggedOutput(SKIPPED, skipped)
