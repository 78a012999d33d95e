"""`motionsight report`: what is printed while a report is written, and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from flows.cli.progress import bar
from motionsight_core.dataset.markdown import plural
from motionsight_core.report import FrameChoice, Judgement, ReportSummary, write_report
from motionsight_core.settings import Settings


def show_report(
    warehouse: str,
    out: Path,
    *,
    where: str | None,
    frames: FrameChoice,
    settings: Settings,
    judged: Sequence[Judgement] = (),
) -> None:
    """Write the report and name it; where something is judged, of these rows alone.

    Raises:
        UsageError: the condition is not valid or selects too much, the file cannot be written, or there
            is no warehouse.
    """
    with ExitStack() as shown:
        advance: list[Callable[[int], None]] = []

        def progress(done: int, total: int) -> None:
            if not advance:  # how many there are is known with the first of them
                advance.append(shown.enter_context(bar("Drawing pictures", total=total)))
            advance[0](done)

        summary = write_report(
            warehouse, out, where=where, frames=frames, settings=settings, judged=judged, progress=progress
        )
    click.echo(f"Wrote {out}: {_told(summary)}, {summary.bytes / 1e6:.1f} MB. Open it in a browser.")
    if not summary.clips and not summary.failures:
        click.echo("It is empty: no row of the warehouse is selected.")


def _told(summary: ReportSummary) -> str:
    parts = [plural(summary.clips, "clip"), f"pictures of {summary.pictures}"]
    if summary.without_pictures:
        parts.append(f"the videos of {summary.without_pictures} are gone or cannot be decoded")
    if summary.failures:
        parts.append(plural(summary.failures, "failure"))
    return ", ".join(parts)
