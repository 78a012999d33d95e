"""An evaluation without Prefect: read, plan, shard by shard, table. The flow takes these same steps."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from flows.runs.run import Shortfall, load_transforms, one_sentence, with_retries
from motionsight_core.errors import UsageError
from motionsight_core.evaluation import Annotations, Benchmark, Question, open_benchmark
from motionsight_core.evaluation.arms import Arm
from motionsight_core.evaluation.journal import forget, journal_directory, left_behind
from motionsight_core.evaluation.plan import QuestionShard, known_predictions, left_to_ask, plan_shards
from motionsight_core.evaluation.result import Result
from motionsight_core.evaluation.work import AskedVideo, Evaluation
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.models.loaded import require_models
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staging import staging_area


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated; plain values, so that it travels to any task."""

    benchmark: str
    """Its name."""
    annotations: str
    """Its file of questions."""
    videos: str
    """Folder or address of its videos."""
    warehouse: str
    arms: tuple[Arm, ...]
    limit: int | None = None
    """Only so many questions, the first of the file."""

    @property
    def settings(self) -> Settings:
        """How the run works; what the questions are answered with is each arm's."""
        return self.arms[0].settings


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """What an evaluation is about, and what is left to do."""

    request: Request
    evaluation: Evaluation
    benchmark: Benchmark
    annotations: Annotations
    questions: tuple[Question, ...]
    shards: tuple[QuestionShard, ...]
    recovered: int
    """Replies of an earlier run that its journal held, committed by now."""

    @property
    def answers(self) -> int:
        """How many predictions are to be made."""
        return sum(shard.answers for shard in self.shards)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """How an evaluation ended."""

    plan: EvaluationPlan
    result: Result
    shortfall: Shortfall


class AnswerShards(Protocol):
    """Works through the shards of an evaluation, as `answer_shards` does."""

    def __call__(self, plan: EvaluationPlan, *, told_to_end: Callable[[], bool]) -> Shortfall: ...


def evaluate(
    request: Request,
    *,
    on_plan: Callable[[EvaluationPlan], None] = lambda plan: None,
    told_to_end: Callable[[], bool] = lambda: False,
    answer_shards: AnswerShards | None = None,
) -> EvaluationResult:
    """Answer what is not answered yet, and score it all.

    Args:
        request: what is evaluated.
        on_plan: called once the plan is known.
        told_to_end: asked before each shard; once it is true no other is begun.
        answer_shards: how shards are worked through; one after the other in this process, if unset.

    Raises:
        UsageError: benchmark, annotations, videos, warehouse or annotator do not exist.
        RunError: a model or its endpoint is not there.
    """
    with opened_evaluation(request) as plan:
        if plan.shards and request.settings.runtime.runner == "local":
            shared_decoder(
                request.settings
            ).start_one()  # it imports its libraries while this one imports Beam
        on_plan(plan)
        shortfall = (answer_shards or _answer_shards)(plan, told_to_end=told_to_end)
        warehouse = open_warehouse(request.warehouse)
        warehouse.finish_run(plan.evaluation.run_id)
        known = known_predictions(warehouse, plan.evaluation)
        result = Result(plan.benchmark, plan.questions, request.arms, known)
        return EvaluationResult(plan, result, shortfall)


