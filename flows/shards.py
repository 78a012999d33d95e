"""Shards as Prefect task runs: one task is one bounded Beam pipeline and one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging import get_run_logger
from prefect.tasks import Task

from flows.operate.artifacts import shown_progress
from flows.operate.cancelling import kill_decoders_on_cancel, tag_this_run
from flows.operate.retries import retried
from flows.operate.run_log import readable_log
from flows.runs.run import Run, Shortfall, commit_shard, one_sentence, stage_shard
from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, UsageError
from motionsight_core.planning.shards import Shard
from motionsight_core.warehouse import Manifest

#: Tag of shards that ask an endpoint. A Prefect concurrency limit of this name bounds how many do so at once.
CAPTION_TAG = "motionsight-caption"


def may_help(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether a task that failed is tried again: not where it would be the same again."""
    return not isinstance(state.data, UsageError)


@task(
    name="annotate-shard",
    task_run_name="shard-{index}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_jitter_factor=0.5,
    retry_condition_fn=may_help,
)
def shard_task(run: Run, shard: Shard, index: int) -> Manifest:
    """One bounded Beam pipeline and one commit."""
    try:
        with kill_decoders_on_cancel(), readable_log(get_run_logger()), _progress(run, shard):
            manifest = stage_shard(run, shard)
        commit_shard(run, manifest)
        return manifest
    except UsageError:
        raise
    except Exception as error:
        # A Beam failure carries hundreds of lines; the cause is the last one.
        raise RunError(one_sentence(error)) from None


def run_shard_tasks(
    run: Run,
    shards: Sequence[Shard],
    *,
    told_to_end: Callable[[], bool] = lambda: False,
    on_shard: Callable[[Shard, Manifest], None] = lambda shard, manifest: None,
) -> Shortfall:
    """As `flows.runs.run.run_shards`, with a task run for each shard."""
    tag_this_run(run_id=run.run_id)
    remote = Annotator.parse(run.settings.annotator).is_remote
    trying = retried(shard_task, run.settings.runtime.shard_retries)
    trying = trying.with_options(tags=[CAPTION_TAG] if remote else [])
    broken: list[str] = []
    # One after the other: a shard keeps every core busy, and the warehouse takes one writer.
    for begun, shard in enumerate(shards):
        if told_to_end():
            return Shortfall(tuple(broken), left=len(shards) - begun)
        state = trying(run, shard, shard.index, return_state=True)
        if state.is_completed():
            on_shard(shard, state.result())
        else:
            broken.append(f"Shard {shard.index} failed: {reason_of(state)}")
    return Shortfall(tuple(broken), left=0)


def reason_of(state: State[Manifest]) -> str:
    """Why a shard's task failed, in one sentence."""
    error = state.data if isinstance(state.data, BaseException) else state.result(raise_on_failure=False)
    return one_sentence(error) if isinstance(error, BaseException) else str(state.message)


def _progress(run: Run, shard: Shard) -> AbstractContextManager[None]:
    if run.settings.runtime.runner != "local" or not shard.videos:
        return nullcontext()  # other machines do the work, and what they count is told at the end
    from transforms.progress import videos_done

    before = videos_done(run.run_id)
    return shown_progress(
        f"Shard {shard.index}",
        total=len(shard.videos),
        unit="videos",
        done=lambda: videos_done(run.run_id) - before,
    )
