"""`motionsight score`: what is printed while descriptions are scored, and after."""

from __future__ import annotations

from contextlib import ExitStack

import click

from flows.cli.answers import printable
from flows.cli.progress import watched
from flows.runs.run import load_transforms
from flows.runs.score import ScoringResult, opened_scoring, run_scoring
from flows.runs.signals import stop_on_sigterm
from motionsight_core.errors import RunError, Terminated
from motionsight_core.scoring import Scorer, Variant
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse


def score_locally(
    warehouse: str, *, scorer: str, where: str | None, variant: Variant, settings: Settings
) -> None:
    """Score, show how far it is, and print what came of it.

    Raises:
        UsageError: the warehouse, the model or the condition is not valid.
        RunError: the model cannot be reached, or cannot score.
        Terminated: SIGTERM came; what was begun is finished.
    """
    with (
        stop_on_sigterm("finishing the shard in hand.") as told_to_end,
        opened_scoring(Scorer.of(scorer, settings, variant), warehouse=warehouse, where=where) as scoring,
        ExitStack() as shown,
    ):

        def on_begin(descriptions: int) -> None:
            click.echo(f"{descriptions} descriptions to score.", err=True)
            if not descriptions:
                return
            load_transforms()
            from transforms.progress import descriptions_done

            done = lambda: descriptions_done(scoring.run.run_id)  # noqa: E731
            shown.enter_context(watched(done, "Scoring", total=descriptions, unit="descriptions"))

        result = run_scoring(scoring, on_begin=on_begin, told_to_end=told_to_end.is_set)
    show_scores(result, warehouse)
    if result.broken:
        raise RunError(result.broken)
    if result.stopped:
        raise Terminated("Ended by SIGTERM before all was scored; running again goes on from there.")


def show_scores(result: ScoringResult, warehouse: str) -> None:
    """Print how many were scored, what could not be, and the mean of each aspect."""
    unscored = sum(result.unscored.values())
    click.echo(
        f"Scored {result.scored} descriptions, {result.known} were scored before, {unscored} could not be."
    )
    for error, count in result.unscored.most_common():
        click.echo(f"  {error}: {count}, for example {printable(result.examples[error])}")
    for aspect, tally in result.tallies.items():
        mean = "no score" if tally.mean is None else f"mean {tally.mean:.3f}"
        click.echo(f"  {aspect}_motion: {mean}, {tally.scored} of {tally.described} scored")
    click.echo(f"Scores are in {open_warehouse(warehouse).url}, scorer = '{result.scorer}'")
