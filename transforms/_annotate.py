"""AnnotateMotion: clips to rows, with one RunInference around the whole method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.pvalue import TaggedOutput

from motionsight_core.catalog import Clip
from motionsight_core.decoding import DecodedClip
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.settings import Settings
from transforms._decode import DecodeClips
from transforms._plan import FAILURES


class Annotated(NamedTuple):
    """Outputs of AnnotateMotion."""

    rows: beam.PCollection[MotionRecord]
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
        decoded: Any = pcoll | "DecodeClips" >> DecodeClips(self._settings, run_id=self._run_id)
        described: Any = (
            decoded.clips
            | "Describe" >> RunInference(MotionSightHandler(self._settings, self._run_id))
            | "Sort" >> beam.ParDo(_sort_out).with_outputs(FAILURES, main="rows")
        )
        failures: Any = (decoded.failures, described[FAILURES]) | "Failures" >> beam.Flatten()
        return Annotated(described["rows"], failures)


class MotionSightHandler(ModelHandler[DecodedClip, MotionRecord | Failure, MotionSight]):
    """Runs `MotionSight.describe` on batches of decoded clips.

    A clip that cannot be described comes back as its own Failure: RunInference's own exception
    handling would give up the whole batch.
    """

    def __init__(self, settings: Settings, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def load_model(self) -> MotionSight:
        return MotionSight(self._settings, run_id=self._run_id)

    def run_inference(
        self, batch: Sequence[DecodedClip], model: MotionSight, inference_args: dict[str, Any] | None = None
    ) -> list[MotionRecord | Failure]:
        return model.describe(batch)

    def get_num_bytes(self, batch: Sequence[DecodedClip]) -> int:
        """Bytes of pixels; the default would pickle every batch to count them."""
        sequences = [frames for clip in batch for frames in (clip.sampled, clip.blurred)]
        return sum(frames.pixels.nbytes for frames in sequences if frames is not None)

    def get_metrics_namespace(self) -> str:
        return "motionsight"


def _sort_out(element: MotionRecord | Failure) -> Iterator[MotionRecord | TaggedOutput]:
    yield TaggedOutput(FAILURES, element) if isinstance(element, Failure) else element
