"""AnnotateMotion: clips to rows, in one step around the whole method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.annotation import Described as DescribedClip
from motionsight_core.annotator import Annotator
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.record import Failure, FingerprintRecord, InstanceRecord, MotionRecord
from motionsight_core.settings import Settings
from transforms._decode import DecodeClips
from transforms._describe import DescribeMeasured
from transforms._plan import FAILURES, INSTANCES


class Annotated(NamedTuple):
    """Outputs of AnnotateMotion."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]


class Described(NamedTuple):
    """Outputs of DecodeAndDescribe."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]
    instances: beam.PCollection[InstanceRecord]
    """Captions of single objects; none unless `instances.captions` asks for them."""
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the clips that were decoded, whatever became of them after."""


class DescribedClips(NamedTuple):
    """Outputs of DescribeWithInstances."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]
    instances: beam.PCollection[InstanceRecord]


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
    """PCollection[Clip] -> what AnnotateMotion gives, captions of single objects, and fingerprints."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> Described:
        decoded: Any = pcoll | "DecodeClips" >> DecodeClips(self._settings, run_id=self._run_id)
        described: Any = decoded.clips | "DescribeClips" >> DescribeWithInstances(
            self._settings, run_id=self._run_id
        )
        failures: Any = (decoded.failures, described.failures) | "Failures" >> beam.Flatten()
        return Described(described.rows, failures, described.instances, decoded.fingerprints)


class DescribeClips(beam.PTransform):
    """PCollection[DecodedClip] -> rows and failures, one of the two for each clip."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> Annotated:
        described: Any = pcoll | DescribeWithInstances(self._settings, run_id=self._run_id)
        return Annotated(described.rows, described.failures)


class DescribeWithInstances(beam.PTransform):
    """PCollection[DecodedClip] -> what DescribeClips gives, and the captions of single objects."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> DescribedClips:
        described: Any = pcoll | "Describe" >> self._describe()
        sorted_out: Any = described | "Sort" >> beam.ParDo(_sort_out).with_outputs(
            FAILURES, INSTANCES, main="rows"
        )
        return DescribedClips(sorted_out["rows"], sorted_out[FAILURES], sorted_out[INSTANCES])

    def _describe(self) -> beam.PTransform:
        if Annotator.parse(self._settings.annotator).is_measured and not self._settings.runtime.accelerator:
            return beam.ParDo(DescribeMeasured(self._settings, self._run_id))
        from transforms._inference import describe_with_models

        return describe_with_models(self._settings, self._run_id)


def _sort_out(element: MotionRecord | Failure | DescribedClip) -> Iterator[MotionRecord | TaggedOutput]:
    row = element.row if isinstance(element, DescribedClip) else element
    yield TaggedOutput(FAILURES, row) if isinstance(row, Failure) else row
    if isinstance(element, DescribedClip):
        yield from (TaggedOutput(INSTANCES, instance) for instance in element.instances)
