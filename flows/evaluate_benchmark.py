"""The Prefect flow `evaluate_benchmark`: plan, one task per shard, an artifact with the table."""

from __future__ import annotations

from collections.abc import Callable

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.operate.artifacts import shown_progress
from flows.operate.cancelling import cancel_jobs_of_run, kill_decoders_on_cancel, tag_this_run
from flows.operate.configuration import configured
from flows.operate.evaluation_artifacts import show_evaluation
from flows.operate.retries import retried
from flows.operate.run_log import readable_log, without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.evaluate import EvaluationPlan, EvaluationResult, Request, answer_and_commit, evaluate
from flows.runs.run import Shortfall, load_transforms, one_sentence
from flows.shards import CAPTION_TAG, may_help, reason_of
from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, UsageError
from motionsight_core.evaluation.arms import Route, arms_of
from motionsight_core.evaluation.plan import QuestionShard
from motionsight_core.evaluation.scores import Rule
from motionsight_core.evaluation.work import Evaluation
from motionsight_core.settings import Settings, Shown
from motionsight_core.warehouse import Manifest


@task(
    name="evaluate-shard",
    task_run_name="questions-{index}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_jitter_factor=0.5,
    retry_condition_fn=may_help,
)
def questions_task(evaluation: Evaluation, shard: QuestionShard, warehouse: str, index: int) -> Manifest:
    """One bounded Beam pipeline and one commit."""
    load_transforms()
    from transforms.progress import questions_answered

    before = questions_answered(evaluation.run_id)
    progress = shown_progress(
        f"Shard {index}",
        total=max(1, shard.answers),
        unit="answers",
        done=lambda: questions_answered(evaluation.run_id) - before,
    )
    try:
        with kill_decoders_on_cancel(), readable_log(get_run_logger()), progress:
            return answer_and_commit(evaluation, shard, warehouse)
    except UsageError:
        raise
    except Exception as error:
        raise RunError(one_sentence(error)) from None


@flow(
    name="evaluate-benchmark",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_jobs_of_run],
    on_crashed=[cancel_jobs_of_run],
)
def evaluate_benchmark(
    benchmark: str,
    annotations: str,
    videos: str | None = None,
    warehouse: str | None = None,
    settings: Settings | None = None,
    route: Route = "label",
    score: Rule = "strict",
    frames: Shown = "all",
    baseline: bool = True,
    vary: list[str] | None = None,
    limit: int | None = None,
    catalog: str | None = None,
) -> EvaluationResult:
    """Ask the questions of a benchmark, and score the answers.

    Args:
        benchmark: its name, such as motionbench.
        annotations: its file of questions, which the worker sees.
        videos: the folder of its videos, or its gs:// or s3:// address; the catalog's source, if unset.
        warehouse: where the predictions go; the catalog's, if unset.
        settings: knobs of the method; what is unset here is the environment's, the catalog's or the paper's.
        route: what says whether a question is about objects or the camera.
        score: by which rule the artifact's table is.
        frames: which sampled frames are shown.
        baseline: whether the questions are asked without visual prompts as well.
        vary: texts KEY=V1,V2; an arm for each value of a setting, and for all combinations.
        limit: only the first questions of the file.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: benchmark, annotations, videos, warehouse or annotator do not exist.
        RunError: a shard could not be finished; all others are committed.
    """
    without_tracebacks()
    log = get_run_logger()
    with configured(source=videos, warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        arms = arms_of(chosen.settings, route=route, shown=frames, baseline=baseline, vary=vary or ())
        request = Request(benchmark, annotations, chosen.source, chosen.warehouse, arms, limit)

        def on_plan(plan: EvaluationPlan) -> None:
            tag_this_run(run_id=plan.evaluation.run_id)
            count, shards = len(plan.questions), len(plan.shards)
            log.info(
                "%d questions in %d arms: %d answers to get in %d shards",
                count,
                len(arms),
                plan.answers,
                shards,
            )
            for one in plan.annotations.rejected:
                log.warning("Left out: %s", one)

        done = evaluate(request, on_plan=on_plan, answer_shards=_run_tasks)
        if done.shortfall.broken:
            raise RunError(" ".join(done.shortfall.broken))
        show_evaluation(done.result, score)
        return done


def _run_tasks(plan: EvaluationPlan, *, told_to_end: Callable[[], bool]) -> Shortfall:
    """A task run for each shard, one after the other: a shard keeps endpoint or GPU busy."""
    remote = Annotator.parse(plan.request.settings.annotator).is_remote
    trying = retried(questions_task, plan.request.settings.runtime.shard_retries)
    trying = trying.with_options(tags=[CAPTION_TAG] if remote else [])
    broken: list[str] = []
    for begun, shard in enumerate(plan.shards):
        if told_to_end():
            return Shortfall(tuple(broken), left=len(plan.shards) - begun)
        state = trying(plan.evaluation, shard, plan.request.warehouse, shard.index, return_state=True)
        if not state.is_completed():
            broken.append(f"Shard {shard.index} failed: {reason_of(state)}")
    return Shortfall(tuple(broken), left=0)
