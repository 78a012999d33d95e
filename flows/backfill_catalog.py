"""The Prefect flow `backfill_catalog`: an old bucket, with a flow run for each partition of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.cli.answers import passed_over_sentence
from flows.operate.artifacts import ALL_FILES, show_partitions
from flows.operate.cancelling import backfill_tag, cancel_partitions, tag_this_run
from flows.operate.configuration import configured
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.partition_runs import PartitionRuns
from flows.runs.backfill import errors_to_retry
from flows.runs.partitions import Backfill, plan_backfill, save_planned
from flows.runs.run import require_models
from motionsight_core.errors import RunError
from motionsight_core.record import PartitionRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse

#: The deployment that a partition's flow run is made of, as deploy/prefect.yaml names it.
PARTITION_DEPLOYMENT = "annotate-partition/partition"


@task(name="plan", cache_policy=NO_CACHE, persist_result=False)
def plan_task(backfill: Backfill) -> list[PartitionRecord]:
    """List the source once, leave out what the warehouse has, write down what each partition is to do."""
    plans = plan_backfill(backfill)
    if passed_over := passed_over_sentence(plans[0].passed_over, how=ALL_FILES):
        get_run_logger().info("%s", passed_over)
    return save_planned(backfill, plans)


@flow(
    name="backfill-catalog",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_partitions],
)
def backfill_catalog(
    source: str | None = None,
    warehouse: str | None = None,
    settings: Settings | None = None,
    partitions: int = 16,
    since: datetime | None = None,
    until: datetime | None = None,
    concurrency: int = 4,
    retry_failures: bool = False,
    errors: list[str] | None = None,
    catalog: str | None = None,
    deployment: str = PARTITION_DEPLOYMENT,
) -> list[PartitionRecord]:
    """Annotate an old bucket in partitions, each a flow run of its own, a few of them at once.

    Run it again and it goes on: partitions that are done are left alone, ones that run are waited for, ones
    that failed are tried again. Whatever happens, no row is written twice.

    Args:
        source: a directory, a glob, or a store's address; the catalog's, if unset.
        warehouse: where the rows go; the catalog's, if unset.
        settings: knobs of the method; what is unset here is the environment's, the catalog's or the paper's.
        partitions: how many, by a stable hash of the objects' names.
        since: only objects modified at this time or later.
        until: only objects modified before this time.
        concurrency: partitions at once; the work pool must have room for so many beside this run.
        retry_failures: try again what failed for good before.
        errors: of these, only the errors of these names.
        catalog: name of a MotionSight Catalog block.
        deployment: of the flow `annotate-partition`.

    Raises:
        UsageError: source, warehouse, annotator or deployment do not exist.
        RunError: a partition could not be finished; all others are.
    """
    without_tracebacks()
    retry = errors_to_retry(errors, retry_failures=retry_failures)
    with configured(source=source, warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        require_models(chosen.settings)
        backfill = Backfill(
            chosen.source,
            chosen.warehouse,
            chosen.settings,
            partitions,
            since=since,
            until=until,
            retry=retry,
        )
        tag_this_run(backfill_id=backfill.backfill_id)
        records = plan_task(backfill)
        place = open_warehouse(chosen.warehouse)
        pending = [record.partition for record in records if record.state == "pending"]
        get_run_logger().info(
            "Backfill %s: %d videos in %d partitions, %d of them to be annotated",
            backfill.backfill_id, sum(record.videos for record in records), partitions, len(pending),
        )  # fmt: skip
        show_partitions(records)
        # What was chosen here, whoever said it: on a worker with another environment the partitions would be
        # those of another backfill. The catalog is named for its credentials.
        common: dict[str, Any] = {
            "partitions": partitions,
            "source": chosen.source,
            "warehouse": chosen.warehouse,
            "settings": chosen.settings.model_dump(mode="json", exclude_unset=True),
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "retry_failures": retry_failures,
            "errors": list(errors or ()),
            "catalog": catalog,
        }
        runs = PartitionRuns(deployment, backfill.backfill_id, tag=backfill_tag(backfill.backfill_id))
        unfinished = runs.work_through(pending, common, concurrency=concurrency)
        final = place.partitions(backfill.backfill_id)
        show_partitions(final)
    if unfinished:
        raise RunError(
            " ".join(f"Partition {number} ended as {how}." for number, how in sorted(unfinished.items()))
            + " Run the backfill again: it goes on with these."
        )
    return final
