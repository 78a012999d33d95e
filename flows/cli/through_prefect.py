"""`motionsight annotate` and `score` as Prefect flow runs, on a server or on a temporary one."""

from __future__ import annotations

import os

import click

from flows.cli.answers import show_result
from flows.cli.score_command import show_scores
from motionsight_core.scoring import Variant
from motionsight_core.settings import Settings

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
    _prepare("annotate-catalog")
    from flows.annotate import annotate_catalog  # reads the environment when it is imported

    result = annotate_catalog(source, warehouse=warehouse, settings=settings, force=force, after=after)
    show_result(result, warehouse)


def score_through_prefect(
    warehouse: str, *, scorer: str, where: str | None, variant: Variant, settings: Settings
) -> None:
    """Run the flow `score_descriptions` and print what came of it.

    Raises:
        UsageError: the warehouse, the model or the condition is not valid.
        RunError: the model stays away.
    """
    _prepare("score-descriptions")
    from flows.score_descriptions import score_descriptions

    result = score_descriptions(
        scorer=scorer, warehouse=warehouse, where=where, variant=variant, settings=settings
    )
    show_scores(result, warehouse)


def _prepare(flow: str) -> None:
    """Set what Prefect reads when it is imported, and say where the flow runs."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PREFECT_API_URL"):
        # Set but empty, it is no address to Prefect, yet not absent either.
        os.environ.pop("PREFECT_API_URL", None)
    where = os.environ.get("PREFECT_API_URL", "a temporary server, which takes some seconds to start")
    click.echo(f"Running the Prefect flow {flow} on {where}.", err=True)
