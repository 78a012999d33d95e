"""LookInto: objects whose names do not say so to those that are videos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from motionsight_core.catalog import VideoObject
from motionsight_core.planning.candidates import is_video
from motionsight_core.settings import Settings
from motionsight_core.stores import Candidate
from transforms._counters import counter

CANDIDATES = "candidates"


class LookInto(beam.PTransform):
    """PCollection[Candidate] -> VideoObjects: those whose first bytes are a video's; others are counted."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, pcoll: beam.PCollection[Candidate]) -> beam.PCollection[VideoObject]:
        found: Any = (
            pcoll
            | "SpreadCandidates" >> beam.Reshuffle()
            | "LookInto" >> beam.ParDo(_LookInto(self._settings))
        )
        return found


class _LookInto(beam.DoFn):
    def __init__(self, settings: Settings) -> None:
        self._stores = settings.stores
        self._passed_over = counter("passed_over")

    def process(self, element: Candidate) -> Iterator[VideoObject]:
        if is_video(element, self._stores):
            yield element.object
        else:
            self._passed_over.inc()
