"""`motionsight score --import`: what is printed when scores of another program were taken."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.answers import printable
from flows.runs.import_scores import import_scores
from motionsight_core.scoring.files import read_scores
from motionsight_core.warehouse import open_warehouse


def import_scores_of(file: str, warehouse: str) -> None:
    """Import the scores of a file, or of standard input, and say how many.

    Raises:
        UsageError: the file does not hold scores, or there is no such warehouse.
        RunError: the warehouse cannot be written.
    """
    name = "standard input" if file == "-" else file
    scores = read_scores(sys.stdin.buffer if file == "-" else Path(file), name)
    done = import_scores(scores, source=name, warehouse=warehouse)
    by = ", ".join(printable(scorer) for scorer in done.scorers)
    click.echo(f"{done.scores} scores by {by} are in {open_warehouse(warehouse).url}")
    if done.unknown:
        click.echo(f"{done.unknown} scores were left out: the warehouse does not have their descriptions.")
