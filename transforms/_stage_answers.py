"""StageAnswers: predictions and failures to Parquet parts, and the manifest that names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsIter

from motionsight_core.warehouse import FAILURES, PREDICTIONS, Manifest
from motionsight_core.warehouse.staged_files import write_staged
from transforms._answer import Answered
from transforms._stage import Attempt, WriteParts


class StageAnswers(beam.PTransform):
    """Answered -> the one Manifest, written last, to `attempt.manifest_path`; as StageRows does it.

    Its `annotated` are predictions.
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self._attempt = attempt

    def expand(self, pcoll: Answered) -> beam.PCollection[Manifest]:
        attempt = self._attempt
        predictions: Any = pcoll.predictions | "StagePredictions" >> beam.ParDo(
            WriteParts(attempt, PREDICTIONS)
        )
        failures: Any = pcoll.failures | "StageFailures" >> beam.ParDo(WriteParts(attempt, FAILURES))
        manifest: Any = (
            pcoll.predictions.pipeline
            | "Once" >> beam.Impulse()
            | "WriteManifest" >> beam.Map(_write_manifest, attempt, AsIter(predictions), AsIter(failures))
        )
        return manifest


def _write_manifest(
    _: bytes, attempt: Attempt, predictions: Iterable[tuple[str, int]], failures: Iterable[tuple[str, int]]
) -> Manifest:
    predictions, failures = sorted(predictions), sorted(failures)
    manifest = Manifest(
        attempt_id=attempt.attempt_id,
        run_id=attempt.run_id,
        recipe=attempt.recipe,
        motion_files=(),
        failure_files=tuple(path for path, _ in failures),
        prediction_files=tuple(path for path, _ in predictions),
        annotated=sum(count for _, count in predictions),
        failed=sum(count for _, count in failures),
        skipped=0,
    )
    content = manifest.to_json().encode()
    write_staged(attempt.manifest_path, content, content_type="application/json", stores=attempt.stores)
    return manifest
