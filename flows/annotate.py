"""The Prefect flow `annotate_catalog`: plan, one task per shard, artifacts that say what came of it."""

from __future__ import annotations

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.cli.answers import passed_over_sentence
from flows.operate.artifacts import ALL_FILES, show_run
from flows.operate.cancelling import cancel_jobs_of_run
from flows.operate.configuration import configured
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.run import Run, RunResult, finish_run, opened_run, plan_run
from flows.shards import run_shard_tasks
from motionsight_core.errors import RunError
from motionsight_core.planning.plan import Plan
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse


@task(name="plan", cache_policy=NO_CACHE, persist_result=False)  # a plan is an open file
def plan_task(run: Run) -> Plan:
    """List the source and leave out what the warehouse has."""
    return plan_run(run)


@flow(
    name="annotate-catalog",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_jobs_of_run],
    on_crashed=[cancel_jobs_of_run],
)
def annotate_catalog(
    source: str | None = None,
    warehouse: str | None = None,
    settings: Settings | None = None,
    force: bool = False,
    after: str = "",
    catalog: str | None = None,
) -> RunResult:
    """Annotate a catalog of videos with object and camera motion.

    Args:
        source: a file, a directory (recursive), a glob, or a store's address; the catalog's, if unset.
        warehouse: where the rows go, for example duckdb:motionsight.duckdb; the catalog's, if unset.
        settings: knobs of the method; what is unset here is the environment's, the catalog's or the paper's.
        force: annotate again what the warehouse has under this recipe.
        after: a uri; only what comes after it in the source's order is annotated.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a shard could not be finished; all others are committed.
    """
    without_tracebacks()
    log = get_run_logger()
    with (
        configured(source=source, warehouse=warehouse, settings=settings, catalog=catalog) as chosen,
        opened_run(
            chosen.source, warehouse=chosen.warehouse, settings=chosen.settings, force=force, after=after
        ) as run,
    ):
        plan = plan_task(run)
        log.info("%d videos: %d to annotate in %d shards, %d clips known", plan.listed, plan.videos,
                 len(plan.shards), plan.skipped)  # fmt: skip
        passed_over = passed_over_sentence(plan.passed_over, how=ALL_FILES)
        if passed_over:
            log.info("%s", passed_over)
        broken = run_shard_tasks(run, plan.shards).broken
        record = finish_run(run)
        show_run(record, open_warehouse(run.warehouse), broken=broken, passed_over=passed_over)
    if broken:
        raise RunError(" ".join(broken))
    return RunResult(record, plan, broken)
