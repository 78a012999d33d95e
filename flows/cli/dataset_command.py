"""`motionsight dataset`: what is printed while a data set is built, and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from flows.cli.progress import bar
from motionsight_core.dataset.build import Built, build_dataset, shown_by_benchmarks
from motionsight_core.dataset.drops import STAGES
from motionsight_core.dataset.markdown import plural
from motionsight_core.errors import ClipError, RunError
from motionsight_core.settings import Settings


def show_dataset(
    folder: Path, warehouse: str, *, where: str | None, against: Sequence[str], settings: Settings
) -> None:
    """Build the data set and say what is in it.

    Raises:
        UsageError: the condition, a setting or the folder is not valid, or there is no warehouse.
        RunError: the folder cannot be written.
    """
    try:
        contaminated = shown_by_benchmarks(against, settings)
    except ClipError as error:
        raise RunError(f"{error.name}: {error}") from None
    with ExitStack() as shown:
        advance: list[Callable[[int], None]] = []

        def progress(done: int, total: int) -> None:
            if not advance:  # how many there are is known with the first of them
                advance.append(shown.enter_context(bar("Writing clips", total=total)))
            advance[0](done)

        built = build_dataset(
            warehouse, folder, settings, where=where, contaminated=contaminated, progress=progress
        )
    for line in told(built):
        click.echo(line)


def told(built: Built) -> list[str]:
    """What a build came to, in a few lines."""
    data = built.data
    lines = [
        f"Wrote {built.folder}: {plural(len(data.clips), 'clip')}, "
        f"{plural(len(data.questions), 'question')}, {plural(len(data.pairs), 'pair')} to choose from, "
        f"{len(data.preferences):,} decided."
    ]
    drops = Counter(drop.stage for drop in data.prepared.drops)
    if drops:
        listed = ", ".join(f"{stage} {drops[stage]:,}" for stage in STAGES if drops[stage])
        lines.append(f"Left out: {listed} rows; the reasons are in {built.folder / 'dropped.parquet'}.")
    if data.prepared.scorer is None and data.clips:
        lines.append("Nothing was scored, so nothing is graded: `motionsight score` scores descriptions.")
    if not data.clips:
        lines.append("It is empty: no row of the warehouse is selected.")
    if data.pairs and data.kind == "cut" and not data.preferences:
        lines.append(
            f"People choose with `motionsight prefer {built.folder}`; build again to have what they chose."
        )
    lines.append(f"The card is {built.folder / 'README.md'}.")
    return lines
