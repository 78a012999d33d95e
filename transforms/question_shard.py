"""One shard of an evaluation: a bounded pipeline, then its manifest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

import transforms.shard  # noqa: F401 - what every shard needs
from motionsight_core.evaluation.plan import QuestionShard
from motionsight_core.evaluation.work import Evaluation
from motionsight_core.record import PredictionRecord
from motionsight_core.warehouse import FAILURES, PREDICTIONS, Manifest, Warehouse
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staged_files import read_staged
from transforms._answer import AnswerQuestions
from transforms._stage import Attempt
from transforms._stage_answers import StageAnswers
from transforms.job_names import job_prefix
from transforms.progress import count_answered
from transforms.runners import pipeline_for


def answer_shard(shard: QuestionShard, evaluation: Evaluation, warehouse: Warehouse) -> Manifest:
    """Run one shard's pipeline and return the manifest of what it staged, not yet committed.

    Raises:
        RunError: the model cannot be reached, or rows cannot be staged.
    """
    settings = evaluation.arms[0].settings
    attempt = _new_attempt(shard, evaluation, warehouse)
    if not shard.videos:
        for _ in shard.predictions:
            count_answered(evaluation.run_id)
        return _stage_rows(shard, attempt)
    job = f"{job_prefix(evaluation.run_id)}{shard.index:05d}-{attempt.attempt_id[:8]}"
    runner = pipeline_for(settings, job=job, staging=warehouse.staging, clips=len(shard.videos))
    with runner as pipeline:
        answered: Any = (
            pipeline
            | "Videos" >> beam.Create(shard.videos)
            | "AnswerQuestions" >> AnswerQuestions(evaluation)
        )
        _ = answered | "StageAnswers" >> StageAnswers(attempt)
    return Manifest.from_json(read_staged(attempt.manifest_path, stores=settings.stores).decode())


def stage_replies(rows: Sequence[PredictionRecord], evaluation: Evaluation, warehouse: Warehouse) -> Manifest:
    """Stage what an earlier run left in its journal.

    Raises:
        RunError: it cannot be staged.
    """
    shard = QuestionShard(0, (), tuple(rows))
    return _stage_rows(shard, _new_attempt(shard, evaluation, warehouse))


def _new_attempt(shard: QuestionShard, evaluation: Evaluation, warehouse: Warehouse) -> Attempt:
    attempt_id = uuid.uuid4().hex
    return Attempt(
        directory=f"{warehouse.staging}/{evaluation.run_id}/{shard.index:05d}-{attempt_id}",
        attempt_id=attempt_id,
        run_id=evaluation.run_id,
        recipe=evaluation.arms[0].recipe,
        stores=evaluation.arms[0].settings.stores,
    )


def _stage_rows(shard: QuestionShard, attempt: Attempt) -> Manifest:
    """Stage rows that need no pipeline."""
    parts = {
        table.name: (
            write_part(attempt.directory, table, [row.to_row() for row in rows], stores=attempt.stores),
        )
        for table, rows in ((PREDICTIONS, shard.predictions), (FAILURES, shard.failures))
        if rows
    }
    return Manifest(
        attempt_id=attempt.attempt_id,
        run_id=attempt.run_id,
        recipe=attempt.recipe,
        motion_files=(),
        failure_files=parts.get(FAILURES.name, ()),
        prediction_files=parts.get(PREDICTIONS.name, ()),
        annotated=len(shard.predictions),
        failed=len(shard.failures),
        skipped=0,
    )
