"""A backfill: an old bucket in partitions, whose state stands in the warehouse.

What is to be done is asked of the rows that are there, not of the partitions' state: whatever a crash
left half-way, the same backfill goes on from the last commit and writes nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from flows.run import Run, begin_run, finish_run, new_run, one_sentence, require_models, run_shards, staged
from motionsight_core.errors import UsageError, error_names, permanent_names
from motionsight_core.planning import Plan, plan_partitions
from motionsight_core.record import PartitionRecord
from motionsight_core.settings import Settings
from motionsight_core.shards import Shard
from motionsight_core.stores import Selection, list_objects
from motionsight_core.warehouse import Warehouse, open_warehouse


def parsed_time(option: str, text: str | None) -> datetime | None:
    """A date or a time in ISO 8601; UTC where it names no zone.

    Raises:
        UsageError: it is neither.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} takes a date or a time such as 2026-11-20 or 2026-11-20T18:00, got {text!r}."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def errors_to_retry(names: Sequence[str]) -> frozenset[str]:
    """The errors that are named; all that the same bytes would bring again, where none is.

    Raises:
        UsageError: there is no such error.
    """
    known = error_names()
    for name in names:
        if name not in known:
            raise UsageError(f"There is no error {name!r}; the names are {', '.join(sorted(known))}.")
    return frozenset(names or permanent_names())


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


@dataclass(slots=True)
class Progress:
    """How far a backfill is; read from other threads while it runs."""

    videos: int = 0
    """Objects that were to be opened when it began."""
    finished: int = 0
    """Of these, the ones in committed shards."""
    run_ids: list[str] = field(default_factory=list)
    """Of the partitions that were begun."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def shard_done(self, shard: Shard) -> None:
        with self.lock:
            self.finished += len(shard.videos)


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """How a backfill ended."""

    backfill_id: str
    partitions: tuple[PartitionRecord, ...]
    """All of them, in order."""
    worked_on: tuple[str, ...]
    """run_ids of this time."""
    broken: tuple[str, ...]
    """One sentence for each partition that could not be finished."""
    left: int
    """Partitions that are still to be done, because the run was told to end."""


def run_backfill(
    backfill: Backfill,
    *,
    concurrency: int = 1,
    on_plan: Callable[[Sequence[Plan], Progress], None] = lambda plans, progress: None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> BackfillResult:
    """Annotate what the warehouse has not, partition by partition.

    Args:
        concurrency: partitions at once. One keeps a machine's cores busy; more help where an endpoint or a
            cluster does the work.
        on_plan: called once it is known what is to be done.
        told_to_end: asked before each shard; once it is true no other is begun.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: the model or the store cannot be reached.
    """
    require_models(backfill.settings)
    warehouse = open_warehouse(backfill.warehouse)
    plans = _plan(backfill, warehouse)
    progress = Progress(videos=sum(plan.videos for plan in plans))
    before = {record.partition: record for record in warehouse.partitions(backfill.backfill_id)}
    records = [_planned(backfill, index, plan, before.get(index)) for index, plan in enumerate(plans)]
    warehouse.save_partitions([record for record in records if before.get(record.partition) != record])
    on_plan(plans, progress)

    def work(record: PartitionRecord) -> PartitionRecord:
        if told_to_end():
            return record
        return _annotate(backfill, record, plans[record.partition], progress, told_to_end)

    pending = [record for record in records if record.state == "pending"]
    with ThreadPoolExecutor(max(1, concurrency), thread_name_prefix="partition") as threads:
        ended = list(threads.map(work, pending))
    final = {record.partition: record for record in [*records, *ended]}
    return BackfillResult(
        backfill.backfill_id,
        tuple(final[index] for index in sorted(final)),
        worked_on=tuple(record.run_id for record in ended if record.run_id and record.state != "pending"),
        broken=tuple(f"Partition {r.partition}: {r.message}" for r in ended if r.state == "failed"),
        left=sum(record.state == "pending" for record in ended),
    )


def _plan(backfill: Backfill, warehouse: Warehouse) -> list[Plan]:
    selection = Selection(since=backfill.since, until=backfill.until)
    return plan_partitions(
        list_objects(backfill.source, selection=selection, settings=backfill.settings.stores),
        backfill.settings,
        warehouse,
        run_id=backfill.backfill_id,
        partitions=backfill.partitions,
        retry=backfill.retry,
    )


def _planned(backfill: Backfill, index: int, plan: Plan, before: PartitionRecord | None) -> PartitionRecord:
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


def _annotate(
    backfill: Backfill,
    record: PartitionRecord,
    plan: Plan,
    progress: Progress,
    told_to_end: Callable[[], bool],
) -> PartitionRecord:
    """Work through one partition; its state is in the warehouse before, and after."""
    warehouse = open_warehouse(backfill.warehouse)
    run = new_run(
        backfill.source, warehouse=backfill.warehouse, settings=backfill.settings, retry=backfill.retry
    )
    progress.run_ids.append(run.run_id)
    record = replace(record, state="running", run_id=run.run_id, started_at=datetime.now(UTC))
    try:
        warehouse.save_partitions([record])
        record = _run(run, record, plan, progress, told_to_end)
    except Exception as error:
        # The other partitions go on.
        record = replace(record, state="failed", finished_at=datetime.now(UTC), message=one_sentence(error))
    warehouse.save_partitions([record])
    return record


def _run(
    run: Run,
    record: PartitionRecord,
    plan: Plan,
    progress: Progress,
    told_to_end: Callable[[], bool],
) -> PartitionRecord:
    with staged(run):
        begin_run(run, plan, record.started_at or datetime.now(UTC))
        shortfall = run_shards(
            run,
            plan.shards,
            told_to_end=told_to_end,
            on_shard=lambda shard, manifest: progress.shard_done(shard),
        )
        done = finish_run(run)
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
