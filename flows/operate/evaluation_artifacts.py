"""What operators see of an evaluation in Prefect's UI: its table."""

from __future__ import annotations

from typing import Any

from prefect.artifacts import create_table_artifact

from flows.cli.answers import printable
from motionsight_core.evaluation.result import Result
from motionsight_core.evaluation.scores import Rule
from motionsight_core.evaluation.statistics import ALL
from motionsight_core.evaluation.table import Row

EVALUATION_KEY = "motionsight-evaluation"


def show_evaluation(result: Result, score: Rule) -> None:
    """The artifact of an evaluation that has ended: a row for each arm and category, percent by one rule."""
    rows = result.table([score])
    overall = [f"{row.arm} {100 * row.accuracy:.1f}" for row in rows if row.category == ALL]
    create_table_artifact(
        key=EVALUATION_KEY,
        table=[_cells(row) for row in rows],
        description=f"{result.benchmark.title}, {len(result.questions)} questions, percent right by the "
        f"score {score}: {printable('; '.join(overall)) or 'no question says which answer is right'}.",
    )


def _cells(row: Row) -> dict[str, Any]:
    interval = ""
    if row.low is not None and row.high is not None:
        interval = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
    return {
        "arm": printable(row.arm),
        "category": printable(row.category),
        "questions": row.questions,
        "answered": row.answered,
        "right, %": round(100 * row.accuracy, 1),
        "difference": None if row.difference is None else round(100 * row.difference, 1),
        "95 % interval": interval,
    }
