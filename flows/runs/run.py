"""A run without Prefect: plan, shard by shard, finish. Flows, backfills and watches take these same steps."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_incrementing,
)

from flows.runs.signals import interrupts_deferred
from motionsight_core.errors import MotionSightError, UsageError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.motionsight import MotionSight
from motionsight_core.planning.plan import Plan, plan_catalog
from motionsight_core.planning.shards import Shard
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.stores import PassedOver, Selection, list_objects
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staging import staging_area

T = TypeVar("T")

_RETRY_PAUSE_S = 2.0
#: An error of ours as the last line of a traceback that Beam made of it.
_OURS = re.compile(
    r"^(?:RuntimeError: )?motionsight_core\.errors\.\w+: (.+?)(?: \[while running .*)?$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is about; plain values, so that it travels to any task."""

    run_id: str
    source: str
    warehouse: str
    settings: Settings
    force: bool = False
    """Annotate again what is already in the warehouse."""
    retry: frozenset[str] = frozenset()
    """Names of errors whose failures are tried again."""
    after: str = ""
    """A uri: only what comes after it in the source's order."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What is missing after a run of shards; nothing, if all is well."""

    broken: tuple[str, ...]
    """One sentence for each shard that could not be finished."""
    left: int
    """Shards that were not begun, because the run was told to end."""


class RunShards(Protocol):
    """Works through the shards of a run, as `run_shards` does."""

    def __call__(
        self,
        run: Run,
        shards: Sequence[Shard],
        *,
        told_to_end: Callable[[], bool],
        on_shard: Callable[[Shard, Manifest], None],
    ) -> Shortfall: ...


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended."""

    record: RunRecord
    plan: Plan
    broken: tuple[str, ...]
    """One sentence for each shard that could not be finished."""
    left: int = 0
    """Shards that were not begun, because the run was told to end."""


def new_run(
    source: str,
    *,
    warehouse: str,
    settings: Settings,
    force: bool = False,
    retry: frozenset[str] = frozenset(),
    after: str = "",
) -> Run:
    """A run with an id of its own; nothing is written yet.

    Raises:
        UsageError: the warehouse is not one that there is.
    """
    return Run(uuid.uuid4().hex, source, open_warehouse(warehouse).url, settings, force, retry, after)


@contextmanager
def opened_run(
    source: str, *, warehouse: str, settings: Settings, force: bool = False, after: str = ""
) -> Iterator[Run]:
    """A new run with its staging area.

    Raises:
        UsageError: the warehouse or the annotator is not one that there is.
    """
    run = new_run(source, warehouse=warehouse, settings=settings, force=force, after=after)
    require_models(settings)
    with staged(run):
        yield run


def require_models(settings: Settings) -> None:
    """Say now, not clip by clip, what is not there.

    Raises:
        UsageError: there is no such annotator.
        RunError: its model, or the endpoint, cannot be reached.
    """
    MotionSight(settings).require_models()


def staged(run: Run) -> AbstractContextManager[object]:
    """The run's staging area, for the length of a `with` block."""
    return staging_area(open_warehouse(run.warehouse).staging, run.run_id, stores=run.settings.stores)


def plan_run(run: Run) -> Plan:
    """Plan the run and write down that it has begun.

    Raises:
        UsageError: the source does not exist.
    """
    started_at = datetime.now(UTC)
    passed_over = PassedOver()
    plan = plan_catalog(
        list_objects(
            run.source,
            selection=Selection(after=run.after),
            settings=run.settings.stores,
            passed_over=passed_over,
        ),
        run.settings,
        open_warehouse(run.warehouse),
        run_id=run.run_id,
        force=run.force,
        retry=run.retry,
        passed_over=passed_over,
    )
    begin_run(run, plan, started_at)
    return plan


def begin_run(run: Run, plan: Plan, started_at: datetime) -> None:
    """Write the run's row, and what its plan leaves out."""
    warehouse = open_warehouse(run.warehouse)
    recipe = run.settings.recipe()
    warehouse.start_run(
        RunRecord.begun(
            run.run_id,
            source=run.source,
            recipe=recipe,
            settings=run.settings.model_dump_json(),
            started_at=started_at,
        )
    )
    if plan.skipped:
        warehouse.commit(
            Manifest(
                attempt_id=f"{run.run_id}-plan",
                run_id=run.run_id,
                recipe=recipe,
                motion_files=(),
                failure_files=(),
                annotated=0,
                failed=0,
                skipped=plan.skipped,
            )
        )


