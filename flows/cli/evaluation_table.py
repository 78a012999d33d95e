"""The table of an evaluation as text of at most 80 columns."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.answers import printable
from flows.runs.evaluate import method_arms
from motionsight_core.evaluation.arms import Arm
from motionsight_core.evaluation.result import Result
from motionsight_core.evaluation.scores import RULES, Rule
from motionsight_core.evaluation.statistics import ALL, MEAN
from motionsight_core.evaluation.table import Row

_WIDTH = 80


def drawn(result: Result, score: Rule) -> str:
    """A table of the arms where there are several, one of each method's categories, and what they leave out.

    Percent by the chosen rule; the other rules' shares over all questions stand below.
    """
    rows = result.table([score])
    if not rows:
        return "No question of these annotations says which answer is right, so nothing is scored.\n"
    file = io.StringIO()
    console = Console(file=file, width=_WIDTH)
    methods = method_arms(result.arms)
    if len(methods) > 1:
        console.print(_of_arms(rows, result.arms, score))
    else:
        console.print(_of_categories(rows, methods[0], score))
    for sentence in _remarks(result, score, rows):
        console.print(Text(printable(sentence)))
    return file.getvalue()


def _of_categories(rows: Sequence[Row], method: Arm, score: Rule) -> Table:
    """Categories of one method beside its baseline, as the paper's Tables 2 and 3."""
    table = _table(f"Right answers in percent, score {score}")
    table.add_column("category")
    for name in ("questions", *([method.baseline] if method.baseline else []), method.name):
        table.add_column(name, justify="right")
    if method.baseline:
        table.add_column("difference", justify="right")
        table.add_column("95 % interval", justify="right")
    baseline = {row.category: row for row in rows if row.arm == method.baseline}
    for row in rows:
        if row.arm != method.name:
            continue
        if row.category == ALL:
            table.add_section()
        cells = [row.category or "(none)", f"{row.questions}"]
        if method.baseline:
            cells.append(_percent(baseline[row.category].accuracy))
        cells.append(_percent(row.accuracy))
        if method.baseline:
            cells += [_signed(row.difference), _interval(row)]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _of_arms(rows: Sequence[Row], arms: Sequence[Arm], score: Rule) -> Table:
    """A line for each arm, as the paper's Table 4; its categories are in CSV and JSON."""
    table = _table(f"Right answers in percent, score {score}")
    table.add_column("arm", overflow="fold")
    for name in ("all", "mean of\ncategories", "difference", "95 % interval"):
        table.add_column(name, justify="right")
    for arm in arms:
        mine = {row.category: row for row in rows if row.arm == arm.name}
        overall = mine[ALL]
        cells = (arm.name, _percent(overall.accuracy), _percent(mine[MEAN].accuracy),
                 _signed(overall.difference), _interval(overall))  # fmt: skip
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _remarks(result: Result, score: Rule, rows: Sequence[Row]) -> Iterable[str]:
    overall = next(row for row in rows if row.category == ALL)
    lacking = f", {overall.lacking} of which the annotations lack" if overall.lacking else ""
    yield f"Shares of {overall.questions} questions{lacking}; one without a reply counts as wrong."
    for arm in result.arms:
        if errors := result.errors(arm):
            named = ", ".join(f"{error} {count}" for error, count in errors.most_common())
            yield f"{arm.name}: {errors.total()} without a reply ({named})."
    for rule in RULES:
        if rule != score:
            shares = [
                f"{row.arm} {_percent(row.accuracy)}" for row in result.table([rule]) if row.category == ALL
            ]
            yield f"Score {rule}: {'; '.join(shares)}."


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _signed(difference: float | None) -> str:
    return "" if difference is None else f"{100 * difference:+.1f}"


def _interval(row: Row) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
