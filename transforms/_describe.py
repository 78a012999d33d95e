"""Describing decoded clips on a worker: the method, and what Beam counts of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.metrics import Metrics

from motionsight_core.annotation import Described
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ModelUnavailable, RunError
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.settings import Settings
from transforms._counters import NAMESPACE, counter


class DescribeMeasured(beam.DoFn):
    """DecodedClip -> its record or Failure, from the measurement alone: without a model there is no batch."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id

    def setup(self) -> None:
        self._sight = counting_sight(self._settings, self._run_id)

    def process(self, element: DecodedClip) -> Iterator[MotionRecord | Failure | Described]:
        yield from describe_batch(self._sight, [element])


def counting_sight(settings: Settings, run_id: str) -> MotionSight:
    """The method with its steps counted. Cheap: the models behind it are this process's, shared by all
    threads and shards."""
    return MotionSight(settings, run_id=run_id, observe=count_step)


def describe_batch(
    sight: MotionSight, batch: Sequence[DecodedClip]
) -> list[MotionRecord | Failure | Described]:
    """One record or failure per clip; a record that has captions of single objects together with these.

    Raises:
        RunError: the multimodal LLM cannot be reached. That is no clip's fault: the shard fails, is tried
            again, and no clip is written down as a failure.
    """
    described = sight.describe_with_instances(batch)
    counter("clips").inc(len(described))
    for row in (one.row for one in described):
        if isinstance(row, Failure) and row.error == ModelUnavailable.__name__:
            raise RunError(row.message)
    return [one if one.instances else one.row for one in described]


def count_step(name: str, amount: float) -> None:
    """Tokens as counters, steps as distributions of milliseconds."""
    if name.endswith("_s"):
        Metrics.distribution(NAMESPACE, name.removesuffix("_s") + "_ms").update(round(amount * 1000))
    else:
        counter(name).inc(round(amount))
