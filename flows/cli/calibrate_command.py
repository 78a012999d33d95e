"""`motionsight score --calibrate`: histograms of scores, and a report of the clips at their boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from flows.cli.answers import printable
from flows.cli.report_command import show_report
from motionsight_core.report import Judgement
from motionsight_core.scoring import Scorer, Variant
from motionsight_core.scoring.calibration import BINS, Histogram, histograms
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse

#: Width of the longest bar, characters.
_BAR = 40


def calibrate(
    warehouse: str,
    out: Path,
    *,
    scorer: str | None,
    variant: Variant,
    where: str | None,
    sources: Sequence[str],
    settings: Settings,
) -> None:
    """Draw the histograms, and write the report.

    Raises:
        UsageError: the condition or a prefix is not valid, the file cannot be written, or there is no
            warehouse.
    """
    name = Scorer.of(scorer, settings, variant).name if scorer else None
    found = histograms(open_warehouse(warehouse), where, scorer=name, sources=sources)
    if not found:
        of = f" by {name}" if name else ""
        click.echo(f"There are no scores{of}; motionsight score makes them.")
        return
    for histogram in found:
        _draw(histogram)
    judgements = [
        Judgement(one.clip_id, one.recipe, one.aspect, one.score, one.scorer)
        for histogram in found
        for one in histogram.at_boundaries
    ]
    if judgements:
        show_report(warehouse, out, where=None, frames="all", settings=settings, judged=judgements)


def _draw(histogram: Histogram) -> None:
    source, scorer = printable(histogram.source), printable(histogram.scorer)
    click.echo(f"{histogram.aspect}_motion of {source}, by {scorer}")
    most = max(histogram.counts)
    for number, count in enumerate(histogram.counts):
        bar = "#" * round(_BAR * count / most) or ("." if count else "")
        click.echo(f"  {number / BINS:.1f} to {(number + 1) / BINS:.1f}  {count:8,}  {bar}".rstrip())
    click.echo(f"  {histogram.count:,} scores, mean {histogram.mean:.3f}")
