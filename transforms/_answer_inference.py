"""Answering with models: one RunInference around all arms. Imported only where a model answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from motionsight_core.evaluation.answering import Answering
from motionsight_core.evaluation.journal import journal_of
from motionsight_core.evaluation.work import AskedClip, DecodedQuestions, Evaluation
from motionsight_core.record import PredictionRecord
from motionsight_core.video.packing import PackedClip, pack, unpack
from transforms._answer_here import answering_here
from transforms._counters import NAMESPACE
from transforms._frames import bytes_of, sized
from transforms._inference import batch_size
from transforms._pack import WithAccelerator
from transforms._run_inference import ModelHandler, RunInference


def answer_with_models(evaluation: Evaluation) -> beam.PTransform:
    """PCollection[DecodedQuestions] -> the rows of each, on `runtime.accelerator` where set."""
    answer = RunInference(AnswerHandler(evaluation))
    if accelerator := evaluation.arms[0].settings.runtime.accelerator:
        packed = tuple[int, tuple[PackedClip, AskedClip]]
        return WithAccelerator(
            answer,
            accelerator,
            pack=beam.Map(_packed).with_output_types(packed),
            unpack=sized(beam.Map(_unpacked), DecodedQuestions),
        )
    return answer


def _packed(element: DecodedQuestions) -> tuple[int, tuple[PackedClip, AskedClip]]:
    return random.getrandbits(32), (pack(element.decoded), element.asked)


def _unpacked(element: tuple[int, tuple[PackedClip, AskedClip]]) -> DecodedQuestions:
    packed, asked = element[1]
    return DecodedQuestions(unpack(packed), asked)


class AnswerHandler(ModelHandler[DecodedQuestions, list[PredictionRecord], Answering]):
    """Runs all arms on batches of decoded clips with their questions."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(**batch_size(evaluation.arms[0].settings))
        self._evaluation = evaluation

    def load_model(self) -> Answering:
        """Cheap: the models behind it are this process's, shared by all threads and shards."""
        return answering_here(self._evaluation)

    def run_inference(
        self,
        batch: Sequence[DecodedQuestions],
        model: Answering,
        inference_args: dict[str, Any] | None = None,
    ) -> list[list[PredictionRecord]]:
        """The rows of each clip.

        Raises:
            RunError: the multimodal LLM cannot be reached. That is no question's fault: the shard fails, and
                is tried again without what was answered.
        """
        evaluation = self._evaluation
        journal = journal_of(evaluation.journal, evaluation.run_id, evaluation.arms[0].settings.stores)
        return model.answers(batch, journal)

    def get_num_bytes(self, batch: Sequence[DecodedQuestions]) -> int:
        """Bytes of pixels; the default would pickle every batch to count them."""
        return bytes_of([one.decoded for one in batch])

    def get_metrics_namespace(self) -> str:
        return NAMESPACE
