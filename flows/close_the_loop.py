"""The Prefect flow `close_the_loop`: annotate, score, make a data set, train, evaluate before and after."""

from __future__ import annotations

from prefect import flow

from flows.annotate import annotate_catalog
from flows.build_dataset import build_dataset
from flows.evaluate_benchmark import evaluate_benchmark
from flows.operate.cancelling import cancel_steps
from flows.operate.configuration import Configuration, configured
from flows.operate.loop_artifacts import show_turn
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.evaluate import EvaluationResult
from flows.runs.loop import (
    Data,
    Loop,
    TrainedStage,
    Turn,
    annotated,
    answers_first,
    answers_of_another_model,
    asked_of,
    changed_for,
    compared,
    data_in,
    require_all,
    trained_stage,
    without_preferences,
)
from flows.score_descriptions import score_descriptions
from flows.train_model import train_model
from motionsight_core.models.loaded import release_models
from motionsight_core.settings import Settings


@flow(
    name="close-the-loop",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_steps],
    on_crashed=[cancel_steps],
)
def close_the_loop(loop: Loop, settings: Settings | None = None, catalog: str | None = None) -> Turn:
    """Annotate, score, make a data set, evaluate, train, and evaluate again: one turn of the loop.

    Each step is a flow of its own and goes on from what is there. Killed, cancelled or failed, the next run
    with the same parameters goes on; after the end it trains nothing, and shows the same summary.

    Args:
        loop: what it is about. Without a scorer nothing is scored, and without a benchmark nothing evaluated.
        settings: knobs of all steps; `annotator` writes the descriptions.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: something that is named does not exist, or does not fit.
        RunError: a step could not finish; what the others did stays.
    """
    without_tracebacks()
    # To choose, and no longer: each step takes the credentials that it needs.
    with configured(
        source=loop.source, warehouse=loop.warehouse, settings=settings, catalog=catalog
    ) as chosen:
        require_all(loop, chosen.settings)
    warehouse, chosen_settings = chosen.warehouse, chosen.settings
    remarks: list[str] = []
    run = annotate_catalog(chosen.source, warehouse=warehouse, settings=chosen_settings, catalog=catalog)
    scored = None
    if loop.scorer is not None:
        scored = score_descriptions(
            loop.scorer, warehouse=warehouse, where=loop.where, settings=chosen_settings, catalog=catalog
        )
    else:
        remarks.append("Scores: no scorer is named (loop.scorer), so no description is graded.")
    build_dataset(
        str(loop.data),
        warehouse=warehouse,
        where=loop.where,
        against=[loop.benchmark.videos] if loop.benchmark else None,
        settings=answers_first(run.record.recipe, chosen_settings),
        catalog=catalog,
    )
    data = data_in(loop.data)
    before = _evaluated(loop, loop.model, chosen, catalog)
    release_models()
    trained = _trained(loop, data, chosen_settings, catalog, remarks)
    after = _evaluated(loop, str(trained[-1].model), chosen, catalog) if trained else None
    comparison = None
    if loop.benchmark is None:
        remarks.append("Evaluation: no benchmark is named (loop.benchmark).")
    elif before and after:
        comparison = compared(before, after, loop.benchmark.score)

    with configured(warehouse=warehouse, settings=chosen_settings, catalog=catalog):
        if after is not None and (doubt := answers_of_another_model(trained[-1].model, after, warehouse)):
            remarks.append(doubt)
        turn = Turn(
            loop=loop,
            annotated=annotated(run, warehouse, chosen_settings),
            scorer=scored.scorer if scored else None,
            scores=scored.tallies if scored else {},
            data=data,
            trained=trained,
            comparison=comparison,
            remarks=tuple(remarks),
            mllm=changed_for(chosen_settings),
        )
    show_turn(turn)
    return turn


def _evaluated(loop: Loop, model: str, chosen: Configuration, catalog: str | None) -> EvaluationResult | None:
    """What a model answers to the benchmark's questions; None where no benchmark is named."""
    benchmark = loop.benchmark
    if benchmark is None:
        return None
    return evaluate_benchmark(
        benchmark.name,
        benchmark.annotations,
        benchmark.videos,
        warehouse=chosen.warehouse,
        settings=asked_of(model, chosen.settings),
        score=benchmark.score,
        limit=benchmark.limit,
        catalog=catalog,
    )


def _trained(
    loop: Loop, data: Data, settings: Settings, catalog: str | None, remarks: list[str]
) -> tuple[TrainedStage, ...]:
    """Train each stage on the model of the one before."""
    model, done = loop.model, []
    for stage in loop.stages:
        if stage == "dpo" and not data.preferences.get("train"):
            remarks.append(without_preferences(loop.data))
            continue
        out = loop.trained(stage)
        train_model(
            stage,
            str(loop.data),
            model,
            str(out),
            settings=settings,
            catalog=catalog,
            processes=loop.processes,
        )
        done.append(trained_stage(stage, out))
        model = str(out)
    return tuple(done)
