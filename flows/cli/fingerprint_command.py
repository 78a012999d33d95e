"""`motionsight fingerprint`: what is printed while fingerprints are taken, and after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import click

from flows.cli.answers import printable
from flows.cli.progress import bar
from flows.runs.fingerprint import run_fingerprints
from flows.runs.signals import stop_on_sigterm
from motionsight_core.errors import Terminated
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse


def fingerprint_locally(warehouse: str, *, where: str | None, settings: Settings) -> None:
    """Take the fingerprints, show how far it is, and print what came of it.

    Raises:
        UsageError: the warehouse or the condition is not valid.
        RunError: the warehouse cannot be written.
        Terminated: SIGTERM came; what was begun is finished.
    """
    with stop_on_sigterm("finishing the shard in hand.") as told_to_end, ExitStack() as shown:
        advance: list[Callable[[int], None]] = []

        def progress(done: int, total: int) -> None:
            if not advance:  # how many there are is known when it begins
                advance.append(shown.enter_context(bar("Taking fingerprints", total=total, unit="clips")))
            advance[0](done)

        result = run_fingerprints(
            warehouse, where=where, settings=settings, on_progress=progress, told_to_end=told_to_end.is_set
        )
    untaken = result.untaken.total()
    click.echo(
        f"Took {result.taken} fingerprints, {result.known} clips had one, {untaken} could not be decoded."
    )
    for error, count in result.untaken.most_common():
        click.echo(f"  {error}: {count}, for example {printable(result.examples[error])}")
    click.echo(f"Fingerprints are in {open_warehouse(warehouse).url}")
    if result.stopped:
        raise Terminated("Ended by SIGTERM before all were taken; running again goes on from there.")
