"""`motionsight annotate` in this process, without Prefect."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click

from flows.answers import show_result
from flows.progress import watched
from flows.run import Run, run_catalog
from motionsight_core.errors import RunError, Terminated
from motionsight_core.planning import Plan
from motionsight_core.settings import Settings


def annotate_here(source: str, *, warehouse: str, settings: Settings, force: bool) -> None:
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
            from transforms.progress import clips_done  # with it comes Beam, which takes seconds

            shown.enter_context(watched(lambda: clips_done(run.run_id), "Annotating", total=plan.videos))

        told_to_end = shown.enter_context(_heeding_sigterm())
        result = run_catalog(
            source,
            warehouse=warehouse,
            settings=settings,
            force=force,
            on_plan=on_plan,
            told_to_end=told_to_end,
        )
    show_result(result, warehouse)
    if result.broken:
        raise RunError(" ".join(result.broken))
    if result.left:
        raise Terminated(
            f"Ended by SIGTERM with {result.left} of {len(result.plan.shards)} shards to go; running again "
            "goes on from there."
        )


@contextmanager
def _heeding_sigterm() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM came: the shard in hand is finished. A second one ends the process at once."""
    came = threading.Event()

    def note(number: int, frame: object) -> None:
        came.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        click.echo("SIGTERM: finishing the shard in hand.", err=True)

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
