"""What the command line prints: the answer to a query, and what came of a run."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from motionsight_core.stores import OTHER_SUFFIXES, PassedOver
from motionsight_core.warehouse import Answer, open_warehouse

if TYPE_CHECKING:  # it brings Beam, which a query does not need
    from flows.runs.backfill import BackfillResult
    from flows.runs.run import RunResult


_PLAIN_WIDTH = 160
_SHOWN_SUFFIXES = 6


def show(answer: Answer, style: str = "table") -> None:
    """Print an answer as a table, as CSV, or as a JSON list of objects."""
    if style == "json":
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        click.echo(json.dumps(rows, indent=2, default=_plain, ensure_ascii=False))
    elif style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([_csv_cell(value) for value in row] for row in answer.rows)
    else:
        _show_table(answer)


def show_result(result: RunResult, warehouse: str) -> None:
    """Print a run's counts, its failures by name, and what to do next."""
    record, plan = result.record, result.plan
    seconds = (record.finished_at - record.started_at).total_seconds() if record.finished_at else 0.0
    click.echo(
        f"Annotated {record.annotated} clips in {seconds:.1f} s ({record.throughput:.1f} clips/s), "
        f"skipped {record.skipped}, failed {record.failed}."
    )
    if plan.known_failures:
        click.echo(f"Of those skipped, {plan.known_failures} failed before and would again (--force tries).")
    if record.failed:
        show_failures([record.run_id], warehouse)
    _show_passed_over(plan.passed_over)
    click.echo(f"Rows are in {open_warehouse(warehouse).url}")


def passed_over_sentence(passed_over: PassedOver, *, how: str = "--all-files") -> str:
    """For example `3 files passed over: names that are not a video's (.txt 2, none 1); ...`; empty for none.

    Args:
        passed_over: what a listing left out.
        how: what looks into the files that were left out for their names.
    """
    reasons: list[str] = []
    if passed_over.names:
        reasons.append(
            f"names that are not a video's ({_by_suffix(passed_over.names)}); {how} looks into them"
        )
    if passed_over.contents:
        reasons.append(f"contents that are not a video's ({_by_suffix(passed_over.contents)})")
    if not reasons:
        return ""
    count = len(passed_over)
    return f"{count} {'file' if count == 1 else 'files'} passed over: {'; '.join(reasons)}."


def _by_suffix(counts: Counter[str]) -> str:
    """The most frequent suffixes with their numbers, and the rest in one."""
    named = counts.copy()
    others = named.pop(OTHER_SUFFIXES, 0)
    # Equal counts in the order of their names, so that two runs say the same.
    first = sorted(named.items(), key=lambda item: (-item[1], item[0]))
    others += sum(count for _, count in first[_SHOWN_SUFFIXES:])
    parts = [f"{printable(suffix) or 'none'} {count}" for suffix, count in first[:_SHOWN_SUFFIXES]]
    return ", ".join([*parts, *([f"others {others}"] if others else [])])


def show_failures(run_ids: Sequence[str], warehouse: str) -> None:
    """Print the failures of some runs by name, the most frequent first, with an example each."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for run_id in run_ids:
        for error, count, uri, message in open_warehouse(warehouse).failures_of(run_id):
            counts[error] += count
            examples.setdefault(error, f"{printable(uri)}: {message}")
    for error, count in counts.most_common():
        click.echo(f"  {error}: {count}, for example {examples[error]}")


def show_partitions(result: BackfillResult) -> None:
    """Print a backfill's counts and, where not all are done, its partitions."""
    records = result.partitions
    worked_on = [record for record in records if record.run_id in result.worked_on]
    annotated = sum(record.annotated for record in worked_on)
    failed = sum(record.failed for record in worked_on)
    done = sum(record.state == "done" for record in records)
    click.echo(f"Annotated {annotated} clips, failed {failed}; {done} of {len(records)} partitions are done.")
    for record in records:
        if record.state != "done":
            click.echo(f"  Partition {record.partition}: {record.state}, {record.videos} videos")
    _show_passed_over(result.passed_over)
    click.echo(f"Their state is in the table `partitions`, backfill_id {result.backfill_id}.")


def _show_passed_over(passed_over: PassedOver) -> None:
    if sentence := passed_over_sentence(passed_over):
        click.echo(sentence)


def _show_table(answer: Answer) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not answer.rows:
        click.echo("No rows.")
        return
    table = Table(show_lines=any(len(_cell(value)) > 60 for row in answer.rows for value in row))
    for column, example in zip(answer.columns, answer.rows[0], strict=True):
        numeric = isinstance(example, int | float) and not isinstance(example, bool)
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    # Elsewhere than on a terminal nothing need fit a screen.
    Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return printable(str(value))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return _plain(value) if isinstance(value, datetime) else value


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def printable(text: str) -> str:
    """Text without control characters: names and captions may hold terminal escapes."""
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
