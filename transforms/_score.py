"""ScoreDescriptions: clips with descriptions to scores, in one step around the model that judges."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ClipError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.mllm import ScoringModel
from motionsight_core.record import ScoreRecord
from motionsight_core.scoring import ClipToScore, Scorer, Unscored
from motionsight_core.settings import Settings
from motionsight_core.video.packing import PackedClip, pack, unpack
from transforms._counters import NAMESPACE
from transforms._frames import sized
from transforms._inference import batch_size
from transforms._pack import WithAccelerator
from transforms._run_inference import ModelHandler, RunInference
from transforms.progress import count_scored

#: A clip with the frames that the model sees.
Shown: TypeAlias = tuple[ClipToScore, DecodedClip]
Outcome: TypeAlias = ScoreRecord | Unscored

_UNSCORED = "unscored"


class ScoreDescriptions(beam.PTransform):
    """PCollection[ClipToScore] -> PCollection[ScoreRecord | Unscored], one for each description.

    Each clip is decoded once, in a guarded process, for its sampled frames alone. Where
    `runtime.accelerator` is set, workers that have one do the scoring.
    """

    def __init__(self, scorer: Scorer, *, run_id: str) -> None:
        super().__init__()
        self._scorer, self._run_id = scorer, run_id

    def expand(self, pcoll: beam.PCollection[ClipToScore]) -> beam.PCollection[Outcome]:
        decode = sized(beam.ParDo(_Decode(self._scorer.settings, self._run_id)), Shown)
        decoded: Any = pcoll | "DecodeToScore" >> decode.with_outputs(_UNSCORED, main="shown")
        score: beam.PTransform = RunInference(_ScoringHandler(self._scorer, self._run_id))
        if accelerator := self._scorer.settings.runtime.accelerator:
            packed = tuple[int, tuple[ClipToScore, PackedClip]]
            score = WithAccelerator(
                score,
                accelerator,
                pack=beam.Map(_packed).with_output_types(packed),
                unpack=sized(beam.MapTuple(_unpacked), Shown),
            )
        scored: Any = decoded["shown"] | "Score" >> score | "EachScore" >> beam.FlatMap(list)
        outcomes: Any = (decoded[_UNSCORED], scored) | "Outcomes" >> beam.Flatten()
        return outcomes


class _Decode(beam.DoFn):
    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id

    def process(self, element: ClipToScore) -> Iterator[Shown | TaggedOutput]:
        try:
            decoded = shared_decoder(self._settings).decode(element.clip, products=("sampled",))
        except ClipError as error:
            count_scored(self._run_id, len(element.descriptions))
            for description in element.descriptions:
                yield TaggedOutput(_UNSCORED, Unscored.of(error, element, description))
            return
        yield element, replace(decoded, clip=element.clip)


class _Judge:
    """The model that judges. Not held, since Beam keeps what it has loaded last: see `release_models`."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        _ = self.model

    @property
    def model(self) -> ScoringModel:
        return self._scorer.model()


class _ScoringHandler(ModelHandler[Shown, list[Outcome], _Judge]):
    """Runs `Scorer.score` on batches of clips."""

    def __init__(self, scorer: Scorer, run_id: str) -> None:
        super().__init__(**batch_size(scorer.settings))
        self._scorer, self._run_id = scorer, run_id

    def load_model(self) -> _Judge:
        """Cheap after the first time: the model is this process's, shared by all threads and shards."""
        return _Judge(self._scorer)

    def run_inference(
        self, batch: Sequence[Shown], model: _Judge, inference_args: dict[str, Any] | None = None
    ) -> list[list[Outcome]]:
        """The outcomes of each clip.

        Raises:
            RunError: the model cannot be reached. The shard fails, and is tried again.
        """
        outcomes = self._scorer.score(batch, model.model, run_id=self._run_id)
        count_scored(self._run_id, sum(map(len, outcomes)))
        return outcomes

    def get_num_bytes(self, batch: Sequence[Shown]) -> int:
        """Bytes of pixels; the default would pickle every batch to count them."""
        return sum(decoded.sampled.pixels.nbytes for _, decoded in batch if decoded.sampled is not None)

    def get_metrics_namespace(self) -> str:
        return NAMESPACE


def _packed(shown: Shown) -> tuple[int, tuple[ClipToScore, PackedClip]]:
    """With a random key to be shuffled by, and the frames as JPEGs."""
    clip, decoded = shown
    return random.getrandbits(32), (clip, pack(decoded))


def _unpacked(key: int, packed: tuple[ClipToScore, PackedClip]) -> Shown:
    clip, frames = packed
    return clip, unpack(frames)
