"""AnnotateMotion: clips to rows, in one step around the whole method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.annotation import Described
from motionsight_core.annotator import Annotator
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.record import Failure, FingerprintRecord, InstanceRecord, MotionRecord
from motionsight_core.settings import Settings
from transforms._decode import DecodeClips
from transforms._describe import DescribeMeasured
from transforms._plan import FAILURES


class Annotated(NamedTuple):
    """Outputs of AnnotateMotion."""

    rows: beam.PCollection[MotionRecord]
    failures: beam.PCollection[Failure]


class DecodedAndDescribed(NamedTuple):
    """Outputs of DecodeAndDescribe."""

    described: beam.PCollection[MotionRecord | Described]
    failures: beam.PCollection[Failure]
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the clips that were decoded, whatever became of them after."""


class DescribedClips(NamedTuple):
    """Outputs of DescribeWithInstances."""

    described: beam.PCollection[MotionRecord | Described]
    """A row; one with captions of single objects together with these, so that both are committed at once."""
    failures: beam.PCollection[Failure]


class AnnotateMotion(beam.PTransform):
    """PCollection[Clip] -> rows and failures, one of the two for each clip.

    Example:
        rows, failures = clips | AnnotateMotion(Settings())
    """

    def __init__(self, settings: Settings | None = None, *, run_id: str = "") -> None:
        super().__init__()
        self._settings, self._run_id = settings or Settings(), run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> Annotated:
        done: Any = pcoll | DecodeAndDescribe(self._settings, run_id=self._run_id)
        return Annotated(rows_of(done.described), done.failures)


class DecodeAndDescribe(beam.PTransform):
    """PCollection[Clip] -> rows with captions of single objects, failures, fingerprints."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> DecodedAndDescribed:
        settings, run_id = self._settings, self._run_id
        decoded: Any = pcoll | "DecodeClips" >> DecodeClips(settings, run_id=run_id)
        done: Any = decoded.clips | "DescribeClips" >> DescribeWithInstances(settings, run_id=run_id)
        failures: Any = (decoded.failures, done.failures) | "Failures" >> beam.Flatten()
        return DecodedAndDescribed(done.described, failures, decoded.fingerprints)


class DescribeClips(beam.PTransform):
    """PCollection[DecodedClip] -> rows and failures, one of the two for each clip."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> Annotated:
        done: Any = pcoll | DescribeWithInstances(self._settings, run_id=self._run_id)
        return Annotated(rows_of(done.described), done.failures)


class DescribeWithInstances(beam.PTransform):
    """PCollection[DecodedClip] -> rows with captions of single objects, and failures."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> DescribedClips:
        described: Any = pcoll | "Describe" >> self._describe()
        sorted_out: Any = described | "Sort" >> beam.ParDo(_sort_out).with_outputs(FAILURES, main="described")
        return DescribedClips(sorted_out["described"], sorted_out[FAILURES])

    def _describe(self) -> beam.PTransform:
        if Annotator.parse(self._settings.annotator).is_measured and not self._settings.runtime.accelerator:
            return beam.ParDo(DescribeMeasured(self._settings, self._run_id))
        from transforms._inference import describe_with_models

        return describe_with_models(self._settings, self._run_id)


def rows_of(described: beam.PCollection[MotionRecord | Described]) -> beam.PCollection[MotionRecord]:
    """The rows alone."""
    rows: Any = described | "Rows" >> beam.Map(_row_of)
    return rows


def instances_of(described: beam.PCollection[MotionRecord | Described]) -> beam.PCollection[InstanceRecord]:
    """The captions of single objects alone."""
    instances: Any = described | "Instances" >> beam.FlatMap(_instances_of)
    return instances


def _sort_out(
    element: MotionRecord | Failure | Described,
) -> Iterator[MotionRecord | Described | TaggedOutput]:
    yield TaggedOutput(FAILURES, element) if isinstance(element, Failure) else element


def _row_of(element: MotionRecord | Described) -> MotionRecord:
    row = element.row if isinstance(element, Described) else element
    assert isinstance(row, MotionRecord)  # noqa: S101 - a failure has no captions
    return row


def _instances_of(element: MotionRecord | Described) -> tuple[InstanceRecord, ...]:
    return element.instances if isinstance(element, Described) else ()
