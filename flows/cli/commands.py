"""The command line. Heavy imports live inside the commands: `--help` answers at once."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.cli.command_dataset import dataset
from flows.cli.command_evaluate import evaluate
from flows.cli.command_fingerprint import fingerprint
from flows.cli.command_loop import loop
from flows.cli.command_prefer import prefer
from flows.cli.command_questions import questions as questions_command
from flows.cli.command_score import score
from flows.cli.command_serve import serve
from flows.cli.command_train import train
from flows.cli.options import (
    FiniteRange,
    prefect_option,
    run_options,
    settings_options,
    warehouse_option,
)
from motionsight_core.errors import UsageError

if TYPE_CHECKING:
    from motionsight_core.settings import Settings

#: From one round of a watch to the next, at most a year: timers take no number without a bound.
_SECONDS = FiniteRange(0, 31_536_000)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="motionsight", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks and the libraries' own log lines.")
def cli(debug: bool) -> None:
    """Annotate catalogs of video with what moves and how the camera moves, and ask in SQL.

    \b
    Start with:
      motionsight scenes clips          render a few videos with known motion
      motionsight annotate clips        annotate them
      motionsight sql "SELECT uri, camera_motion FROM latest_motion"
    """
    if not debug:
        # Beam and its dependencies warn, some while they are imported, of what is of no use here; and
        # Beam logs a traceback for every thread of a shard that fails, whose sentence we print.
        logging.disable(logging.WARNING)
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)


@cli.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--count", default=12, show_default=True, type=click.IntRange(1, 10_000), help="Videos.")
@click.option("--seed", default=0, show_default=True, help="The same seed renders the same videos.")
@click.option(
    "--stressed",
    default=0.0,
    show_default=True,
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    help="Share of videos that are hard to measure: parallax, dissolves, noise, and others.",
)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Render scenes made for questions, and write these to FILE in MotionBench's form, answers known.",
)
def scenes(directory: Path, count: int, seed: int, stressed: float, questions: Path | None) -> None:
    """Render a small catalog of videos whose motion is known, with DIR/truth.json.

    With --questions, half of the scenes are of a camera that rests, moves, or moves twice in a row, and half
    of objects: which of four moves, where to, in which order, how often, and how its speed changes. Each
    question has four options, and every letter is right equally often.
    """
    from flows.cli.progress import bar
    from motionsight_core.synthetic import render_catalog
    from motionsight_core.synthetic.questions import render_questions

    if questions is not None and stressed:
        raise UsageError("Scenes made for questions are plain: leave out --stressed or --questions.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot write to {directory}: {error.strerror}.") from None
    asked = 0
    with bar("Rendering", total=count) as advance:
        if questions is None:
            render_catalog(
                directory, count=count, seed=seed, stressed=stressed, progress=lambda done, _: advance(done)
            )
        else:
            asked = render_questions(
                directory, questions, count=count, seed=seed, progress=lambda done, _: advance(done)
            )
    click.echo(f"Rendered {count} videos into {directory}; their true motion is in truth.json.")
    if questions is not None:
        click.echo(f"Wrote {asked} questions about them to {questions}.")


@cli.command()
@run_options
@click.option("--force", is_flag=True, help="Annotate again what is already in the warehouse.")
@click.option(
    "--after",
    metavar="URI",
    default="",
    help="Only what comes after this name in the source's order, for example where a listing broke off.",
)
@prefect_option
def annotate(
    source: str,
    warehouse: str,
    settings: Settings,
    force: bool,
    after: str,
    through_prefect: bool,
) -> None:
    """Annotate SOURCE: a file, a directory (recursive), a glob, gs://bucket/prefix or s3://bucket/prefix.

    What the warehouse has already, by content version and recipe, is skipped. Clips that cannot be
    annotated become rows of the table `failures`, and the rest goes on.

    \b
    Who writes the descriptions:
      --set annotator=measured                          from measured motion, no weights (default)
      --set annotator=transformers:MODEL_ID_OR_DIR      an MLLM in this process
      --set annotator=openai:http://HOST:8000/v1#MODEL  an MLLM at an OpenAI-compatible endpoint
    """
    if through_prefect or os.environ.get("PREFECT_API_URL"):
        from flows.cli.through_prefect import annotate_through_prefect as run
    else:
        from flows.cli.local import annotate_locally as run
    run(source, warehouse=warehouse, settings=settings, force=force, after=after)


@cli.command()
@run_options
@click.option(
    "--shards",
    "partitions",
    metavar="N",
    default=16,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Partitions, by a stable hash of the name; each has its own state.",
)
@click.option("--since", metavar="DATE", help="Only objects modified at this time or later (UTC).")
@click.option("--until", metavar="DATE", help="Only objects modified before this time (UTC).")
@click.option(
    "--concurrency",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Partitions at once; more than one helps where an endpoint or a cluster does the work.",
)
@click.option("--retry-failures", is_flag=True, help="Try again what failed permanently before.")
@click.option(
    "--error", "errors", metavar="NAME", multiple=True, help="Of these, only this error; may be repeated."
)
@click.option(
    "--hourly-cost", metavar="PRICE", type=FiniteRange(0), help="Of the machines, to estimate the cost."
)
def backfill(
    source: str,
    warehouse: str,
    settings: Settings,
    partitions: int,
    since: str | None,
    until: str | None,
    concurrency: int,
    retry_failures: bool,
    errors: tuple[str, ...],
    hourly_cost: float | None,
) -> None:
    """Annotate an old bucket in partitions, whose state is kept in the warehouse.

    The same command goes on where it was ended, whatever ended it, and writes nothing twice. While it
    runs it says how long the rest will take and, given a price, what it will cost.

    \b
    For example:
      motionsight backfill gs://bucket/clips/ --shards 64 --since 2024-01-01 --hourly-cost 2.50
      motionsight backfill gs://bucket/clips/ --shards 64 --retry-failures --error Truncated
    """
    from flows.cli.local import backfill_locally
    from flows.runs.backfill import errors_to_retry, parsed_time
    from flows.runs.partitions import Backfill

    chosen = Backfill(
        source,
        warehouse,
        settings,
        partitions,
        since=parsed_time("--since", since),
        until=parsed_time("--until", until),
        retry=errors_to_retry(errors, retry_failures=retry_failures),
    )
    backfill_locally(chosen, concurrency=concurrency, hourly_cost=hourly_cost)


@cli.command()
@run_options
@click.option(
    "--every",
    "every_s",
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    type=_SECONDS,
    help="From one round to the next.",
)
@click.option("--rounds", metavar="N", type=click.IntRange(1), help="Rounds; without it, forever.")
@click.option(
    "--settle",
    "settle_s",
    metavar="SECONDS",
    default=5.0,
    show_default=True,
    type=_SECONDS,
    help="A local file modified less than this ago may still be written, and waits.",
)
def watch(
    source: str,
    warehouse: str,
    settings: Settings,
    every_s: float,
    rounds: int | None,
    settle_s: float,
) -> None:
    """Annotate what is new or overwritten in SOURCE, round after round.

    Exact across restarts: what is done is asked of the warehouse. SIGTERM finishes the shard in hand.
    """
    from flows.cli.local import watch_locally

    watch_locally(
        source,
        warehouse=warehouse,
        settings=settings,
        every_s=every_s,
        settle_s=settle_s,
        rounds=rounds,
    )


@cli.command()
@click.argument("video")
@click.argument("question")
@click.option(
    "--option", "options", metavar="TEXT", multiple=True, help="An answer to choose from; give 2 to 26."
)
@settings_options
def ask(
    video: str,
    question: str,
    options: tuple[str, ...],
    settings: Settings,
) -> None:
    """Answer one QUESTION about one VIDEO.

    The multimodal LLM that --set annotator=... names is shown the frames under the visual prompt that
    the question needs. Without one, what was measured chooses among the options, where it decides, and
    a question without options is answered with the description of the objects, the camera or both.

    \b
    For example:
      motionsight ask dog.mp4 "Which way does the camera pan?" --option left --option right
      motionsight ask dog.mp4 "What does the dog do?" \\
        --set annotator=openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct
    """
    from flows.cli.ask import show_answer

    show_answer(video, question, options, settings)


@cli.command()
@click.argument("query", metavar="QUERY")
@warehouse_option
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the rows.",
)
def sql(query: str, warehouse: str, style: str) -> None:
    """Answer QUERY (- reads it from standard input); nothing is changed.

    \b
    Tables: motion, failures, runs, partitions (of backfills), predictions (of evaluations), scores,
            fingerprints.
    Views:  latest_motion, camera_moves (a row per move), object_tracks (a row per track).
    \b
    For example, the clips whose camera pans right, the fastest first:
      motionsight sql "SELECT uri, start_s, end_s, rate FROM camera_moves
                       WHERE label = 'pan_right' ORDER BY rate DESC"
    """
    from flows.cli.answers import show
    from motionsight_core.settings import require_known_variables
    from motionsight_core.warehouse import open_warehouse

    require_known_variables()
    text = sys.stdin.read() if query == "-" else query
    show(open_warehouse(warehouse).query(text), style)


@cli.command()
@warehouse_option
@settings_options
@click.option(
    "--out",
    metavar="FILE.html",
    default="motionsight.html",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; one that is there is replaced.",
)
@click.option("--where", metavar="SQL", help="Only rows of `motion` that meet this condition.")
@click.option(
    "--frames",
    type=click.Choice(["none", "few", "all"]),
    default="few",
    show_default=True,
    help="Pictures of no clip, of 48 at most (the doubtful ones and one of every sort), or of all.",
)
def report(
    warehouse: str,
    settings: Settings,
    out: Path,
    where: str | None,
    frames: Literal["none", "few", "all"],
) -> None:
    """Write one HTML file in which people see what was found, whether it is right, and what failed.

    The file needs nothing else: it opens from disk, offline and on a phone. Pictures are drawn anew from
    the videos, about 200 KB a clip; a clip whose video is gone shows why.

    \b
    For example:
      motionsight report
      motionsight report --where "annotator <> 'measured' AND camera_agreement < 0.5" --frames all
    """
    from flows.cli.report_command import show_report

    show_report(warehouse, out, where=where, frames=frames, settings=settings)


@cli.command()
@warehouse_option
def doctor(warehouse: str) -> None:
    """Say what is installed, what works, what is missing and how to get it."""
    from flows.cli.doctor import examine

    if not examine(warehouse):
        sys.exit(1)


for command in (dataset, evaluate, fingerprint, loop, prefer, questions_command, score, serve, train):
    cli.add_command(command)
