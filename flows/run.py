"""A run without Prefect: plan, shard by shard, finish. The flow wraps these same steps."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from motionsight_core.errors import MotionSightError, UsageError
from motionsight_core.motionsight import MotionSight
from motionsight_core.planning import Plan, Shard, plan_catalog
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, open_warehouse
from motionsight_core.warehouse.staging import staging_area

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
    force: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended."""

    record: RunRecord
    plan: Plan
    broken: tuple[str, ...]
    """One sentence for each shard that could not be finished."""
    left: int = 0
    """Shards that were not begun, because the run was told to end."""


@contextmanager
def opened_run(source: str, *, warehouse: str, settings: Settings, force: bool) -> Iterator[Run]:
    """A new run with its staging area.

    Raises:
        UsageError: the warehouse or the annotator is not one that there is.
    """
    run = Run(uuid.uuid4().hex, source, open_warehouse(warehouse).url, settings, force)
    MotionSight(settings).require_models()  # says now, not clip by clip, what is not there
    with staging_area(open_warehouse(warehouse).staging, run.run_id):
        yield run


def plan_run(run: Run) -> Plan:
    """Plan the run and write down that it has begun.

    Raises:
        UsageError: the source does not exist.
    """
    warehouse = open_warehouse(run.warehouse)
    started_at = datetime.now(UTC)
    plan = plan_catalog(run.source, run.settings, warehouse, run_id=run.run_id, force=run.force)
    recipe = run.settings.recipe()
    warehouse.start_run(
        RunRecord(
            run_id=run.run_id,
            source=run.source,
            recipe=recipe,
            settings=run.settings.model_dump_json(),
            started_at=started_at,
            finished_at=None,
            planned=0,
            annotated=0,
            skipped=0,
            failed=0,
            throughput=0.0,
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
    return plan


def run_shard(run: Run, shard: Shard) -> Manifest:
    """One bounded pipeline and one commit."""
    from transforms.shard import annotate_shard  # Beam takes seconds to import; a run may have no shard

    warehouse = open_warehouse(run.warehouse)
    manifest = annotate_shard(shard, run.settings, warehouse, run_id=run.run_id, force=run.force)
    warehouse.commit(manifest)
    return manifest


def finish_run(run: Run) -> RunRecord:
    """Write down that the run has ended."""
    return open_warehouse(run.warehouse).finish_run(run.run_id)


def run_catalog(
    source: str,
    *,
    warehouse: str,
    settings: Settings,
    force: bool = False,
    on_plan: Callable[[Run, Plan], None] | None = None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Annotate a source. A shard that cannot be finished is named; the others are committed.

    Args:
        source: a file, a directory, a glob, or a store's address.
        warehouse: its URL.
        settings: of the run.
        force: annotate again what the warehouse has.
        on_plan: called once the plan is known.
        told_to_end: asked before each shard; once it is true no other is begun.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
    """
    with opened_run(source, warehouse=warehouse, settings=settings, force=force) as run:
        plan = plan_run(run)
        if on_plan is not None:
            on_plan(run, plan)
        broken: list[str] = []
        begun = 0
        for shard in plan.shards:
            if told_to_end():
                break
            begun += 1
            try:
                _run_shard_patiently(run, shard)
            except Exception as error:
                broken.append(f"Shard {shard.index} failed: {one_sentence(error)}")
        return RunResult(finish_run(run), plan, tuple(broken), left=len(plan.shards) - begun)


def _run_shard_patiently(run: Run, shard: Shard) -> None:
    tries = 1 + run.settings.runtime.shard_retries
    for attempt in range(1, tries + 1):
        try:
            run_shard(run, shard)
            return
        except Exception as error:
            if attempt == tries or isinstance(error, UsageError):
                raise
            time.sleep(_RETRY_PAUSE_S * attempt)


def one_sentence(error: BaseException) -> str:
    """An error as one line; of a Beam failure the last line, where the cause stands."""
    if isinstance(error, MotionSightError):
        return str(error)
    ours = re.findall(_OURS, str(error))
    if ours:
        return ours[-1]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:300]}" if lines else type(error).__name__
