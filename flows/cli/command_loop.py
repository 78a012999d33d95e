"""The command `motionsight loop`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="One setting, for example training.epochs=1; may be repeated.",
)
def loop(file: Path, overrides: tuple[str, ...]) -> None:
    """Close the loop once: annotate, score, make a data set, train, and evaluate before and after.

    FILE is TOML: its table [loop] names the source, the model, the folder of this turn and the benchmark;
    all else are settings. deploy/loop.toml is an example. It runs as a Prefect flow whose steps are flows,
    and prints the summary that Prefect's UI shows. Run again after an interruption, it goes on with what is
    missing.

    \b
    For example:
      motionsight loop deploy/loop.toml
      motionsight loop deploy/loop.toml --set training.lora=true
    """
    from flows.cli.through_prefect import loop_through_prefect
    from flows.runs.loop import read_loop

    turn, settings = read_loop(file, overrides)
    loop_through_prefect(turn, settings=settings)
