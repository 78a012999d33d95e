"""Controls of the whole machinery on rendered truth: what should be right is, and what should be chance is.

Ten scenes of a development seed here; `benchmarks/measured_answers.py --balanced` asks about many more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pytest

from motionsight_core import Answer, Asked, Clip, MotionSight, Query, Settings, clips_of
from motionsight_core.evaluation import Question, open_benchmark
from motionsight_core.evaluation.table import table
from motionsight_core.synthetic.questions import asked_scenes, question_lines, render_questions

BENCHMARK = open_benchmark("motionbench")


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    render_questions(folder, folder / "questions.jsonl", count=10, seed=7, width=320, height=180)
    return folder


@pytest.fixture(scope="module")
def camera_questions(videos: Path) -> list[Question]:
    questions = BENCHMARK.read(videos / "questions.jsonl").questions
    return [question for question in questions if question.aspect == "camera"]


def measured(videos: Path, questions: Sequence[Question], *overrides: str) -> dict[str, str | None]:
    """The replies of the measured annotator."""
    settings = Settings.load(environment={}, overrides=["naming.model=none", *overrides])
    clips: dict[str, Clip] = {}
    for question in questions:
        (clips[question.video],) = clips_of(str(videos / question.video), settings)
    asked = [Asked(clips[one.video], Query(one.text, one.options, one.aspect)) for one in questions]
    answers = MotionSight(settings).answers(asked)
    replies = (answer.reply if isinstance(answer, Answer) else None for answer in answers)
    return {question.question_id: reply for question, reply in zip(questions, replies, strict=True)}


def share_right(questions: Sequence[Question], replies: dict[str, str | None]) -> tuple[float, float]:
    """Of all questions the share that is right, and the share that has a reply."""
    rows = table(BENCHMARK, questions, {"method": replies}, rules=["strict"])
    (row,) = (row for row in rows if row.category == "all")
    return row.accuracy, row.answered / row.questions


@pytest.mark.long
def test_what_was_measured_answers_questions_about_the_camera_rightly(
    videos: Path, camera_questions: list[Question]
) -> None:
    assert len(camera_questions) >= 9
    right, answered = share_right(camera_questions, measured(videos, camera_questions))
    assert answered >= 0.9
    assert right / answered >= 0.97


@pytest.mark.long
def test_of_shuffled_frames_no_more_is_answered_rightly_than_by_chance(
    videos: Path, camera_questions: list[Question]
) -> None:
    replies = measured(videos, camera_questions, "sampling.shown=shuffled")
    right, _ = share_right(camera_questions, replies)
    assert right <= 0.35, "chance is a quarter"


def test_random_replies_are_right_in_one_of_four_by_every_rule(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = question_lines(asked_scenes(count=400, seed=7), seed=7)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    questions = BENCHMARK.read(file).questions
    drawn = np.random.default_rng(7).integers(4, size=len(questions))
    replies = {
        question.question_id: ascii_uppercase[letter]
        for question, letter in zip(questions, drawn, strict=True)
    }
    noise = 3 * (0.25 * 0.75 / len(questions)) ** 0.5
    rows = [row for row in table(BENCHMARK, questions, {"random": replies}) if row.category == "all"]
    assert [row.score for row in rows] == ["strict", "official", "authors"]
    for row in rows:
        assert row.accuracy == pytest.approx(0.25, abs=noise)
