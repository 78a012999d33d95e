"""Questions of a video become clips: the parts that are asked about."""

from __future__ import annotations

from motionsight_core.annotation import Answer
from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import Truncated
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.evaluation.question import Question
from motionsight_core.evaluation.work import (
    AskedQuestion,
    AskedVideo,
    Evaluation,
    clips_of_video,
    failures,
    prediction,
)
from motionsight_core.settings import Settings

VIDEO = VideoObject("/videos/a.mp4", "1-1")
ARMS = arms_of(Settings(annotator="openai:http://localhost:1/v1#model"), vary=["sampling.frames=4,8"])
EVALUATION = Evaluation("jsonl", "ab" * 32, ARMS, "run", "/replies")


def asked(name: str, start_s: float | None = None, end_s: float | None = None, *arms: int) -> AskedQuestion:
    return AskedQuestion(Question(name, "a.mp4", "?", start_s=start_s, end_s=end_s), arms or (0,))


def test_questions_about_one_part_share_a_clip_and_its_end_is_the_videos() -> None:
    questions = (
        asked("whole"),
        asked("to the end", 0.0, 99.0),
        asked("part", 1.0, 2.0),
        asked("same", 1.0, 2.0004),
    )
    clips, unanswerable = clips_of_video(AskedVideo(VIDEO, questions), 5.00049, ARMS)
    assert not unanswerable
    assert {
        (one.clip.start_s, one.clip.end_s): [q.question.question_id for q in one.questions] for one in clips
    } == {(0.0, 5.0): ["whole", "to the end"], (1.0, 2.0): ["part", "same"]}


def test_arms_that_decode_differently_get_clips_of_their_own() -> None:
    both = asked("q", None, None, *range(len(ARMS)))
    clips, _ = clips_of_video(AskedVideo(VIDEO, (both,)), 5.0, ARMS)
    assert [one.clip for one in clips] == [Clip(VIDEO.uri, VIDEO.version, 0.0, 5.0)] * 2
    assert sorted(arm for one in clips for q in one.questions for arm in q.arms) == [0, 1, 2, 3]
    for one in clips:
        (question,) = one.questions
        assert len({ARMS[arm].decode_key for arm in question.arms}) == 1


def test_a_part_that_begins_after_the_video_has_ended_has_no_clip() -> None:
    clips, (late,) = clips_of_video(AskedVideo(VIDEO, (asked("late", 6.0, 7.0), asked("whole"))), 5.0, ARMS)
    assert [q.question.question_id for one in clips for q in one.questions] == ["whole"]
    assert [q.question.question_id for q in late.questions] == ["late"]
    assert isinstance(late.error, Truncated)
    assert str(late.error) == "The part asked about begins at 6.0 s; the video ends at 5.0 s."


def test_a_failure_has_a_row_for_each_recipe_that_is_concerned() -> None:
    rows = failures(EVALUATION, [asked("q", None, None, 0, 1)], VIDEO, Truncated("short"), stage="plan")
    assert {row.recipe for row in rows} == {ARMS[0].recipe, ARMS[1].recipe}
    assert {(row.stage, row.error, row.clip_id) for row in rows} == {("plan", "Truncated", None)}


def test_a_reply_is_kept_as_it_came_but_for_what_no_column_holds() -> None:
    answer = Answer("?", "right", "camera", 1, reply="B\0 \ud800 " + "x" * 30_000)
    row = prediction(EVALUATION, ARMS[1], asked("q").question, VIDEO, answer)
    assert row.reply is not None
    assert row.reply.startswith("B\N{REPLACEMENT CHARACTER} ? x")
    assert len(row.reply) == 20_000
    assert (row.choice, row.aspect, row.error, row.route) == ("B", "camera", None, ARMS[1].route)
