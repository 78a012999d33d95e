"""`motionsight evaluate`: runs an evaluation, shows how far it is, and prints its table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, TypeAlias

import click

from flows.cli.answers import printable
from flows.cli.evaluation_table import drawn
from flows.cli.progress import watched
from flows.runs.evaluate import EvaluationPlan, EvaluationResult, Request, evaluate, method_arms
from flows.runs.run import load_transforms
from flows.runs.signals import stop_on_sigterm
from motionsight_core.errors import RunError, Terminated, UsageError
from motionsight_core.evaluation.result import Result
from motionsight_core.evaluation.scores import RULES, Rule
from motionsight_core.evaluation.table import COLUMNS

Style: TypeAlias = Literal["table", "csv", "json"]

_REJECTED_SHOWN = 5


def show_evaluation(
    request: Request,
    *,
    score: Rule,
    style: Style,
    out: Path | None,
    submission: Path | None,
    run: Callable[[Request], EvaluationResult] | None = None,
) -> None:
    """Evaluate, and print or write what came of it.

    Args:
        request: what is evaluated.
        score: by which rule the table is; CSV and JSON have all rules, this one first.
        style: of the output.
        out: where it goes; printed, if unset.
        submission: where the file of answers goes, if one is asked for.
        run: how it is run; in this process, if unset.

    Raises:
        UsageError: something that is named does not exist, or there is no one arm whose answers to submit.
        RunError: a shard could not be finished.
        Terminated: SIGTERM came; what was begun is finished.
    """
    if submission is not None and len(method_arms(request.arms)) > 1:
        raise UsageError("--submission takes the answers of one arm: leave out --vary.")
    for file in filter(None, (out, submission)):
        if not file.absolute().parent.is_dir():
            raise UsageError(f"There is no folder {file.absolute().parent} to write {file.name} into.")
    done = (run or run_here)(request)
    if done.shortfall.broken:
        raise RunError(
            f"{' '.join(done.shortfall.broken)} No reply that came is lost; run it again, and the rest "
            "is asked."
        )
    if done.shortfall.left:
        raise Terminated(
            f"Ended by SIGTERM with {done.shortfall.left} of {len(done.plan.shards)} shards to go; running "
            "again goes on from there."
        )
    if submission is not None:
        (arm,) = method_arms(request.arms)
        submission.write_bytes(done.result.submission(arm))
        click.echo(f"The answers of {arm.name} are in {submission}.", err=True)
    text = _formatted(done.result, score, style)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"The table is in {out}.", err=True)


def run_here(request: Request) -> EvaluationResult:
    """Evaluate in this process, and show how far it is."""
    with ExitStack() as shown:

        def on_plan(plan: EvaluationPlan) -> None:
            show_plan(plan)
            if not plan.shards:
                return
            load_transforms()
            from transforms.progress import questions_answered

            answered = lambda: questions_answered(plan.evaluation.run_id)  # noqa: E731
            shown.enter_context(watched(answered, "Answering", total=plan.answers, unit="answers"))

        told_to_end = shown.enter_context(
            stop_on_sigterm(
                "finishing the shard in hand; a second SIGTERM ends at once, and no reply is lost."
            )
        )
        return evaluate(request, on_plan=on_plan, told_to_end=told_to_end.is_set)


def show_plan(plan: EvaluationPlan) -> None:
    """Say what is evaluated, what of the annotations cannot be, and what is left to ask."""
    count, arms = len(plan.questions), len(plan.request.arms)
    unlabelled = sum(question.answer is None for question in plan.questions)
    said = (
        f"{plan.benchmark.title}: {count} questions about {len({one.video for one in plan.questions})} videos"
    )
    if unlabelled:
        said += f", {unlabelled} of them without a right answer, which are not scored"
    click.echo(f"{said}.", err=True)
    rejected = plan.annotations.rejected
    for one in rejected[:_REJECTED_SHOWN]:
        click.echo(f"  Left out: {printable(str(one))}", err=True)
    if len(rejected) > _REJECTED_SHOWN:
        click.echo(f"  Left out: {len(rejected) - _REJECTED_SHOWN} more.", err=True)
    if plan.recovered:
        click.echo(f"{plan.recovered} replies of a run that was ended were kept.", err=True)
    known = count * arms - plan.answers
    click.echo(f"{plan.answers} answers to get in {arms} arms, {known} known.", err=True)


def _formatted(result: Result, score: Rule, style: Style) -> str:
    if style == "table":
        return drawn(result, score)
    rows = result.table([score, *(rule for rule in RULES if rule != score)])
    if style == "json":
        return json.dumps([row.to_dict() for row in rows], indent=2, ensure_ascii=False) + "\n"
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_dict() for row in rows)
    return text.getvalue()
