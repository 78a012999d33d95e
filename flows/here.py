"""`motionsight annotate` in this process, without Prefect."""

from __future__ import annotations

from contextlib import ExitStack

import click

from flows.answers import show_result
from flows.progress import watched
from flows.run import Run, run_catalog
from motionsight_core.errors import RunError
from motionsight_core.planning import Plan
from motionsight_core.settings import Settings


def annotate_here(source: str, *, warehouse: str, settings: Settings, force: bool) -> None:
    """Run, show how far it is, and print what came of it.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a shard could not be finished.
    """
    with ExitStack() as shown:

        def on_plan(run: Run, plan: Plan) -> None:
            click.echo(f"{plan.listed} videos, {plan.videos} to annotate.", err=True)
            if not plan.shards:
                return
            from transforms.progress import clips_done  # with it comes Beam, which takes seconds

            shown.enter_context(watched(lambda: clips_done(run.run_id), "Annotating", total=plan.videos))

        result = run_catalog(source, warehouse=warehouse, settings=settings, force=force, on_plan=on_plan)
    show_result(result, warehouse)
    if result.broken:
        raise RunError(" ".join(result.broken))
