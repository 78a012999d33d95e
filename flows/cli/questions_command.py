"""`motionsight questions`: what is printed while questions are made, and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from flows.cli.answers import printable
from flows.cli.evaluate import run_here
from flows.cli.progress import bar
from flows.runs.evaluate import EvaluationResult, Request
from flows.runs.questions import ask_about_clips
from motionsight_core.benchmark_questions.ablations import ALL
from motionsight_core.benchmark_questions.candidates import QUESTIONS
from motionsight_core.benchmark_questions.drafts import STAGES
from motionsight_core.benchmark_questions.written import SPLITS, QuestionSet
from motionsight_core.settings import Settings


def show_questions(
    folder: Path, warehouse: str, *, writer: str, blind: Sequence[str], settings: Settings
) -> None:
    """Make the questions and say what came of it.

    Raises:
        UsageError: the folder is no data set with cut clips, there is no warehouse, or no such model.
        RunError: a model cannot be reached, or the folder cannot be written.
        Terminated: SIGTERM came.
    """
    with ExitStack() as shown:
        advance: list[Callable[[int], None]] = []

        def progress(done: int, total: int) -> None:
            if not advance:
                advance.append(shown.enter_context(bar("Reading clips", total=total)))
            advance[0](done)

        def run(request: Request) -> EvaluationResult:
            shown.close()
            return run_here(request)

        made = ask_about_clips(
            folder, warehouse, settings, writer=writer, blind=blind, progress=progress, run=run
        )
    for line in told(made, folder / QUESTIONS):
        click.echo(line)


def told(made: QuestionSet, place: Path) -> list[str]:
    """What it came to, in a few lines."""
    clips = {draft.clip.clip_id for draft in made.kept.values()}
    splits = ", ".join(f"{split} {len(made.of_split(split)):,}" for split in SPLITS)
    lines = [f"Wrote {place}: {len(made.kept):,} questions about {len(clips):,} clips ({splits})."]
    lines += [
        f"{printable(score.model)}, {score.ablation.replace('_', ' ')}: {score.accuracy:.3f} of all right."
        for score in made.scores
        if score.category == ALL
    ]
    drops = Counter(drop.stage for drop in made.drops)
    if drops:
        listed = ", ".join(f"{stage} {drops[stage]:,}" for stage in STAGES if drops[stage])
        lines.append(f"Left out: {listed}; the reasons are in {place / 'dropped.parquet'}.")
    if not made.kept:
        lines.append("There is no question: nothing that is certain can be asked.")
    lines.append(f"The card is {place / 'README.md'}.")
    return lines
