"""The command `motionsight evaluate`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.cli.options import prefect_option, settings_options, warehouse_option

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@click.argument("benchmark")
@click.argument("annotations")
@click.argument("videos")
@warehouse_option
@settings_options
@click.option(
    "--route",
    type=click.Choice(["label", "model", "words"]),
    default="label",
    show_default=True,
    help="What says whether a question is about objects or the camera: its category, as in the paper's "
    "numbers; the model, which is the paper's decoupling; or its words.",
)
@click.option(
    "--score",
    type=click.Choice(["strict", "official", "authors"]),
    default="strict",
    show_default=True,
    help="Which replies are right: those that name the one letter; by the benchmark's own rule; by the "
    "lenient rule behind the paper's numbers.",
)
@click.option(
    "--frames",
    "shown",
    type=click.Choice(["all", "first", "shuffled", "none"]),
    default="all",
    show_default=True,
    help="Which sampled frames are shown; what is right without them is known without seeing motion.",
)
@click.option("--no-baseline", is_flag=True, help="Leave out the questions without visual prompts.")
@click.option(
    "--vary",
    metavar="KEY=V1,V2",
    multiple=True,
    help="An arm for each value of a setting, such as prompts.object=none,spotlight,crop; may be repeated: "
    "all combinations.",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the first N questions.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="CSV and JSON have every category, arm and score.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the table there instead of printing it.",
)
@click.option(
    "--submission",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answers to all questions in the form in which the benchmark takes them.",
)
@prefect_option
def evaluate(
    benchmark: str,
    annotations: str,
    videos: str,
    warehouse: str,
    settings: Settings,
    route: Literal["label", "model", "words"],
    score: Literal["strict", "official", "authors"],
    shown: Literal["all", "first", "shuffled", "none"],
    no_baseline: bool,
    vary: tuple[str, ...],
    limit: int | None,
    style: Literal["table", "csv", "json"],
    out: Path | None,
    submission: Path | None,
    through_prefect: bool,
) -> None:
    """Ask the questions of BENCHMARK, and say how many are answered rightly.

    ANNOTATIONS is the benchmark's file of questions, VIDEOS the folder of its videos, or its gs:// or
    s3:// address. Replies are kept in the table `predictions`: the same command asks only what has no
    reply yet, whatever ended it. A question whose video is missing or broken counts as wrong.

    \b
    For example, the method beside the model without visual prompts:
      motionsight evaluate motionbench video_info.meta.jsonl MotionBench/ \\
        --set annotator=openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct
    """
    from flows.cli.evaluate import show_evaluation
    from flows.runs.evaluate import Request
    from motionsight_core.evaluation.arms import arms_of

    arms = arms_of(settings, route=route, shown=shown, baseline=not no_baseline, vary=vary)
    request = Request(benchmark, annotations, videos, warehouse, arms, limit)
    run = None
    if through_prefect or os.environ.get("PREFECT_API_URL"):
        from functools import partial

        from flows.cli.through_prefect import evaluate_through_prefect

        run = partial(
            evaluate_through_prefect,
            settings=settings,
            route=route,
            score=score,
            shown=shown,
            baseline=not no_baseline,
            vary=vary,
        )
    show_evaluation(request, score=score, style=style, out=out, submission=submission, run=run)
