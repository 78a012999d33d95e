"""AnnotateVideos: objects to rows, whichever way they are split into clips."""

from __future__ import annotations

from typing import Any, NamedTuple

import apache_beam as beam

from motionsight_core.annotation import Described
from motionsight_core.record import Failure, FingerprintRecord, MotionRecord, SplitRecord
from motionsight_core.settings import Settings
from transforms._annotate import DecodeAndDescribe, DescribeWithInstances
from transforms._plan import AskedVideo, PlanClips
from transforms._scenes import DecodeScenes


class AnnotatedVideos(NamedTuple):
    """Outputs of AnnotateVideos."""

    described: beam.PCollection[MotionRecord | Described]
    """A row; one that has captions of single objects together with these."""
    failures: beam.PCollection[Failure]
    skipped: beam.PCollection[int]
    """Per object, how many of its clips are in the warehouse already."""
    splits: beam.PCollection[SplitRecord]
    """Into how many clips an object was split."""
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the clips that were decoded."""


class AnnotateVideos(beam.PTransform):
    """PCollection[AskedVideo] -> rows with captions, failures of the clips that are not in the warehouse yet.

    Whole videos and windows are planned first and decoded clip by clip; scenes are found while they
    are decoded.
    """

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[AskedVideo]) -> AnnotatedVideos:
        settings, run_id = self._settings, self._run_id
        found: Any
        annotated: Any
        if settings.clips.scenes:
            found = pcoll | "DecodeScenes" >> DecodeScenes(settings, run_id=run_id)
            annotated = found.clips | "DescribeClips" >> DescribeWithInstances(settings, run_id=run_id)
            fingerprints = found.fingerprints
        else:
            found = pcoll | "PlanClips" >> PlanClips(settings, run_id=run_id)
            annotated = found.clips | "AnnotateMotion" >> DecodeAndDescribe(settings, run_id=run_id)
            fingerprints = annotated.fingerprints
        failures: Any = (found.failures, annotated.failures) | "Failures" >> beam.Flatten()
        return AnnotatedVideos(annotated.described, failures, found.skipped, found.splits, fingerprints)
