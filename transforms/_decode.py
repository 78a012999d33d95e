"""DecodeClips: clips to decoded clips, and their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ClipError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, FingerprintRecord
from motionsight_core.settings import Settings
from transforms._counters import counter
from transforms._frames import sized
from transforms._plan import FAILURES, FINGERPRINTS


class Decoded(NamedTuple):
    """Outputs of DecodeClips."""

    clips: beam.PCollection[DecodedClip]
    failures: beam.PCollection[Failure]
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the decoded clips."""


class DecodeClips(beam.PTransform):
    """PCollection[Clip] -> decoded clips, failures, and fingerprints.

    Every clip is decoded once, in a guarded process, for exactly what the annotator needs.
    """

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[Clip]) -> Decoded:
        decode = sized(beam.ParDo(_DecodeOnce(self._settings, self._run_id)), DecodedClip)
        outputs: Any = pcoll | "DecodeOnce" >> decode.with_outputs(FAILURES, FINGERPRINTS, main="clips")
        return Decoded(outputs["clips"], outputs[FAILURES], outputs[FINGERPRINTS])


class _DecodeOnce(beam.DoFn):
    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id
        self._lost_frames = counter("lost_frames")

    def setup(self) -> None:
        self._sight = MotionSight(self._settings, run_id=self._run_id)

    def process(self, element: Clip) -> Iterator[DecodedClip | TaggedOutput]:
        try:
            decoded = shared_decoder(self._settings).decode(element, products=self._sight.products)
        except ClipError as error:
            recipe = self._settings.recipe()
            failure = Failure.of_clip(error, element, stage="decode", recipe=recipe, run_id=self._run_id)
            yield TaggedOutput(FAILURES, failure)
            return
        self._lost_frames.inc(decoded.lost_frames)
        yield from with_fingerprint(decoded)


def with_fingerprint(decoded: DecodedClip) -> Iterator[DecodedClip | TaggedOutput]:
    """The clip, and the row of its fingerprint where it has one."""
    if decoded.fingerprint is not None:
        yield TaggedOutput(FINGERPRINTS, FingerprintRecord.of(decoded.clip, decoded.fingerprint))
    yield decoded
