"""The Prefect flow `score_descriptions`: one task per shard of descriptions, and a table of the means."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.operate.artifacts import code, plain, shown_progress
from flows.operate.cancelling import cancel_jobs_of_run, kill_decoders_on_cancel, tag_this_run
from flows.operate.configuration import configured
from flows.operate.run_log import readable_log, without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.run import load_transforms, one_sentence
from flows.runs.score import Scoring, ScoringResult, opened_scoring, run_scoring, score_shard
from flows.shards import CAPTION_TAG
from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, UsageError
from motionsight_core.scoring import ClipToScore, Scorer
from motionsight_core.settings import Settings

if TYPE_CHECKING:
    from transforms.scoring import ShardScores

SCORES_KEY = "motionsight-scores"
SUMMARY_KEY = "motionsight-scores-summary"


@task(name="score-shard", task_run_name="scores-{index}", cache_policy=NO_CACHE, persist_result=False)
def score_task(scoring: Scoring, clips: Sequence[ClipToScore], index: int) -> ShardScores:
    """One bounded Beam pipeline and one commit."""
    try:
        with kill_decoders_on_cancel(), readable_log(get_run_logger()), _progress(scoring, clips, index):
            return score_shard(scoring, clips, index)
    except UsageError:
        raise
    except Exception as error:
        # A Beam failure carries hundreds of lines; the cause is the last one.
        raise RunError(one_sentence(error)) from None


@flow(
    name="score-descriptions",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_jobs_of_run],
    on_crashed=[cancel_jobs_of_run],
)
def score_descriptions(
    scorer: str,
    warehouse: str | None = None,
    where: str | None = None,
    variant: Literal["description", "authors"] = "description",
    catalog: str | None = None,
    settings: Settings | None = None,
) -> ScoringResult:
    """Score the descriptions of a warehouse's rows against their frames, with VQAScore.

    Args:
        scorer: the model that judges: transformers:MODEL_ID_OR_DIR, or openai:BASE_URL#MODEL at an endpoint
            that gives log-probabilities.
        warehouse: whose rows; the catalog's, if unset.
        where: SQL over the columns of `motion` that selects rows, for example "annotator <> 'measured'".
        variant: `description`; or `authors`, which never reads the description, as the paper's authors
            released it.
        catalog: name of a MotionSight Catalog block.
        settings: knobs of the method: sampling, mllm, endpoint, stores and runtime are used.

    Raises:
        UsageError: the warehouse, the model or the condition is not valid.
        RunError: the model cannot be reached, or cannot score; what was scored is committed.
    """
    without_tracebacks()
    with (
        configured(warehouse=warehouse, settings=settings, catalog=catalog) as chosen,
        opened_scoring(
            Scorer.of(scorer, chosen.settings, variant), warehouse=chosen.warehouse, where=where
        ) as scoring,
    ):
        tag_this_run(run_id=scoring.run.run_id)
        remote = Annotator.parse(scoring.run.settings.annotator).is_remote
        result = run_scoring(
            scoring,
            score_shard=score_task.with_options(tags=[CAPTION_TAG] if remote else []),
            on_begin=lambda count: get_run_logger().info("%d descriptions to score", count),
        )
        _show(result, scoring)
    if result.broken:
        raise RunError(result.broken)
    return result


def _progress(scoring: Scoring, clips: Sequence[ClipToScore], index: int) -> AbstractContextManager[None]:
    if scoring.run.settings.runtime.runner != "local":
        return nullcontext()  # other machines do the work, and what they count is told at the end
    load_transforms()
    from transforms.progress import descriptions_done

    before = descriptions_done(scoring.run.run_id)
    return shown_progress(
        f"Scores {index}",
        total=sum(len(clip.descriptions) for clip in clips),
        unit="descriptions",
        done=lambda: descriptions_done(scoring.run.run_id) - before,
    )


def _show(result: ScoringResult, scoring: Scoring) -> None:
    """The artifacts: means per aspect, and what could not be scored."""
    create_table_artifact(
        key=SCORES_KEY,
        table=[
            {
                "aspect": aspect,
                "mean": None if tally.mean is None else round(tally.mean, 4),
                "scored": tally.scored,
                "described": tally.described,
                "scorer": result.scorer,
            }
            for aspect, tally in result.tallies.items()
        ],
        description=f"{result.scored} descriptions scored, {result.known} were scored before.",
    )
    unscored = sum(result.unscored.values())
    lines = [f"## {result.scored} descriptions scored", "", f"Scorer {code(result.scorer)}.", ""]
    if result.broken:
        lines += [f"Not finished: {plain(result.broken)} Run it again: it goes on with what is missing.", ""]
    if unscored:
        lines += ["| error | descriptions | for example |", "| --- | --- | --- |"]
        lines += [
            f"| {plain(error)} | {count} | {plain(result.examples[error])} |"
            for error, count in result.unscored.most_common()
        ]
    create_markdown_artifact(
        key=SUMMARY_KEY,
        markdown="\n".join(lines),
        description=f"{result.scored} scored, {unscored} could not be, {result.known} known",
    )
