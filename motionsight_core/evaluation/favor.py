"""FAVOR-Bench (arXiv 2503.14935), close-ended: `video_perspective.json`, videos with their questions.

Source of the format, the rule and the denominators: the benchmark's repository FAVOR-Bench/FAVOR-Bench
(`inference_qa_qwen.py`, `analyze_qa.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation._records import (
    Unusable,
    as_object,
    attempt,
    json_records,
    options_of,
    position_of_text,
    text_of,
    video_name,
)
from motionsight_core.evaluation._replies import letter_alone, options_named
from motionsight_core.evaluation.question import Question
from motionsight_core.questions.kinds import Kind

#: The six tasks, in the order of the paper's Table 3.
KINDS: dict[str, Kind] = {
    "AS": "action_sequence",
    "HAC": "holistic_action",
    "SAD": "single_action",
    "MAD": "multiple_actions",
    "CM": "camera_motion",
    "NSM": "non_subject_motion",
}
_VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi")


class FavorBench(Benchmark):
    """Six tasks about actions and the camera; scores are shares of 8,184 questions and of each task's.

    A record is `{video_name, questions[{question, options, correct_answer, task_type}]}`, the right answer
    its text. A question has no identifier of its own and gets `VIDEO#NUMBER`, its place among its video's.
    Models are asked for the option's text there and for its letter here: a reply that is a letter alone
    counts as the text of its option in all scores.
    """

    name: ClassVar[str] = "favor"
    title: ClassVar[str] = "FAVOR-Bench"
    categories: ClassVar[tuple[str, ...]] = tuple(KINDS)
    full_counts: ClassVar[Mapping[str, int]] = {
        "": 8184, "AS": 2637, "HAC": 1541, "SAD": 1662, "MAD": 1205, "CM": 1075, "NSM": 64,
    }  # fmt: skip
    video_folders: ClassVar[tuple[str, ...]] = ("", "videos/FAVOR-Bench", "FAVOR-Bench", "videos")

    def described(self) -> str:
        return "video_perspective.json, a list of videos with `questions`"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        seen: Counter[str] = Counter()
        for where, record in json_records(file):
            if isinstance(record, Unusable):
                yield where, record
                continue
            asked = record.get("questions")
            if not isinstance(asked, list) or not asked:
                yield where, Unusable("Its field 'questions' is not a list of questions.")
                continue
            for position, one in enumerate(asked, start=1):
                seen[str(record.get("video_name"))] += 1
                number = seen[str(record.get("video_name"))]
                yield f"question {position} of {where}", attempt(_question, record, one, number)

    def official(self, question: Question, reply: str) -> bool:
        """Whether the reply holds the right option's text, in any case, not that of a longer one around it.

        Mended: the original looks for longer options in one case only ("Pan left" in "then pan left" goes
        unseen), takes texts inside words ("run" in "running", "1" in "11"), and counts a reply that repeats
        all options as right; here the text stands as whole words and no other option's beside it.
        """
        letter = letter_alone(reply, question.options)
        named = options_named(reply, question.options) if letter is None else {letter}
        right = {at for at, text in enumerate(question.options) if text == _answer(question)}
        return bool(named) and named <= right

    def authors(self, question: Question, reply: str) -> bool:
        """Whether the right option's text stands anywhere in the reply, whatever stands around it.

        Source: eval/motionsight/eval_favorbench.py of the MotionSight authors' repository.
        """
        return _answer(question).lower() in _said(question, reply).lower()

    def submission(self, questions: Sequence[Question], replies: Mapping[str, str | None]) -> bytes:
        """The file that `analyze_qa.py` reads: a JSON object a line, with a video's questions and judgements.

        A question without a reply has an empty output, and is judged wrong.
        """
        videos: dict[str, list[dict[str, Any]]] = {}
        for question in questions:
            reply = replies.get(question.question_id) or ""
            output = _said(question, reply)
            judged = {
                "task_type": question.category,
                "correct_answer": _answer(question),
                "output": output,
                "judge": bool(reply) and self.official(question, reply),
            }
            videos.setdefault(PurePosixPath(question.video).stem, []).append(judged)
        lines = (json.dumps({video: judged}, ensure_ascii=False) for video, judged in videos.items())
        return "".join(f"{line}\n" for line in lines).encode()


def _question(record: dict[str, Any], asked: Any, number: int) -> Question:
    asked = as_object(asked)
    options = options_of(asked, "options")
    task = text_of(asked, "task_type")
    if task not in KINDS:
        raise Unusable(f"Its task_type is {task!r}; there are {', '.join(KINDS)}.")
    name = video_name(text_of(record, "video_name"))
    return Question(
        question_id=f"{name}#{number}",
        video=name if name.lower().endswith(_VIDEO_SUFFIXES) else f"{name}.mp4",
        text=text_of(asked, "question"),
        options=options,
        answer=position_of_text(text_of(asked, "correct_answer"), options),
        category=task,
        aspect="camera" if task == "CM" else "object",
        kind=KINDS[task],
    )


def _answer(question: Question) -> str:
    """The right option's text. All questions of this benchmark are labelled."""
    return "" if question.answer is None else question.options[question.answer]


def _said(question: Question, reply: str) -> str:
    """A reply as text: that of its option where it is a letter alone."""
    position = letter_alone(reply, question.options)
    return reply if position is None else question.options[position]
