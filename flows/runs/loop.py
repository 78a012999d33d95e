"""One turn of the loop, from annotations to a better annotator: what it is about, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from flows.runs.evaluate import EvaluationResult
from flows.runs.run import RunResult
from motionsight_core.dataset.folder import folder_at
from motionsight_core.errors import UsageError
from motionsight_core.evaluation import open_benchmark
from motionsight_core.evaluation.arms import METHOD, Arm
from motionsight_core.evaluation.scores import Rule
from motionsight_core.evaluation.statistics import ALL
from motionsight_core.evaluation.table import Row, table
from motionsight_core.mllm import require_mllm
from motionsight_core.scoring import ScoredAspect, Scorer, Tally
from motionsight_core.settings import MllmSettings, Section, Settings
from motionsight_core.settings._layers import read_toml, sentence
from motionsight_core.training import Stage
from motionsight_core.training.losses import LossFile
from motionsight_core.training.out_folder import MARKER
from motionsight_core.warehouse import open_warehouse

BEFORE, AFTER = "before", "after"
#: Settings of `training` that those of the same name in `mllm` must follow, or the model is shown what it has
#: not learned to see.
AS_TRAINED = ("frames_as", "video_tokens", "events", "event_stride", "relative_times")
#: The table of a file that says what is looped over; all others are settings.
TABLE = "loop"


class LoopBenchmark(Section):
    """What a turn is judged by. No clip that shows one of its videos is trained on."""

    name: str = Field(description="Of the benchmark, such as motionbench.")
    annotations: str = Field(description="Its file of questions, which the worker sees.")
    videos: str = Field(description="Folder of its videos, or its gs:// or s3:// address.")
    score: Rule = Field(default="strict", description="By which rule replies are right.")
    limit: int | None = Field(default=None, ge=1, description="Only the first questions of the file.")


class Loop(Section):
    """What one turn of the loop is about."""

    model: str = Field(description="Directory or hub id of the video LLM that is trained.")
    out: str = Field(
        description="Folder of this turn, on a disk that outlives the worker: the data set in `data`, "
        "trained models in `sft` and `dpo`."
    )
    source: str | None = Field(default=None, description="Videos to annotate; the catalog's, if unset.")
    warehouse: str | None = Field(default=None, description="Where rows go; the catalog's, if unset.")
    where: str | None = Field(
        default=None,
        description="SQL over the columns of `motion` that chooses the rows that are scored and trained on.",
    )
    scorer: str | None = Field(
        default=None, description="The model that judges descriptions; unset, nothing is scored or graded."
    )
    stages: tuple[Stage, ...] = Field(
        default=("sft", "dpo"), min_length=1, description="What is trained, in this order."
    )
    processes: int | None = Field(
        default=None, ge=1, description="That train on this machine; as many as it has GPUs, if unset."
    )
    benchmark: LoopBenchmark | None = Field(
        default=None, description="Asked before and after training; unset, nothing is evaluated."
    )

    @property
    def folder(self) -> Path:
        """Of this turn.

        Raises:
            UsageError: it is not on a disk.
        """
        return folder_at(self.out).absolute()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def trained(self, stage: Stage) -> Path:
        return self.folder / stage


def read_loop(file: Path, overrides: Iterable[str]) -> tuple[Loop, Settings]:
    """A turn from a file in TOML: the table `loop`, and settings in all others.

    Args:
        file: as deploy/loop.toml.
        overrides: settings, as --set takes them; over those of the environment, which are over the file's.

    Raises:
        UsageError: the file, a name or a value is not valid.
    """
    values = read_toml(file)
    if TABLE not in values:
        raise UsageError(f"{file} has no table [{TABLE}], which names the model, the folder and the source.")
    try:
        loop = Loop.model_validate(values.pop(TABLE))
    except ValidationError as error:
        said = sentence(error, Loop).removeprefix("Settings are not valid: ")
        raise UsageError(f"The table [{TABLE}] of {file} is not valid: {said}") from None
    given = Settings.load(overrides=overrides).model_dump(exclude_unset=True)
    return loop, Settings.layered(values, given)


def require_all(loop: Loop, settings: Settings) -> None:
    """Say before the first step, which may take days, what a later one would lack.

    Raises:
        UsageError: the folder, the scorer, the benchmark or its questions do not exist, or there is no source
            whose thresholds grade what is scored.
        ModelMissing: the model that is trained, or the scorer, is not on this machine.
    """
    _ = loop.folder
    require_mllm(asked_of(loop.model, settings))
    if loop.scorer is not None:
        Scorer.of(loop.scorer, settings)
        if not settings.dataset.sources:
            raise UsageError(
                "Scores are graded by their source's thresholds, and there is none: add a table "
                "[[dataset.sources]] with prefix, high_object and high_camera, or leave out loop.scorer."
            )
    if loop.benchmark is not None:
        open_benchmark(loop.benchmark.name).read(loop.benchmark.annotations)


def asked_of(model: str, settings: Settings) -> Settings:
    """The settings under which a model is evaluated: it sees frames as in training."""
    return Settings.layered(
        settings.model_dump(exclude_unset=True),
        {"annotator": f"transformers:{model}", "mllm": settings.training.model_dump(include={*AS_TRAINED})},
    )


def changed_for(settings: Settings) -> dict[str, Any]:
    """The settings of `mllm` that a trained model needs, as far as they are not the defaults."""
    defaults = MllmSettings().model_dump(include={*AS_TRAINED})
    needed = settings.training.model_dump(include={*AS_TRAINED})
    return {name: value for name, value in needed.items() if value != defaults[name]}


def answers_first(recipe: str, settings: Settings) -> Settings:
    """The settings of the data set: where they name no recipe, this turn's descriptions are the answers.

    Those of earlier turns make pairs with them.
    """
    if settings.dataset.recipes:
        return settings
    return Settings.layered(settings.model_dump(exclude_unset=True), {"dataset": {"recipes": [recipe]}})


@dataclass(frozen=True, slots=True)
class Annotated:
    """What the warehouse has of the source."""

    annotator: str
    recipe: str
    videos: int
    """Listed in the source."""
    clips: int
    """Rows of this recipe."""
    failures: int
    """Clips and videos that this recipe could not annotate."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is in the data set."""

    clips: int
    questions: Mapping[str, int]
    """By split, like the preferences."""
    pairs: int
    preferences: Mapping[str, int]
    dropped: Mapping[str, int]
    """Rows that were left out, by step."""


