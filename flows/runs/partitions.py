"""The partitions of a backfill: what each is to do, its work, and its state in the warehouse."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flows.runs.run import Run, RunShards, begin_run, finish_run, new_run, one_sentence, run_shards, staged
from motionsight_core.planning.plan import Plan, partition_of, plan_catalog, plan_partitions
from motionsight_core.planning.shards import Shard
from motionsight_core.record import PartitionRecord, RunRecord
from motionsight_core.settings import Settings
from motionsight_core.stores import Listed, PassedOver, Selection, list_objects
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staging import staging_area


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be annotated, and in how many parts."""

    source: str
    warehouse: str
    settings: Settings
    partitions: int
    since: datetime | None = None
    """Objects modified at this time or later."""
    until: datetime | None = None
    """Objects modified before this time."""
    retry: frozenset[str] = frozenset()
    """Names of errors whose failures are tried again."""

    @property
    def backfill_id(self) -> str:
        """16 hex digits; the same for the same source, recipe, partitions and times, so that it goes on."""
        source = self.source if "://" in self.source else os.path.abspath(self.source)  # noqa: PTH100
        times = [time.isoformat() if time else None for time in (self.since, self.until)]
        identity = json.dumps([source, self.settings.recipe(), self.partitions, *times])
        return hashlib.sha256(identity.encode()).hexdigest()[:16]


def plan_backfill(backfill: Backfill) -> list[Plan]:
    """One listing, dealt out to the partitions; what the warehouse has is left out.

    Raises:
        UsageError: the source does not exist.
    """
    passed_over = PassedOver()
    return plan_partitions(
        _listing(backfill, passed_over),
        backfill.settings,
        open_warehouse(backfill.warehouse),
        run_id=backfill.backfill_id,
        partitions=backfill.partitions,
        retry=backfill.retry,
        passed_over=passed_over,
    )


def plan_partition(backfill: Backfill, partition: int) -> Plan:
    """One partition's plan alone, for a process that works on no other.

    Raises:
        UsageError: the source does not exist.
    """
    return plan_catalog(
        (item for item in _listing(backfill) if partition_of(item.uri, backfill.partitions) == partition),
        backfill.settings,
        open_warehouse(backfill.warehouse),
        run_id=backfill.backfill_id,
        retry=backfill.retry,
    )


def save_planned(backfill: Backfill, plans: Sequence[Plan]) -> list[PartitionRecord]:
    """Write down what the plan found; returns the state of all partitions."""
    warehouse = open_warehouse(backfill.warehouse)
    before = {record.partition: record for record in warehouse.partitions(backfill.backfill_id)}
    records = [planned(backfill, index, plan, before.get(index)) for index, plan in enumerate(plans)]
    warehouse.save_partitions([record for record in records if before.get(record.partition) != record])
    if not any(plan.shards for plan in plans):
        # No run follows that would sweep away what a killed one has left staged.
        with staging_area(warehouse.staging, f"plan-{uuid.uuid4().hex}", stores=backfill.settings.stores):
            pass
    return records


def planned(backfill: Backfill, index: int, plan: Plan, before: PartitionRecord | None) -> PartitionRecord:
    """A partition as the plan found it. One in which nothing is left to do keeps what it said when done."""
    if not plan.shards and before is not None and before.state == "done":
        return before
    return PartitionRecord(
        backfill_id=backfill.backfill_id,
        partition=index,
        source=backfill.source,
        recipe=backfill.settings.recipe(),
        state="pending" if plan.shards else "done",
        videos=plan.listed,
        annotated=0,
        skipped=plan.skipped,
        failed=0,
        finished_at=None if plan.shards else datetime.now(UTC),
    )


def annotate_partition(
    backfill: Backfill,
    record: PartitionRecord,
    plan: Plan,
    *,
    told_to_end: Callable[[], bool] = lambda: False,
    on_begin: Callable[[str], object] = lambda run_id: None,
    on_shard: Callable[[Shard, Manifest], None] = lambda shard, manifest: None,
    on_run: Callable[[RunRecord, tuple[str, ...]], object] = lambda run, broken: None,
    run_shards: RunShards = run_shards,
) -> PartitionRecord:
    """Work through one partition; its state is in the warehouse before, and after.

    Args:
        told_to_end: asked before each shard; once it is true no other is begun.
        on_begin: called with the run's id before the first shard.
        on_shard: called after each commit.
        on_run: called with the run's row, and a sentence for each shard that could not be finished.
        run_shards: who works through the shards.

    Returns:
        Its state: done, failed with the reason, or pending where it was told to end. Whatever failed, this
        returns: other partitions go on.
    """
    warehouse = open_warehouse(backfill.warehouse)
    run = new_run(
        backfill.source, warehouse=backfill.warehouse, settings=backfill.settings, retry=backfill.retry
    )
    on_begin(run.run_id)
    record = replace(record, state="running", run_id=run.run_id, started_at=datetime.now(UTC))
    try:
        warehouse.save_partitions([record])
        record = _run(run, record, plan, told_to_end, on_shard, on_run, run_shards)
    except Exception as error:
        record = replace(record, state="failed", finished_at=datetime.now(UTC), message=one_sentence(error))
    warehouse.save_partitions([record])
    return record


def _run(
    run: Run,
    record: PartitionRecord,
    plan: Plan,
    told_to_end: Callable[[], bool],
    on_shard: Callable[[Shard, Manifest], None],
    on_run: Callable[[RunRecord, tuple[str, ...]], object],
    run_shards: RunShards,
) -> PartitionRecord:
    with staged(run):
        begin_run(run, plan, record.started_at or datetime.now(UTC))
        shortfall = run_shards(run, plan.shards, told_to_end=told_to_end, on_shard=on_shard)
        done = finish_run(run)
        on_run(done, shortfall.broken)
    state = "failed" if shortfall.broken else "pending" if shortfall.left else "done"
    return replace(
        record,
        state=state,
        annotated=done.annotated,
        skipped=done.skipped,
        failed=done.failed,
        finished_at=done.finished_at if state != "pending" else None,
        message=shortfall.broken[0] if shortfall.broken else None,
    )


def _listing(backfill: Backfill, passed_over: PassedOver | None = None) -> Iterator[Listed]:
    return list_objects(
        backfill.source,
        selection=Selection(since=backfill.since, until=backfill.until),
        settings=backfill.settings.stores,
        passed_over=passed_over,
    )
