"""The Prefect flow `annotate_catalog`: plan, one task per shard, an artifact that says what came of it."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.tasks import exponential_backoff

from flows.run import (
    Run,
    RunResult,
    commit_shard,
    finish_run,
    one_sentence,
    opened_run,
    plan_run,
    stage_shard,
)
from motionsight_core import DEFAULT_WAREHOUSE
from motionsight_core.errors import RunError
from motionsight_core.planning import Plan
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.shards import Shard
from motionsight_core.warehouse import Manifest


@task(name="plan", cache_policy=NO_CACHE)
def plan_task(run: Run) -> Plan:
    """List the source and leave out what the warehouse has."""
    return plan_run(run)


@task(
    name="annotate-shard",
    task_run_name="shard-{index}",
    cache_policy=NO_CACHE,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_jitter_factor=0.5,
)
def shard_task(run: Run, shard: Shard, index: int) -> Manifest:
    """One bounded Beam pipeline and one commit."""
    try:
        manifest = stage_shard(run, shard)
        commit_shard(run, manifest)
        return manifest
    except Exception as error:
        # A Beam failure carries hundreds of lines; the cause is the last one.
        raise RunError(one_sentence(error)) from None


@flow(name="annotate-catalog", flow_run_name="annotate {source}", log_prints=False)
def annotate_catalog(
    source: str,
    warehouse: str = DEFAULT_WAREHOUSE,
    settings: Settings | None = None,
    force: bool = False,
    after: str = "",
) -> RunResult:
    """Annotate a catalog of videos with object and camera motion.

    Args:
        source: a file, a directory (recursive), a glob, or a store's address.
        warehouse: where the rows go, for example duckdb:motionsight.duckdb.
        settings: every knob of the method; the paper's values where unset.
        force: annotate again what the warehouse has under this recipe.
        after: a uri; only what comes after it in the source's order is annotated.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a shard could not be finished; all others are committed.
    """
    settings = settings or Settings()
    log = get_run_logger()
    with opened_run(source, warehouse=warehouse, settings=settings, force=force, after=after) as run:
        plan = plan_task(run)
        log.info("%d videos: %d to annotate in %d shards, %d clips known", plan.listed, plan.videos,
                 len(plan.shards), plan.skipped)  # fmt: skip
        retrying = shard_task.with_options(retries=settings.runtime.shard_retries)
        # One after the other: a shard keeps every core busy, and the warehouse takes one writer.
        states = [retrying(run, shard, shard.index, return_state=True) for shard in plan.shards]
        broken = tuple(
            f"Shard {shard.index} failed: {state.message}"
            for shard, state in zip(plan.shards, states, strict=True)
            if not state.is_completed()
        )
        record = finish_run(run)
    create_table_artifact(key="motionsight-run", table=[_summary(record)], description=_headline(record))
    if broken:
        raise RunError(" ".join(broken))
    return RunResult(record, plan, broken)


def _summary(record: RunRecord) -> dict[str, Any]:
    return {
        "source": record.source,
        "planned": record.planned,
        "annotated": record.annotated,
        "skipped": record.skipped,
        "failed": record.failed,
        "clips per second": round(record.throughput, 2),
        "recipe": record.recipe,
        "run": record.run_id,
    }


def _headline(record: RunRecord) -> str:
    return f"MotionSight annotated {record.annotated} of {record.planned} clips of {record.source}."
