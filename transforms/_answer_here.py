"""Answering on the worker that decodes: the methods of this process."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from motionsight_core.evaluation.answering import Answering, shared_answering
from motionsight_core.evaluation.journal import journal_of
from motionsight_core.evaluation.work import DecodedQuestions, Evaluation
from motionsight_core.record import PredictionRecord
from transforms._describe import count_step
from transforms.progress import count_answered


def answering_here(evaluation: Evaluation) -> Answering:
    """The methods of this process, with their steps counted. Cheap: the models behind them are shared."""

    def observe(name: str, amount: float) -> None:
        count_step(name, amount)
        if name == "answers":
            count_answered(evaluation.run_id)

    return shared_answering(evaluation, observe)


class AnswerHere(beam.DoFn):
    """DecodedQuestions -> their rows, where no model is loaded or asked: hence no batch."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation

    def setup(self) -> None:
        self._answering = answering_here(self._evaluation)

    def process(self, element: DecodedQuestions) -> Iterator[list[PredictionRecord]]:
        evaluation = self._evaluation
        journal = journal_of(evaluation.journal, evaluation.run_id, evaluation.arms[0].settings.stores)
        yield from self._answering.answers([element], journal)
