"""`motionsight annotate`, `backfill` and `watch` in this process, without Prefect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from flows.cli.answers import passed_over_sentence, printable, show_failures, show_partitions, show_result
from flows.cli.progress import watched
from flows.runs.estimate import Estimate
from flows.runs.run import Run, load_transforms, run_catalog
from flows.runs.signals import stop_on_sigterm
from motionsight_core.errors import RunError, Terminated
from motionsight_core.planning.plan import Plan
from motionsight_core.settings import Settings

if TYPE_CHECKING:
    from flows.runs.backfill import Progress
    from flows.runs.partitions import Backfill
    from flows.runs.watch import Round


def annotate_locally(
    source: str, *, warehouse: str, settings: Settings, force: bool, after: str = ""
) -> None:
    """Run, show how far it is, and print what came of it.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a shard could not be finished.
        Terminated: SIGTERM came; what was begun is finished.
    """
    with ExitStack() as shown:

        def on_plan(run: Run, plan: Plan) -> None:
            click.echo(f"{plan.listed} videos, {plan.videos} to annotate.", err=True)
            if not plan.shards:
                return
            load_transforms()
            from transforms.progress import videos_done

            done = lambda: videos_done(run.run_id)  # noqa: E731
            shown.enter_context(watched(done, "Annotating", total=plan.videos, unit="videos"))

        told_to_end = shown.enter_context(stop_on_sigterm("finishing the shard in hand."))
        result = run_catalog(
            source,
            warehouse=warehouse,
            settings=settings,
            force=force,
            after=after,
            on_plan=on_plan,
            told_to_end=told_to_end.is_set,
        )
    show_result(result, warehouse)
    if result.broken:
        raise RunError(" ".join(result.broken))
    if result.left:
        raise Terminated(
            f"Ended by SIGTERM with {result.left} of {len(result.plan.shards)} shards to go; running again "
            "goes on from there."
        )


def backfill_locally(backfill: Backfill, *, concurrency: int, hourly_cost: float | None) -> None:
    """Run a backfill, show how far it is and what it will take, and print what came of it.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a partition could not be finished.
        Terminated: SIGTERM came; what was begun is finished.
    """
    from flows.runs.backfill import run_backfill

    with ExitStack() as shown:

        def on_plan(plans: Sequence[Plan], progress: Progress) -> None:
            listed = sum(plan.listed for plan in plans)
            open_plans = sum(bool(plan.shards) for plan in plans)
            click.echo(
                f"Backfill {backfill.backfill_id}: {listed} videos in {len(plans)} partitions; "
                f"{progress.videos} videos to annotate in {open_plans} of them.",
                err=True,
            )
            if not progress.videos:
                return
            load_transforms()
            from transforms.progress import videos_done

            def done() -> int:
                return sum(videos_done(run_id) for run_id in [*progress.run_ids])

            estimate = Estimate(progress.videos, hourly_cost=hourly_cost)
            shown.enter_context(
                watched(done, "Backfilling", total=progress.videos, unit="videos", remark=estimate.sentence)
            )

        told_to_end = shown.enter_context(stop_on_sigterm("finishing the shards in hand."))
        result = run_backfill(
            backfill, concurrency=concurrency, on_plan=on_plan, told_to_end=told_to_end.is_set
        )
    show_partitions(result)
    show_failures(result.worked_on, backfill.warehouse)
    if result.broken:
        raise RunError(" ".join(result.broken))
    if result.left:
        raise Terminated(
            f"Ended by SIGTERM with {result.left} of {backfill.partitions} partitions to go; the same "
            "backfill goes on from there."
        )


def watch_locally(
    source: str,
    *,
    warehouse: str,
    settings: Settings,
    every_s: float,
    settle_s: float,
    rounds: int | None,
) -> None:
    """Watch a source and print a line for each round in which something happened.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: the last of the rounds could not be finished.
    """
    from flows.runs.watch import watch

    last: list[Round] = []
    what = "files" if settings.stores.all_files else "videos"

    def show(result: Round) -> None:
        quiet = result.record is None and not result.broken
        passed_over = passed_over_sentence(result.passed_over)
        if last and passed_over == passed_over_sentence(last[0].passed_over):
            passed_over = ""  # said already
        same = last and last[0].record is None and last[0].unsettled == result.unsettled
        if not (quiet and same and not passed_over):
            click.echo(_round_line(result, what, passed_over))
        last[:] = [result]

    with stop_on_sigterm("finishing the shard in hand.") as told_to_end:
        watch(
            source,
            warehouse=warehouse,
            settings=settings,
            every_s=every_s,
            settle_s=settle_s,
            rounds=rounds,
            on_round=show,
            told_to_end=told_to_end,
        )
    if rounds is not None and last and last[0].broken:
        raise RunError(f"The last round could not be finished: {' '.join(last[0].broken)}")


def _round_line(result: Round, what: str, passed_over: str) -> str:
    parts = [f"Round {result.number}:"]
    if result.record is not None:
        parts.append(f"annotated {result.record.annotated} clips, failed {result.record.failed}.")
    elif not result.broken:
        parts.append(f"nothing new among {result.listed} {what}.")
    if result.unsettled:
        parts.append(f"{result.unsettled} may still be written and wait for a later round.")
    if passed_over:
        parts.append(passed_over)
    return printable(" ".join([*parts, *result.broken]))
