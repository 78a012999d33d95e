"""What is left to ask: questions that have no answer yet, their videos looked up, cut into shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, NoWarehouse, permanent_names
from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation.arms import Arm
from motionsight_core.evaluation.question import Question
from motionsight_core.evaluation.videos import ListedVideos
from motionsight_core.evaluation.work import (
    AskedQuestion,
    AskedVideo,
    Evaluation,
    failed_predictions,
    failures,
)
from motionsight_core.record import Failure, PredictionRecord
from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Known:
    """What the warehouse has of one question under one recipe and route."""

    reply: str | None
    error: str | None

    @property
    def is_final(self) -> bool:
        """Whether it need not be asked again: it has a reply, or would bring the same error."""
        return self.error is None or self.error in permanent_names()


#: By question_id, recipe and route.
KnownPredictions = dict[tuple[str, str, str], Known]


@dataclass(frozen=True, slots=True)
class QuestionShard:
    """The videos of one bounded pipeline and one commit, and the rows of questions that have no video."""

    index: int
    """From 0."""
    videos: tuple[AskedVideo, ...]
    predictions: tuple[PredictionRecord, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def answers(self) -> int:
        """How many predictions come of it."""
        return len(self.predictions) + sum(len(one.arms) for video in self.videos for one in video.questions)


def known_predictions(warehouse: Warehouse, evaluation: Evaluation) -> KnownPredictions:
    """What the warehouse has of an evaluation's arms.

    Raises:
        RunError: it cannot be asked.
    """
    # Names of benchmarks are checked when they are looked up; the others are hexadecimal.
    recipes = ", ".join(f"'{recipe}'" for recipe in sorted({arm.recipe for arm in evaluation.arms}))
    try:
        rows = warehouse.query(
            "SELECT question_id, recipe, route, reply, error FROM predictions "  # noqa: S608
            f"WHERE benchmark = '{evaluation.benchmark}' AND annotations = '{evaluation.annotations}' "
            f"AND recipe IN ({recipes})"
        ).rows
    except NoWarehouse:
        return {}
    return {(question, recipe, route): Known(reply, error) for question, recipe, route, reply, error in rows}


def left_to_ask(
    questions: Iterable[Question], arms: Sequence[Arm], known: KnownPredictions
) -> list[AskedQuestion]:
    """The questions that some arm is still to answer."""
    asked: list[AskedQuestion] = []
    for question in questions:
        open_arms = [
            number
            for number, arm in enumerate(arms)
            if not ((found := known.get((question.question_id, *arm.key))) and found.is_final)
        ]
        if open_arms:
            asked.append(AskedQuestion(question, tuple(open_arms)))
    return asked


def plan_shards(
    asked: Sequence[AskedQuestion],
    benchmark: Benchmark,
    evaluation: Evaluation,
    *,
    videos: str,
    stores: StoreSettings,
    shard_size: int,
) -> list[QuestionShard]:
    """The shards of an evaluation; the videos are listed once, and not where nothing is left to ask.

    Args:
        asked: what is left.
        benchmark: says where below the folder a video may lie.
        evaluation: whose questions they are.
        videos: folder or address of the benchmark's videos.
        stores: how a store is reached.
        shard_size: videos in a shard.

    Raises:
        UsageError: there is no such folder.
        RunError: it cannot be listed.
    """
    if not asked:
        return []
    by_name: dict[str, list[AskedQuestion]] = defaultdict(list)
    for one in asked:
        by_name[one.question.video].append(one)
    places = {name: benchmark.places(name) for name in by_name}
    listed = ListedVideos(videos, {place for found in places.values() for place in found}, stores)
    there: list[AskedVideo] = []
    predictions: list[PredictionRecord] = []
    failed: list[Failure] = []
    for name, questions in by_name.items():
        found = listed.find(places[name])
        if isinstance(found, ClipError):
            absent = VideoObject(listed.uri_of(name), "")
            predictions += failed_predictions(evaluation, questions, absent, found)
            failed += failures(evaluation, questions, absent, found, stage="list")
        else:
            there.append(AskedVideo(found, tuple(questions)))
    parts = [tuple(there[start : start + shard_size]) for start in range(0, len(there), shard_size)]
    shards = [QuestionShard(index, part) for index, part in enumerate(parts)]
    if predictions:
        shards.append(QuestionShard(len(shards), (), tuple(predictions), tuple(failed)))
    return shards