@contextmanager
def opened_evaluation(request: Request) -> Iterator[EvaluationPlan]:
    """The plan of an evaluation, with its staging area.

    Raises:
        UsageError: benchmark, annotations, videos, warehouse or annotator do not exist.
        RunError: a model or its endpoint is not there.
    """
    benchmark = open_benchmark(request.benchmark)
    annotations = benchmark.read(request.annotations)
    questions = annotations.questions[: request.limit]
    if request.settings.stores != request.arms[-1].settings.stores:
        raise UsageError("--vary cannot vary how stores are reached.")
    for settings in {arm.settings.annotator: arm.settings for arm in request.arms}.values():
        require_models(settings)
    warehouse = open_warehouse(request.warehouse)
    run_id = uuid.uuid4().hex
    evaluation = Evaluation(
        benchmark=benchmark.name,
        annotations=annotations.sha256,
        arms=request.arms,
        run_id=run_id,
        journal=journal_directory(
            warehouse.staging, benchmark=benchmark.name, annotations=annotations.sha256
        ),
    )
    with staging_area(warehouse.staging, run_id, stores=request.settings.stores):
        warehouse.start_run(
            RunRecord.begun(
                run_id,
                source=f"{request.benchmark} {request.annotations} {request.videos}",
                recipe=request.arms[0].recipe,
                settings=request.settings.model_dump_json(),
                started_at=datetime.now(UTC),
            )
        )
        recovered = commit_left_behind(evaluation, request.warehouse)
        asked = left_to_ask(questions, request.arms, known_predictions(warehouse, evaluation))
        shards = plan_shards(
            asked,
            benchmark,
            evaluation,
            videos=request.videos,
            stores=request.settings.stores,
            shard_size=request.settings.runtime.shard_size,
        )
        yield EvaluationPlan(request, evaluation, benchmark, annotations, questions, tuple(shards), recovered)


def commit_left_behind(evaluation: Evaluation, warehouse: str) -> int:
    """Commit what the journals of runs that were killed hold, and that of an attempt that failed.

    Returns:
        How many replies.
    """
    stores = evaluation.arms[0].settings.stores
    with left_behind(evaluation.journal, evaluation.run_id, stores) as found:
        if found.rows:
            load_transforms()
            from transforms.question_shard import stage_replies

            kept = open_warehouse(warehouse)
            kept.commit(stage_replies(found.rows, evaluation, kept))
        found.remove(stores)
    return len(found.rows)


def answer_and_commit(evaluation: Evaluation, shard: QuestionShard, warehouse: str) -> Manifest:
    """One bounded pipeline and one commit; what an attempt before this one has answered is left out.

    Raises:
        RunError: the model cannot be reached, or rows cannot be written.
    """
    load_transforms()
    from transforms.question_shard import answer_shard

    kept = open_warehouse(warehouse)
    commit_left_behind(evaluation, warehouse)
    shard = _without_answered(shard, evaluation, warehouse)
    manifest = answer_shard(shard, evaluation, kept)
    settings = evaluation.arms[0].settings
    with_retries(partial(kept.commit, manifest), retries=settings.runtime.shard_retries)
    forget(evaluation.journal, evaluation.run_id, settings.stores)
    return manifest


def _without_answered(shard: QuestionShard, evaluation: Evaluation, warehouse: str) -> QuestionShard:
    known = known_predictions(open_warehouse(warehouse), evaluation)
    videos: list[AskedVideo] = []
    for video in shard.videos:
        asked = left_to_ask([one.question for one in video.questions], evaluation.arms, known)
        if asked:
            videos.append(replace(video, questions=tuple(asked)))
    return replace(shard, videos=tuple(videos))


def _answer_shards(plan: EvaluationPlan, *, told_to_end: Callable[[], bool]) -> Shortfall:
    """One shard after the other; one that cannot be finished stops no other."""
    evaluation, shards = plan.evaluation, plan.shards
    broken: list[str] = []
    for begun, shard in enumerate(shards):
        if told_to_end():
            return Shortfall(tuple(broken), left=len(shards) - begun)
        try:
            with_retries(
                partial(answer_and_commit, evaluation, shard, plan.request.warehouse),
                retries=plan.request.settings.runtime.shard_retries,
            )
        except Exception as error:
            broken.append(f"Shard {shard.index} failed: {one_sentence(error)}")
    return Shortfall(tuple(broken), left=0)


def method_arms(arms: Sequence[Arm]) -> list[Arm]:
    """The arms that are no baseline of another."""
    baselines = {arm.baseline for arm in arms}
    return [arm for arm in arms if arm.name not in baselines]
