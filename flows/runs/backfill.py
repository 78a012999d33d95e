"""A backfill: an old bucket in partitions, whose state stands in the warehouse.

What is to be done is asked of the rows that are there, not of the partitions' state: whatever a crash
left half-way, the same backfill goes on from the last commit and writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.runs.partitions import Backfill, annotate_partition, plan_backfill, save_planned
from flows.runs.run import require_models
from motionsight_core.errors import UsageError, error_names, permanent_names
from motionsight_core.planning.plan import Plan
from motionsight_core.record import PartitionRecord
from motionsight_core.stores import PassedOver


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


def errors_to_retry(names: Sequence[str] | None, *, retry_failures: bool = False) -> frozenset[str]:
    """The errors whose videos are tried again.

    Args:
        names: of errors; naming one is to ask for it.
        retry_failures: where none is named, all that the same bytes would bring again.

    Raises:
        UsageError: there is no such error.
    """
    if not names:
        return frozenset(permanent_names()) if retry_failures else frozenset()
    known = error_names()
    for name in names:
        if name not in known:
            raise UsageError(f"There is no error {name!r}; the names are {', '.join(sorted(known))}.")
    return frozenset(names)


@dataclass(slots=True)
class Progress:
    """How far a backfill is; read from other threads while it runs."""

    videos: int = 0
    """Objects that were to be opened when it began."""
    run_ids: list[str] = field(default_factory=list)
    """Of the partitions that were begun."""


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
    passed_over: PassedOver
    """What of the source is not a video."""


def run_backfill(
    backfill: Backfill,
    *,
    concurrency: int = 1,
    on_plan: Callable[[Sequence[Plan], Progress], None] = lambda plans, progress: None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> BackfillResult:
    """Annotate what is not in the warehouse yet, partition by partition.

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
    plans = plan_backfill(backfill)
    records = save_planned(backfill, plans)
    progress = Progress(videos=sum(plan.videos for plan in plans))
    on_plan(plans, progress)

    def work(record: PartitionRecord) -> PartitionRecord:
        if told_to_end():
            return record
        return annotate_partition(
            backfill,
            record,
            plans[record.partition],
            told_to_end=told_to_end,
            on_begin=progress.run_ids.append,
        )

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
        passed_over=plans[0].passed_over,
    )
