"""Questions about a data set's clips: made, put to blind models by the evaluation, filtered, written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flows.runs.evaluate import EvaluationResult, Request, evaluate
from motionsight_core.annotator import MEASURED, Annotator
from motionsight_core.benchmark_questions.ablations import BlindAnswers, blind_answers, blind_arms
from motionsight_core.benchmark_questions.candidates import make_candidates
from motionsight_core.benchmark_questions.card import card
from motionsight_core.benchmark_questions.source_clips import MEDIA, read_clips
from motionsight_core.benchmark_questions.written import (
    QuestionSet,
    kept_questions,
    write_candidates,
    write_questions,
)
from motionsight_core.dataset.folder import locked
from motionsight_core.errors import RunError, Terminated, UsageError
from motionsight_core.models.loaded import require_models
from motionsight_core.settings import Settings

#: What the file of questions is evaluated as.
BENCHMARK = "motionbench"


def ask_about_clips(
    folder: Path,
    warehouse: str,
    settings: Settings,
    *,
    writer: str,
    blind: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
    run: Callable[[Request], EvaluationResult] = evaluate,
) -> QuestionSet:
    """Make the questions of a data set, and write them into its folder.

    Made again from the same data set, settings and seed, every file is the same: replies of the model that
    writes are kept in the folder, those of blind models in the warehouse.

    Args:
        folder: of the data set, with cut clips.
        warehouse: with the rows that it was made of; see `open_warehouse`.
        settings: of the questions, and of the models.
        writer: `measured`, or a model as the setting `annotator` names it.
        blind: models that are asked without the video, named alike.
        progress: called with how many clips are done, of how many.
        run: evaluates.

    Raises:
        UsageError: the folder is no such data set, there is no warehouse, or no such model.
        RunError: a model cannot be reached, or the folder cannot be written; what was answered is kept.
        Terminated: SIGTERM came; what was begun is finished.
    """
    read_clips(folder)  # is it a data set?
    models = {Annotator.parse(name).name: settings.overridden([f"annotator={name}"]) for name in blind}
    if MEASURED in models:
        raise UsageError(
            f"`{MEASURED}` answers nothing without the video, so that it would keep every question: name "
            "multimodal LLMs as blind models."
        )
    for asked in (settings.overridden([f"annotator={writer}"]), *models.values()):
        require_models(asked)
    try:
        with locked(folder):
            candidates = make_candidates(folder, warehouse, settings, writer=writer, progress=progress)
            answers: list[BlindAnswers] = []
            if candidates.drafts:
                file = write_candidates(candidates, folder, settings.questions)
                for name, asked in models.items():
                    request = Request(BENCHMARK, str(file), str(folder / MEDIA), warehouse, blind_arms(asked))
                    answers += blind_answers(name, _answered(request, run).result)
            questions = kept_questions(candidates, answers, settings.questions, folder)
            write_questions(questions, folder, card(questions))
    except OSError as error:
        raise RunError(
            f"The questions cannot be written to {folder}: {error.strerror or error}; mend that, then run "
            "this again."
        ) from None
    return questions


def _answered(request: Request, run: Callable[[Request], EvaluationResult]) -> EvaluationResult:
    """An evaluation all of whose shards are done."""
    done = run(request)
    if done.shortfall.broken:
        raise RunError(
            f"{' '.join(done.shortfall.broken)} No reply that came is lost; run it again, and the rest is "
            "asked."
        )
    if done.shortfall.left:
        raise Terminated(
            f"Ended by SIGTERM with {done.shortfall.left} of {len(done.plan.shards)} shards to go; running "
            "again goes on from there."
        )
    return done
