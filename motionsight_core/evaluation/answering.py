"""Answering the questions about decoded clips, arm by arm; each reply is kept as soon as it is there."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from motionsight_core.annotation import Answer, Asked, Observer
from motionsight_core.clip import Product
from motionsight_core.errors import ClipError, ModelUnavailable, RunError
from motionsight_core.evaluation.journal import Journal
from motionsight_core.evaluation.work import AskedClip, DecodedQuestions, Evaluation, prediction
from motionsight_core.models.loaded import Models, models_key, shared_models
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import PredictionRecord


class Answering:
    """The methods of an evaluation's arms. Arms that use the same models share them.

    Args:
        evaluation: whose questions are answered.
        observe: told what each step costs, and of each row that is kept: `answers`.
    """

    def __init__(self, evaluation: Evaluation, observe: Observer) -> None:
        self._evaluation, self._observe = evaluation, observe
        models: dict[str, Models] = {}
        self._sights: list[MotionSight] = []
        for arm in evaluation.arms:
            key = models_key(arm.settings)
            models[key] = models.get(key) or shared_models(arm.settings)
            self._sights.append(
                MotionSight(arm.settings, run_id=evaluation.run_id, models=models[key], observe=observe)
            )

    def products(self, asked: AskedClip) -> tuple[Product, ...]:
        """What the one decode of a clip must give for all of its arms."""
        found: set[Product] = set()
        for one in asked.questions:
            for number in one.arms:
                query = self._evaluation.arms[number].query(one.question)
                found.update(self._sights[number].products_for(query))
        return tuple(sorted(found))

    def answers(self, batch: Sequence[DecodedQuestions], journal: Journal) -> list[list[PredictionRecord]]:
        """The rows of each clip's questions, in the order in which replies came.

        Args:
            batch: decoded clips.
            journal: gets each row as soon as it is known.

        Raises:
            RunError: the model cannot be reached, which is no question's fault: what was answered is in the
                journal. Or a model is missing, or the journal cannot be written.
        """
        rows: list[list[PredictionRecord]] = [[] for _ in batch]
        try:
            for number in range(len(self._sights)):
                self._answer(number, batch, rows, journal)
        finally:
            journal.flush()
        return rows

    def _answer(
        self,
        number: int,
        batch: Sequence[DecodedQuestions],
        rows: list[list[PredictionRecord]],
        journal: Journal,
    ) -> None:
        """Add the rows of one arm."""
        arm = self._evaluation.arms[number]
        asked = [
            (position, one.question)
            for position, clip in enumerate(batch)
            for one in clip.asked.questions
            if number in one.arms
        ]
        unavailable: list[str] = []

        def keep(index: int, answer: Answer | ClipError) -> None:
            if isinstance(answer, ClipError) and answer.name == ModelUnavailable.__name__:
                unavailable.append(str(answer))
                return
            position, question = asked[index]
            clip = batch[position].asked.clip
            row = prediction(self._evaluation, arm, question, clip.object, answer, clip=clip)
            rows[position].append(row)
            journal.add(row)
            self._observe("answers", 1)

        self._sights[number].answers(
            [Asked(batch[position].decoded, arm.query(question)) for position, question in asked],
            on_answer=keep,
        )
        if unavailable:
            raise RunError(unavailable[0])


_latest: dict[str, Answering] = {}
_latest_lock = threading.Lock()


def shared_answering(evaluation: Evaluation, observe: Observer) -> Answering:
    """The methods of an evaluation in this process, for all of its threads and shards."""
    with _latest_lock:
        if evaluation.run_id not in _latest:
            _latest.clear()
            _latest[evaluation.run_id] = Answering(evaluation, observe)
        return _latest[evaluation.run_id]