def load_transforms() -> None:
    """Import Beam and what runs a shard: it takes seconds, and a run may have no shard."""
    with interrupts_deferred():
        import transforms.shard  # noqa: F401


def stage_shard(run: Run, shard: Shard) -> Manifest:
    """One bounded pipeline, whose rows lie staged when this returns."""
    load_transforms()
    from transforms.shard import annotate_shard

    warehouse = open_warehouse(run.warehouse)
    return annotate_shard(shard, run.settings, warehouse, run_id=run.run_id, force=run.force, retry=run.retry)


def commit_shard(run: Run, manifest: Manifest) -> None:
    """One commit. A warehouse that is away for a while costs pauses, and no second annotation."""
    warehouse = open_warehouse(run.warehouse)
    with_retries(partial(warehouse.commit, manifest), retries=run.settings.runtime.shard_retries)


def finish_run(run: Run) -> RunRecord:
    """Write down that the run has ended."""
    return open_warehouse(run.warehouse).finish_run(run.run_id)


def run_catalog(
    source: str,
    *,
    warehouse: str,
    settings: Settings,
    force: bool = False,
    after: str = "",
    on_plan: Callable[[Run, Plan], None] | None = None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Annotate a source. A shard that cannot be finished is named; the others are committed.

    Args:
        source: a file, a directory, a glob, or a store's address.
        warehouse: its URL.
        settings: of the run.
        force: annotate again what the warehouse has.
        after: a uri; only what comes after it in the source's order.
        on_plan: called once the plan is known.
        told_to_end: asked before each shard; once it is true no other is begun.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
    """
    with opened_run(source, warehouse=warehouse, settings=settings, force=force, after=after) as run:
        plan = plan_run(run)
        if plan.shards and settings.runtime.runner == "local":
            shared_decoder(settings).start_one()  # it imports its libraries while this process imports Beam
        if on_plan is not None:
            on_plan(run, plan)
        shortfall = run_shards(run, plan.shards, told_to_end=told_to_end)
        return RunResult(finish_run(run), plan, shortfall.broken, left=shortfall.left)


def run_shards(
    run: Run,
    shards: Sequence[Shard],
    *,
    told_to_end: Callable[[], bool] = lambda: False,
    on_shard: Callable[[Shard, Manifest], None] = lambda shard, manifest: None,
) -> Shortfall:
    """Annotate and commit shards one after the other; one that cannot be finished stops no other.

    Args:
        told_to_end: asked before each shard; once it is true no other is begun.
        on_shard: called after each commit.
    """
    broken: list[str] = []
    for begun, shard in enumerate(shards):
        if told_to_end():
            return Shortfall(tuple(broken), left=len(shards) - begun)
        try:
            manifest = with_retries(
                partial(stage_shard, run, shard), retries=run.settings.runtime.shard_retries
            )
            commit_shard(run, manifest)
            on_shard(shard, manifest)
        except Exception as error:
            broken.append(f"Shard {shard.index} failed: {one_sentence(error)}")
    return Shortfall(tuple(broken), left=0)


def with_retries(attempt: Callable[[], T], *, retries: int) -> T:
    """The attempt's result; tried again after growing pauses: what is outside of us may be back by then."""
    retrying = Retrying(
        retry=retry_if_exception_type(Exception) & retry_if_not_exception_type(UsageError),
        stop=stop_after_attempt(retries + 1),
        wait=wait_incrementing(start=_RETRY_PAUSE_S, increment=_RETRY_PAUSE_S),
        reraise=True,
    )
    return retrying(attempt)


def one_sentence(error: BaseException) -> str:
    """An error as one line; of a Beam failure the last line, where the cause stands."""
    if isinstance(error, MotionSightError):
        return str(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    ours = re.findall(_OURS, str(error))
    if ours:
        return ours[-1]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:300]}" if lines else type(error).__name__
