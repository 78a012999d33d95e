"""AnswerQuestions: videos with questions to rows of `predictions`, each clip decoded once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.annotator import Annotator
from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import ClipError
from motionsight_core.evaluation.work import (
    AskedClip,
    AskedQuestion,
    AskedVideo,
    DecodedQuestions,
    Evaluation,
    clips_of_video,
    failed_predictions,
    failures,
)
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.record import Failure, PredictionRecord
from transforms._answer_here import AnswerHere, answering_here
from transforms._counters import counter
from transforms._frames import sized
from transforms._plan import FAILURES
from transforms.progress import count_answered

PREDICTIONS = "predictions"


class Answered(NamedTuple):
    """Outputs of AnswerQuestions: a prediction for each question and arm, and why videos cannot be shown."""

    predictions: beam.PCollection[PredictionRecord]
    failures: beam.PCollection[Failure]


class AnswerQuestions(beam.PTransform):
    """PCollection[AskedVideo] -> predictions and failures.

    A question whose video cannot be shown gets a prediction without a reply; it is never asked without
    its pictures. Replies go into the evaluation's journal as they come.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self._evaluation = evaluation

    def expand(self, pcoll: beam.PCollection[AskedVideo]) -> Answered:
        evaluation = self._evaluation
        clips: Any = pcoll | "ClipsOfQuestions" >> beam.ParDo(_ClipsOfQuestions(evaluation)).with_outputs(
            PREDICTIONS, FAILURES, main="clips"
        )
        decode = sized(beam.ParDo(_DecodeOnce(evaluation)), DecodedQuestions)
        decoded: Any = clips["clips"] | "DecodeOnce" >> decode.with_outputs(
            PREDICTIONS, FAILURES, main="decoded"
        )
        answered: Any = decoded["decoded"] | "Answer" >> _answering(evaluation)
        rows: Any = answered | "Rows" >> beam.FlatMap(_rows)
        predictions: Any = (rows, clips[PREDICTIONS], decoded[PREDICTIONS]) | "Predictions" >> beam.Flatten()
        failed: Any = (clips[FAILURES], decoded[FAILURES]) | "Failures" >> beam.Flatten()
        return Answered(predictions, failed)


class _ClipsOfQuestions(beam.DoFn):
    """Videos to the clips that are asked about, by the videos' lengths."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation

    def process(self, element: AskedVideo) -> Iterator[AskedClip | TaggedOutput]:
        evaluation, video = self._evaluation, element.video
        try:
            duration_s = shared_decoder(evaluation.arms[0].settings).probe(video)
        except ClipError as error:
            yield from _without_reply(evaluation, element.questions, video, error)
            for failure in failures(evaluation, element.questions, video, error, stage="plan"):
                yield TaggedOutput(FAILURES, failure)
            return
        clips, unanswerable = clips_of_video(element, duration_s, evaluation.arms)
        for one in unanswerable:
            yield from _without_reply(evaluation, one.questions, video, one.error)
        yield from clips


class _DecodeOnce(beam.DoFn):
    """Clips decoded in guarded processes, each once for all of its questions and arms."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._lost_frames = counter("lost_frames")

    def setup(self) -> None:
        self._answering = answering_here(self._evaluation)

    def process(self, element: AskedClip) -> Iterator[DecodedQuestions | TaggedOutput]:
        evaluation, clip = self._evaluation, element.clip
        settings = evaluation.arms[element.questions[0].arms[0]].settings
        try:
            decoded = shared_decoder(settings).decode(clip, products=self._answering.products(element))
        except ClipError as error:
            yield from _without_reply(evaluation, element.questions, clip.object, error, clip=clip)
            for failure in failures(
                evaluation, element.questions, clip.object, error, stage="decode", clip=clip
            ):
                yield TaggedOutput(FAILURES, failure)
            return
        self._lost_frames.inc(decoded.lost_frames)
        yield DecodedQuestions(decoded, element)


def _answering(evaluation: Evaluation) -> beam.PTransform:
    settings = evaluation.arms[0].settings
    measured = all(Annotator.parse(arm.settings.annotator).is_measured for arm in evaluation.arms)
    if measured and not settings.runtime.accelerator:
        return beam.ParDo(AnswerHere(evaluation))
    from transforms._answer_inference import answer_with_models

    return answer_with_models(evaluation)


def _rows(rows: list[PredictionRecord]) -> list[PredictionRecord]:
    return rows


def _without_reply(
    evaluation: Evaluation,
    questions: tuple[AskedQuestion, ...],
    video: VideoObject,
    error: ClipError,
    *,
    clip: Clip | None = None,
) -> Iterator[TaggedOutput]:
    for row in failed_predictions(evaluation, questions, video, error, clip=clip):
        count_answered(evaluation.run_id)
        yield TaggedOutput(PREDICTIONS, row)
