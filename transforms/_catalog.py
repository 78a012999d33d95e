"""AnnotateCatalog: the whole way from objects to staged rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apache_beam as beam

from motionsight_core.catalog import VideoObject
from motionsight_core.record import Failure
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Known, Manifest
from transforms._annotate import Annotated, instances_of, rows_of
from transforms._plan import with_known
from transforms._stage import Attempt, StageRows
from transforms._videos import AnnotateVideos


class AnnotateCatalog(beam.PTransform):
    """PCollection[VideoObject] -> the one Manifest of what was staged.

    PlanClips and AnnotateMotion (with DecodeClips in it), or where clips are scenes DecodeScenes and
    DescribeClips; then StageRows. Video never crosses a shuffle: what does is references, and small rows.

    Args:
        settings: of the run.
        attempt: where to stage.
        known: what the warehouse has of the objects.
        failures: of names that could not be listed, to be staged with the rest.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        attempt: Attempt,
        known: Mapping[VideoObject, Known] | None = None,
        failures: tuple[Failure, ...] = (),
    ) -> None:
        super().__init__()
        self._settings, self._attempt = settings, attempt
        self._known, self._failures = known, failures

    def expand(self, pcoll: beam.PCollection[VideoObject]) -> beam.PCollection[Manifest]:
        run_id = self._attempt.run_id
        annotated: Any = (
            pcoll
            | "WithKnown" >> with_known(self._known)
            | "AnnotateVideos" >> AnnotateVideos(self._settings, run_id=run_id)
        )
        failures: Any = annotated.failures
        if self._failures:
            listed: Any = pcoll.pipeline | "Unlisted" >> beam.Create(self._failures)
            failures = (failures, listed) | "AllFailures" >> beam.Flatten()
        stage = StageRows(
            self._attempt,
            skipped=annotated.skipped,
            splits=annotated.splits,
            fingerprints=annotated.fingerprints,
            instances=instances_of(annotated.described),
        )
        manifest: Any = Annotated(rows_of(annotated.described), failures) | "StageRows" >> stage
        return manifest
