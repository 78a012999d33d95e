"""Describing with models: one RunInference around the whole method.

Imported only where a model annotates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from motionsight_core.annotation import Described
from motionsight_core.annotator import Annotator
from motionsight_core.clip import DecodedClip
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.settings import Settings
from transforms._counters import NAMESPACE
from transforms._describe import counting_sight, describe_batch
from transforms._frames import bytes_of
from transforms._pack import PackFrames, UnpackFrames, WithAccelerator
from transforms._run_inference import ModelHandler, RunInference

#: What a clip lasts, where nothing says how long.
_CLIP_S = 10.0


def describe_with_models(settings: Settings, run_id: str) -> beam.PTransform:
    """PCollection[DecodedClip] -> a record or a Failure for each, on `runtime.accelerator` where set."""
    describe = RunInference(MotionSightHandler(settings, run_id))
    if accelerator := settings.runtime.accelerator:
        return WithAccelerator(describe, accelerator, pack=PackFrames(), unpack=UnpackFrames())
    return describe


class MotionSightHandler(ModelHandler[DecodedClip, MotionRecord | Failure | Described, MotionSight]):
    """Runs `MotionSight.describe` on batches of decoded clips.

    A clip that cannot be described comes back as its own Failure: RunInference's own exception
    handling would give up the whole batch. A record with captions of single objects comes as `Described`.
    """

    def __init__(self, settings: Settings, run_id: str) -> None:
        super().__init__(**batch_size(settings))
        self._settings, self._run_id = settings, run_id

    def load_model(self) -> MotionSight:
        """Cheap: the models behind it are this process's, shared by all threads and shards."""
        return counting_sight(self._settings, self._run_id)

    def run_inference(
        self, batch: Sequence[DecodedClip], model: MotionSight, inference_args: dict[str, Any] | None = None
    ) -> list[MotionRecord | Failure | Described]:
        """One record or failure per clip.

        Raises:
            RunError: the multimodal LLM cannot be reached. That is no clip's fault: the shard fails, is
                tried again, and no clip is written down as a failure.
        """
        return describe_batch(model, batch)

    def get_num_bytes(self, batch: Sequence[DecodedClip]) -> int:
        """Bytes of pixels; the default would pickle every batch to count them."""
        return bytes_of(batch)

    def get_metrics_namespace(self) -> str:
        return NAMESPACE


def batch_size(settings: Settings) -> dict[str, Any]:
    """As many clips as the settings and the MLLM's frames allow, and not fewer where there are more:
    Beam's own growing batches would begin with one clip on a GPU that takes eight."""
    if Annotator.parse(settings.annotator).is_measured:
        return {}  # nothing is gained by waiting for a batch
    clips = max(1, min(settings.runtime.batch_clips, settings.runtime.batch_frames // _frames(settings)))
    return {"min_batch_size": clips, "max_batch_size": clips}


def _frames(settings: Settings) -> int:
    """Frames of a clip, about, where they are sampled by rate."""
    rate, window_s = settings.sampling.fps, settings.clips.window_s
    if rate is None:
        return settings.sampling.frames
    return max(1, round(rate * (window_s or _CLIP_S)))
