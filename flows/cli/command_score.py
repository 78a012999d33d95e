"""The command `motionsight score`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.cli.options import prefect_option, settings_options, warehouse_option

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@warehouse_option
@settings_options
@click.option(
    "--scorer",
    metavar="MODEL",
    help="The multimodal LLM that judges: transformers:MODEL_ID_OR_DIR, or openai:BASE_URL#MODEL at an "
    "endpoint that gives log-probabilities (vLLM, SGLang, OpenAI). Unset: the setting annotator.",
)
@click.option("--where", metavar="SQL", help="Only rows of `motion` that meet this condition.")
@click.option(
    "--variant",
    type=click.Choice(["description", "authors"]),
    default="description",
    show_default=True,
    help="What is asked: whether the frames show what the description says; or, as the paper's authors "
    'released it, whether six frames show "object motion" and "camera motion": the description is never '
    "read, so that a wrong one scores as high as a right one.",
)
@click.option(
    "--calibrate",
    "only_calibrate",
    is_flag=True,
    help="Score nothing: draw how the scores are distributed, and write a report of the clips "
    "at each boundary.",
)
@click.option(
    "--import",
    "imported",
    metavar="FILE",
    help="Score nothing: take the scores of another program from FILE, CSV or .parquet with the columns "
    "clip_id, recipe, aspect (object, camera), scorer and score (0 to 1); - reads CSV from standard input.",
)
@click.option(
    "--source",
    "sources",
    metavar="PREFIX",
    multiple=True,
    help="With --calibrate: a histogram of its own for what lies under this prefix; may be repeated.",
)
@click.option(
    "--out",
    metavar="FILE.html",
    default="calibration.html",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --calibrate: the report.",
)
@prefect_option
def score(
    warehouse: str,
    settings: Settings,
    scorer: str | None,
    where: str | None,
    variant: Literal["description", "authors"],
    only_calibrate: bool,
    imported: str | None,
    sources: tuple[str, ...],
    out: Path,
    through_prefect: bool,
) -> None:
    """Score the descriptions of rows against their frames, with VQAScore.

    A score is the probability, 0 to 1, that a multimodal LLM answers Yes when it is asked whether the frames
    show what the description says. Both descriptions of a row are scored, on the plain sampled frames, into
    the table `scores`. What this scorer has scored already is skipped; scores of different models, numbers
    of frames or variants cannot be compared, and each has its own name in the column `scorer`.

    A threshold holds for one scorer, source and aspect. --calibrate shows where to put it: a histogram of
    each, and in the report the clips whose scores are next to 0.1, 0.2 and so on to 0.9.

    \b
    For example, and then the descriptions that fit worst:
      motionsight score --scorer openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct
      motionsight sql "SELECT uri, aspect, score FROM scores ORDER BY score LIMIT 20"
      motionsight score --import scores.csv
    """
    if imported:
        if only_calibrate or scorer or where or sources:
            raise click.UsageError(
                "--import takes all scores of FILE as they are; give only --warehouse too."
            )
        from flows.cli.import_scores_command import import_scores_of

        import_scores_of(imported, warehouse)
        return
    if only_calibrate:
        from flows.cli.calibrate_command import calibrate

        calibrate(
            warehouse, out, scorer=scorer, variant=variant, where=where, sources=sources, settings=settings
        )
        return
    if sources:
        raise click.UsageError("--source belongs to --calibrate; --where selects what is scored.")
    if through_prefect or os.environ.get("PREFECT_API_URL"):
        from flows.cli.through_prefect import score_through_prefect as run
    else:
        from flows.cli.score_command import score_locally as run
    run(warehouse, scorer=scorer or settings.annotator, where=where, variant=variant, settings=settings)
