"""The Prefect flow `annotate_partition`: one partition of a backfill, as a flow run of its own."""

from __future__ import annotations

from datetime import datetime

from prefect import flow
from prefect.logging import get_run_logger

from flows.operate.artifacts import show_partitions, show_run
from flows.operate.cancelling import cancel_jobs_of_run
from flows.operate.configuration import configured
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.backfill import errors_to_retry
from flows.runs.partitions import Backfill, plan_partition, planned
from flows.runs.partitions import annotate_partition as work
from flows.runs.run import require_models
from flows.shards import run_shard_tasks
from motionsight_core.errors import RunError, UsageError
from motionsight_core.record import PartitionRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse


@flow(
    name="annotate-partition",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_jobs_of_run],
    on_crashed=[cancel_jobs_of_run],
)
def annotate_partition(
    partition: int,
    partitions: int,
    source: str | None = None,
    warehouse: str | None = None,
    settings: Settings | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    retry_failures: bool = False,
    errors: list[str] | None = None,
    catalog: str | None = None,
) -> PartitionRecord:
    """Annotate one partition of a backfill; `backfill_catalog` starts a run of this for each.

    Args:
        partition: which, from 0.
        partitions: how many there are; part of the backfill's identity.
        source: a directory, a glob, or a store's address; the catalog's, if unset.
        warehouse: where the rows go; the catalog's, if unset.
        settings: knobs of the method; what is unset here is the environment's, the catalog's or the paper's.
        since: only objects modified at this time or later.
        until: only objects modified before this time.
        retry_failures: try again what failed for good before.
        errors: of these, only the errors of these names.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: source, warehouse or annotator do not exist, or there is no such partition.
        RunError: a shard could not be finished; all others are committed.
    """
    without_tracebacks()
    if not 0 <= partition < partitions:
        raise UsageError(f"There is no partition {partition} of {partitions}; they count from 0.")
    with configured(source=source, warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        backfill = Backfill(
            chosen.source,
            chosen.warehouse,
            chosen.settings,
            partitions,
            since=since,
            until=until,
            retry=errors_to_retry(errors, retry_failures=retry_failures),
        )
        require_models(chosen.settings)
        place = open_warehouse(chosen.warehouse)
        before = {record.partition: record for record in place.partitions(backfill.backfill_id)}
        plan = plan_partition(backfill, partition)
        record = planned(backfill, partition, plan, before.get(partition))
        get_run_logger().info(
            "Partition %d of %d: %d videos, %d to annotate in %d shards",
            partition, partitions, plan.listed, plan.videos, len(plan.shards),
        )  # fmt: skip
        if plan.shards:
            record = work(
                backfill,
                record,
                plan,
                on_run=lambda run, broken: show_run(run, place, broken=broken),
                run_shards=run_shard_tasks,
            )
        elif record != before.get(partition):
            place.save_partitions([record])
    show_partitions([record])
    if record.state == "failed":
        raise RunError(f"Partition {partition}: {record.message}")
    return record
