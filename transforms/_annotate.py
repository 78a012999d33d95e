"""AnnotateMotion: clips to rows, in one step around the whole method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.annotator import Annotator
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.record import Failure, FingerprintRecord, MotionRecord
from motionsight_core.settings import Settings
from transforms._decode import DecodeClips
from transforms._describe import DescribeMeasured
from transforms._plan import FAILURES


class Annotated(NamedTuple):
    """Outputs of AnnotateMotion."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]


class Described(NamedTuple):
    """Outputs of DecodeAndDescribe."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the clips that were decoded, whatever became of them after."""


class AnnotateMotion(beam.PTransform):
    """PCollection[Clip] -> rows and failures, one of the two for each clip.

    Example:
        rows, failures = clips | AnnotateMotion(Settings())
    """

    def __init__(self, settings: Settings | None = None, *, run_id: str = "") -> None:
        super().__init__()
        self._settings, self._run_id = settings or Settings(), run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> Annotated:
        described: Any = pcoll | DecodeAndDescribe(self._settings, run_id=self._run_id)
        return Annotated(described.rows, described.failures)


class DecodeAndDescribe(beam.PTransform):
    """PCollection[Clip] -> what AnnotateMotion gives, and the clips' fingerprints."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> Described:
        decoded: Any = pcoll | "DecodeClips" >> DecodeClips(self._settings, run_id=self._run_id)
        described: Any = decoded.clips | "DescribeClips" >> DescribeClips(self._settings, run_id=self._run_id)
        failures: Any = (decoded.failures, described.failures) | "Failures" >> beam.Flatten()
        return Described(described.rows, failures, decoded.fingerprints)


class DescribeClips(beam.PTransform):
    """PCollection[DecodedClip] -> rows and failures, one of the two for each clip."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> Annotated:
        described: Any = pcoll | "Describe" >> self._describe()
        sorted_out: Any = described | "Sort" >> beam.ParDo(_sort_out).with_outputs(FAILURES, main="rows")
        return Annotated(sorted_out["rows"], sorted_out[FAILURES])

    def _describe(self) -> beam.PTransform:
        if Annotator.parse(self._settings.annotator).is_measured and not self._settings.runtime.accelerator:
            return beam.ParDo(DescribeMeasured(self._settings, self._run_id))
        from transforms._inference import describe_with_models

        return describe_with_models(self._settings, self._run_id)


def _sort_out(element: MotionRecord | Failure) -> Iterator[MotionRecord | TaggedOutput]:
    yield TaggedOutput(FAILURES, element) if isinstance(element, Failure) else element
