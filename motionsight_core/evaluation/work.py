"""What an evaluation asks: questions of videos, by video and by clip, and the rows that come of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from string import ascii_uppercase

from motionsight_core.annotation import Answer
from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip
from motionsight_core.dialogue.replies import MAX_CHARACTERS
from motionsight_core.errors import ClipError, Truncated
from motionsight_core.evaluation.arms import Arm
from motionsight_core.evaluation.question import Question
from motionsight_core.record import Failure, FailureStage, PredictionRecord


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all parts of an evaluation's run share; plain values, so that they travel to any worker."""

    benchmark: str
    """Its name."""
    annotations: str
    """SHA-256 of its annotations."""
    arms: tuple[Arm, ...]
    run_id: str
    journal: str
    """Directory or prefix of the journal of replies."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, and the arms that are still to answer it."""

    question: Question
    arms: tuple[int, ...]
    """Positions in `Evaluation.arms`."""


@dataclass(frozen=True, slots=True)
class AskedVideo:
    """A video with questions about it, or about parts of it."""

    video: VideoObject
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True)
class AskedClip:
    """A clip with the questions about it, for arms that share its decode."""

    clip: Clip
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True)
class DecodedQuestions:
    """A decoded clip with the questions about it."""

    decoded: DecodedClip
    asked: AskedClip


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """Questions about a video that have no clip."""

    error: ClipError
    questions: tuple[AskedQuestion, ...]


def clips_of_video(
    asked: AskedVideo, duration_s: float, arms: Sequence[Arm]
) -> tuple[list[AskedClip], list[Unanswerable]]:
    """The clips that questions are about: one for each part of the video and each way to decode it.

    Args:
        asked: the video and its questions.
        duration_s: of the video.
        arms: of the evaluation.
    """
    end_s = round(duration_s, 3)
    clips: dict[tuple[Clip, str], list[AskedQuestion]] = defaultdict(list)
    outside: dict[float, list[AskedQuestion]] = defaultdict(list)
    for one in asked.questions:
        start_s = round(one.question.start_s or 0.0, 3)
        until_s = end_s if one.question.end_s is None else min(round(one.question.end_s, 3), end_s)
        if start_s >= until_s:
            outside[start_s].append(one)
            continue
        clip = Clip(asked.video.uri, asked.video.version, start_s, until_s)
        by_group: dict[str, list[int]] = defaultdict(list)
        for arm in one.arms:
            by_group[arms[arm].decode_key].append(arm)
        for group, members in by_group.items():
            clips[clip, group].append(AskedQuestion(one.question, tuple(members)))
    return (
        [AskedClip(clip, tuple(questions)) for (clip, _), questions in clips.items()],
        [
            Unanswerable(
                Truncated(f"The part asked about begins at {start_s} s; the video ends at {end_s} s."),
                tuple(questions),
            )
            for start_s, questions in outside.items()
        ],
    )


def failed_predictions(
    evaluation: Evaluation,
    questions: Sequence[AskedQuestion],
    video: VideoObject,
    error: ClipError,
    *,
    clip: Clip | None = None,
) -> list[PredictionRecord]:
    """Rows without a reply of questions about a video, or a clip of it, that cannot be shown."""
    return [
        prediction(evaluation, evaluation.arms[arm], one.question, video, error, clip=clip)
        for one in questions
        for arm in one.arms
    ]


def failures(
    evaluation: Evaluation,
    questions: Sequence[AskedQuestion],
    video: VideoObject,
    error: ClipError,
    *,
    stage: FailureStage,
    clip: Clip | None = None,
) -> list[Failure]:
    """Rows of `failures` of a video or clip: one for each recipe under which it is asked about."""
    recipes = {evaluation.arms[arm].recipe for one in questions for arm in one.arms}
    return [
        Failure.of(
            error,
            stage=stage,
            uri=video.uri,
            version=video.version,
            clip_id=clip.clip_id if clip else None,
            recipe=recipe,
            run_id=evaluation.run_id,
        )
        for recipe in sorted(recipes)
    ]


def prediction(
    evaluation: Evaluation,
    arm: Arm,
    question: Question,
    video: VideoObject,
    answer: Answer | ClipError,
    *,
    clip: Clip | None = None,
) -> PredictionRecord:
    """The row of one question's answer, or of why there is none."""
    reply = choice = error = None
    aspect = question.aspect
    if isinstance(answer, ClipError):
        error = answer.name
    else:
        reply, aspect = _storable(answer.reply), answer.aspect
        choice = None if answer.choice is None else ascii_uppercase[answer.choice]
    return PredictionRecord(
        benchmark=evaluation.benchmark,
        annotations=evaluation.annotations,
        question_id=question.question_id,
        recipe=arm.recipe,
        route=arm.route,
        uri=video.uri,
        version=video.version,
        clip_id=clip.clip_id if clip else None,
        category=question.category,
        aspect=aspect,
        reply=reply,
        choice=choice,
        error=error,
        run_id=evaluation.run_id,
        answered_at=datetime.now(UTC),
    )


def _storable(text: str) -> str:
    """A reply as it came, but for what no column can hold, and the end of one that ran away."""
    plain = text[:MAX_CHARACTERS].encode(errors="replace").decode()
    return plain.replace("\0", "\N{REPLACEMENT CHARACTER}")
