"""Commands as Prefect flow runs, on a server or on a temporary one."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from flows.cli.answers import show_result
from flows.cli.score_command import show_scores
from flows.runs.evaluate import EvaluationResult, Request
from flows.runs.loop import Loop
from motionsight_core.evaluation.arms import Route
from motionsight_core.evaluation.scores import Rule
from motionsight_core.scoring import Variant
from motionsight_core.settings import Settings, Shown

# A temporary server of Prefect's own, offline and quiet; what the user has set wins.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    # The default of 20 s is short on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def annotate_through_prefect(
    source: str, *, warehouse: str, settings: Settings, force: bool, after: str = ""
) -> None:
    """Run the flow `annotate_catalog` and print what came of it.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a shard could not be finished.
    """
    _announce("annotate-catalog")
    from flows.annotate import annotate_catalog  # reads the environment when it is imported

    result = annotate_catalog(source, warehouse=warehouse, settings=settings, force=force, after=after)
    show_result(result, warehouse)


def evaluate_through_prefect(
    request: Request,
    *,
    settings: Settings,
    route: Route,
    score: Rule,
    shown: Shown,
    baseline: bool,
    vary: Sequence[str],
) -> EvaluationResult:
    """Run the flow `evaluate_benchmark`.

    Args:
        request: what is evaluated.
        settings: of the method; this and what follows is what the request's arms are made of.

    Raises:
        UsageError: benchmark, annotations, videos, warehouse or annotator do not exist.
        RunError: a shard could not be finished.
    """
    _announce("evaluate-benchmark")
    from flows.evaluate_benchmark import evaluate_benchmark  # reads the environment when it is imported

    return evaluate_benchmark(
        request.benchmark,
        request.annotations,
        request.videos,
        warehouse=request.warehouse,
        settings=settings,
        route=route,
        score=score,
        frames=shown,
        baseline=baseline,
        vary=list(vary),
        limit=request.limit,
    )


def score_through_prefect(
    warehouse: str, *, scorer: str, where: str | None, variant: Variant, settings: Settings
) -> None:
    """Run the flow `score_descriptions` and print what came of it.

    Raises:
        UsageError: the warehouse, the model or the condition is not valid.
        RunError: the model stays away.
    """
    _announce("score-descriptions")
    from flows.score_descriptions import score_descriptions

    result = score_descriptions(
        scorer=scorer, warehouse=warehouse, where=where, variant=variant, settings=settings
    )
    show_scores(result, warehouse)


def loop_through_prefect(loop: Loop, *, settings: Settings) -> None:
    """Run the flow `close_the_loop` and print its summary.

    Raises:
        UsageError: something that is named does not exist, or does not fit.
        RunError: a step could not finish.
    """
    _announce("close-the-loop")
    from flows.close_the_loop import close_the_loop
    from flows.operate.loop_artifacts import summary

    click.echo(summary(close_the_loop(loop, settings)), nl=False)


def _announce(flow: str) -> None:
    """Say which flow runs where, and make a temporary server quiet."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PREFECT_API_URL"):
        # Set but empty, it is no address to Prefect, yet not absent either.
        os.environ.pop("PREFECT_API_URL", None)
    where = os.environ.get("PREFECT_API_URL", "a temporary server, which takes some seconds to start")
    click.echo(f"Running the Prefect flow {flow} on {where}.", err=True)