@dataclass(frozen=True, slots=True)
class TrainedStage:
    """A model that was trained."""

    stage: Stage
    model: Path
    steps: int
    losses: Mapping[str, tuple[tuple[int, float], tuple[int, float]]]
    """The first and the last step and value of each that was logged, such as `loss`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same questions, asked of the model before and after training."""

    title: str
    """Of the benchmark."""
    questions: int
    score: Rule
    rows: tuple[Row, ...]
    """Of the method, BEFORE and AFTER, by category; the difference is that of AFTER."""
    plain: Mapping[str, float]
    """Accuracy over all questions without visual prompts, 0 to 1, BEFORE and AFTER."""

    @property
    def overall(self) -> tuple[float, float] | None:
        """Accuracy over all questions, before and after; None where none says which answer is right."""
        found = {row.arm: row.accuracy for row in self.rows if row.category == ALL}
        return (found[BEFORE], found[AFTER]) if found else None


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one turn. Run again, it is the same."""

    loop: Loop
    annotated: Annotated
    scorer: str | None
    scores: Mapping[ScoredAspect, Tally]
    data: Data
    trained: tuple[TrainedStage, ...]
    comparison: Comparison | None
    remarks: tuple[str, ...]
    """What was skipped and why, and what makes a figure doubtful."""
    mllm: Mapping[str, Any]
    """Settings of `mllm`, other than their defaults, with which the trained model is to be asked."""

    @property
    def model(self) -> str:
        """The last model of this turn."""
        return str(self.trained[-1].model) if self.trained else self.loop.model


def annotated(run: RunResult, warehouse: str, settings: Settings) -> Annotated:
    """What the warehouse has under a run's recipe, whichever run wrote it."""
    recipe, place = run.record.recipe, open_warehouse(warehouse)

    def count(table: str) -> int:
        # A recipe is hexadecimal.
        return place.query(f"SELECT count(*) FROM {table} WHERE recipe = '{recipe}'").rows[0][0]  # noqa: S608

    return Annotated(settings.annotator, recipe, run.plan.listed, count("motion"), count("failures"))


def data_in(folder: Path) -> Data:
    """The counts of a data set."""
    return Data(
        clips=len(set(_column(folder / "clips.parquet", "clip_id"))),
        questions=Counter(_column(folder / "sft.parquet", "split")),
        pairs=len(_column(folder / "pairs.parquet", "pair_id")),
        preferences=Counter(_column(folder / "preferences.parquet", "split")),
        dropped=Counter(_column(folder / "dropped.parquet", "stage")),
    )


def _column(table: Path, name: str) -> list[Any]:
    """Of a table that is not written where it has no rows."""
    return pq.read_table(table, columns=[name])[name].to_pylist() if table.is_file() else []


def trained_stage(stage: Stage, model: Path) -> TrainedStage:
    """What a training run that ended came to."""
    lines = LossFile(model).read()
    losses: dict[str, tuple[tuple[int, float], tuple[int, float]]] = {}
    for line in lines:
        for name in (name for name in line if name.endswith("loss")):
            value = (line["step"], line[name])
            losses[name] = (losses.get(name, (value, value))[0], value)
    return TrainedStage(stage, model, lines[-1]["steps"] if lines else 0, losses)


def compared(before: EvaluationResult, after: EvaluationResult, score: Rule) -> Comparison:
    """Two evaluations of one file of questions, side by side."""
    results = {BEFORE: before.result, AFTER: after.result}
    replies = {name: result.replies(method_of(result.arms)) for name, result in results.items()}
    rows = table(before.result.benchmark, before.result.questions, replies, rules=[score], baseline=BEFORE)
    plain = {
        name: row.accuracy
        for name, result in results.items()
        for row in result.table([score])
        if row.category == ALL and row.arm != METHOD
    }
    title = before.result.benchmark.title
    return Comparison(title, len(before.result.questions), score, tuple(rows), plain)


def method_of(arms: Iterable[Arm]) -> Arm:
    """The arm with visual prompts."""
    return next(arm for arm in arms if arm.name == METHOD)


def answers_of_another_model(model: Path, evaluation: EvaluationResult, warehouse: str) -> str | None:
    """A sentence where the warehouse has answers that are older than the model which is said to give them."""
    recipes = ", ".join(f"'{arm.recipe}'" for arm in evaluation.result.arms)
    found = open_warehouse(warehouse).query(
        f"SELECT min(answered_at) FROM predictions WHERE recipe IN ({recipes})"  # noqa: S608
    )
    ((oldest,),) = found.rows
    made = datetime.fromtimestamp((model / MARKER).stat().st_mtime, UTC)
    if oldest is None or oldest >= made:
        return None
    return (
        f"Answers after training: some are older than the model in {model}, so one that was in this folder "
        "before gave them. Take a new folder for each turn (loop.out)."
    )


def without_preferences(data: Path) -> str:
    """What to do where the data set has nothing to learn preferences from."""
    return (
        f"DPO: the data set has no preferences to train on. Let people choose (motionsight prefer {data}), "
        "then run this again: it goes on with DPO."
    )
