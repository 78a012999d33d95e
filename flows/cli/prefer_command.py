"""`motionsight prefer` without its page: agreement, import and export, and what they print."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from flows.cli.answers import printable
from motionsight_core.dataset.markdown import plural
from motionsight_core.errors import UsageError
from motionsight_core.preference import Agreement, Choice, ChoiceLog, agreement, decided, read_pairs
from motionsight_core.preference.pairs import pairs_with_clips
from motionsight_core.preference.potato import write_potato

_PLAIN_WIDTH = 120


def show_agreement(directory: Path) -> None:
    """Print how far annotators agree, per aspect, and how each of them does.

    Raises:
        UsageError: there is no data set, or nobody has chosen yet.
        RunError: the library `krippendorff` is not installed.
    """
    pairs, choices = read_pairs(directory), _choices(directory)
    decisions = decided(choices)
    width = None if Console().is_terminal else _PLAIN_WIDTH
    console = Console(width=width, highlight=False, markup=False)
    for one in agreement(choices):
        of_scope = [pair.pair_id for pair in pairs if one.scope in ("both", pair.aspect)]
        rated = plural(one.shared, "pair")
        chosen = f"{plural(one.choices, 'choice')} of {one.pairs} of {plural(len(of_scope), 'pair')}"
        console.print(
            f"{one.scope}: alpha {_number(one.alpha)}, from {rated} that two annotators or more have rated; "
            f"{chosen}, {sum(pair_id in decisions for pair_id in of_scope)} decided"
        )
        console.print(_annotators(one))
        if len(one.annotators) > 2:
            console.print(_between(one))


def import_choices(directory: Path, warehouse: str) -> None:
    """Write the choices that stand into the table `preferences`, and say how many.

    Raises:
        UsageError: there is no such warehouse, or nobody has chosen yet.
        RunError: the warehouse cannot be written.
    """
    from flows.runs.preferences import import_preferences
    from motionsight_core.warehouse import open_warehouse

    choices = _choices(directory)
    import_preferences(choices, source=str(directory), warehouse=warehouse)
    people = plural(len({one.annotator for one in choices}), "annotator")
    are = "is" if len(choices) == 1 else "are"
    click.echo(f"{plural(len(choices), 'choice')} of {people} {are} in {open_warehouse(warehouse).url}")


def export_potato(directory: Path, seed: int) -> None:
    """Write the pairs for Potato, and say where.

    Raises:
        UsageError: no pair has a clip.
        RunError: the files cannot be written.
    """
    pairs = read_pairs(directory)
    shown = pairs_with_clips(directory, pairs)
    config = write_potato(directory, shown, seed=seed)
    click.echo(f"{len(shown)} pairs are in {config.parent}. Start it there with: potato start {config.name}")


def _choices(directory: Path) -> list[Choice]:
    choices = ChoiceLog.read(directory)
    if not choices:
        raise UsageError(
            f"Nobody has chosen of the pairs of {directory} yet; serve them with `motionsight prefer "
            f"{directory}`."
        )
    return choices


def _annotators(one: Agreement) -> Table:
    table = Table("annotator", box=None, pad_edge=False)
    for column in ("choices", "a", "b", "equal", "cannot tell", "left of sides", "alpha of the others"):
        table.add_column(column, justify="right")
    for person in one.annotators:
        counts = person.counts
        table.add_row(
            printable(person.annotator),
            str(person.choices),
            *(str(counts.get(choice, 0)) for choice in ("a", "b", "equal", "cannot_tell")),
            f"{person.left} of {counts.get('a', 0) + counts.get('b', 0)}",
            _number(person.alpha_without),
        )
    return table


def _between(one: Agreement) -> Table:
    table = Table("two annotators", box=None, pad_edge=False)
    table.add_column("alpha", justify="right")
    for (first, second), alpha in one.between.items():
        table.add_row(f"{printable(first)}, {printable(second)}", _number(alpha))
    return table


def _number(alpha: float | None) -> str:
    return "not defined" if alpha is None else f"{alpha:.3f}"
