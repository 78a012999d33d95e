"""AnnotateMotion: clips to rows, with one RunInference around the whole method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.util import ReshufflePerKey

from motionsight_core.catalog import Clip
from motionsight_core.decoding import DecodedClip
from motionsight_core.errors import ModelUnavailable, RunError
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.settings import Settings
from transforms._decode import DecodeClips
from transforms._pack import PackFrames, UnpackFrames
from transforms._plan import FAILURES

_NAMESPACE = "motionsight"
#: What a clip lasts, where nothing says how long.
_CLIP_S = 10.0


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
        described: Any = decoded.clips | "DescribeClips" >> DescribeClips(self._settings, run_id=self._run_id)
        failures: Any = (decoded.failures, described.failures) | "Failures" >> beam.Flatten()
        return Annotated(described.rows, failures)


class DescribeClips(beam.PTransform):
    """PCollection[DecodedClip] -> rows and failures, one of the two for each clip."""

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> Annotated:
        describe: Any = RunInference(MotionSightHandler(self._settings, self._run_id))
        if accelerator := self._settings.runtime.accelerator:
            describe = _DescribeElsewhere(describe, accelerator)
        described: Any = (
            pcoll
            | "Describe" >> describe
            | "Sort" >> beam.ParDo(_sort_out).with_outputs(FAILURES, main="rows")
        )
        return Annotated(described["rows"], described[FAILURES])


class _DescribeElsewhere(beam.PTransform):
    """Describes on workers of their own, with an accelerator; those that decode need none.

    Steps that no shuffle parts are fused and run on the same worker, so one stands between, and the
    frames cross it packed.
    """

    def __init__(self, describe: beam.PTransform, accelerator: str) -> None:
        super().__init__()
        self._describe, self._accelerator = describe, accelerator

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> beam.PCollection[MotionRecord | Failure]:
        described: Any = (
            pcoll
            | "PackFrames" >> PackFrames()
            | "ToModels" >> ReshufflePerKey()
            | "UnpackFrames" >> UnpackFrames().with_resource_hints(accelerator=self._accelerator)
            | "RunInference" >> self._describe.with_resource_hints(accelerator=self._accelerator)
        )
        return described


class MotionSightHandler(ModelHandler[DecodedClip, MotionRecord | Failure, MotionSight]):
    """Runs `MotionSight.describe` on batches of decoded clips.

    A clip that cannot be described comes back as its own Failure: RunInference's own exception
    handling would give up the whole batch.
    """

    def __init__(self, settings: Settings, run_id: str) -> None:
        super().__init__(**_batch_size(settings))
        self._settings, self._run_id = settings, run_id

    def load_model(self) -> MotionSight:
        """Cheap: the models behind it are this process's, shared by all threads and shards."""
        return MotionSight(self._settings, run_id=self._run_id, observe=_count)

    def run_inference(
        self, batch: Sequence[DecodedClip], model: MotionSight, inference_args: dict[str, Any] | None = None
    ) -> list[MotionRecord | Failure]:
        """One record or failure per clip.

        Raises:
            RunError: the multimodal LLM cannot be reached. That is no clip's fault: the shard fails, is
                tried again, and no clip is written down as a failure.
        """
        described = model.describe(batch)
        Metrics.counter(_NAMESPACE, "clips").inc(len(described))
        for outcome in described:
            if isinstance(outcome, Failure) and outcome.error == ModelUnavailable.__name__:
                raise RunError(outcome.message)
        return described

    def get_num_bytes(self, batch: Sequence[DecodedClip]) -> int:
        """Bytes of pixels; the default would pickle every batch to count them."""
        sequences = [frames for clip in batch for frames in (clip.sampled, clip.blurred)]
        return sum(frames.pixels.nbytes for frames in sequences if frames is not None)

    def get_metrics_namespace(self) -> str:
        return _NAMESPACE


def _batch_size(settings: Settings) -> dict[str, Any]:
    """As many clips as the settings and the MLLM's frames allow, and not fewer where there are more:
    Beam's own growing batches would begin with one clip on a GPU that takes eight."""
    if settings.annotator == "measured":
        return {}  # nothing is gained by waiting for a batch
    clips = max(1, min(settings.runtime.batch_clips, settings.runtime.batch_frames // _frames(settings)))
    return {"min_batch_size": clips, "max_batch_size": clips}


def _frames(settings: Settings) -> int:
    """Frames of a clip, about, where they are sampled by rate."""
    rate, window_s = settings.sampling.fps, settings.clips.window_s
    if rate is None:
        return settings.sampling.frames
    return max(1, round(rate * (window_s or _CLIP_S)))


def _count(name: str, amount: float) -> None:
    """Tokens as counters, steps as distributions of milliseconds."""
    if name.endswith("_s"):
        Metrics.distribution(_NAMESPACE, name.removesuffix("_s") + "_ms").update(round(amount * 1000))
    else:
        Metrics.counter(_NAMESPACE, name).inc(round(amount))


def _sort_out(element: MotionRecord | Failure) -> Iterator[MotionRecord | TaggedOutput]:
    yield TaggedOutput(FAILURES, element) if isinstance(element, Failure) else element
