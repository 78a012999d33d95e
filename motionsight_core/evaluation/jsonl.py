"""Questions of one's own: a JSON object a line, with plain fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any, ClassVar, get_args

from motionsight_core.evaluation._base import Benchmark, chosen
from motionsight_core.evaluation._records import (
    Unusable,
    attempt,
    json_lines,
    options_of,
    position_of_letter,
    position_of_text,
    span_of,
    text_of,
    video_name,
)
from motionsight_core.evaluation.question import Question
from motionsight_core.questions.aspects import Aspect, aspect_by_words
from motionsight_core.questions.kinds import KINDS

FIELDS = (
    "id", "video", "question", "options", "answer", "category", "aspect", "kind", "start", "end", "group",
)  # fmt: skip
"""All fields of a line; `video`, `question` and `options` must be there, others are refused as misspelt."""

UNSORTED = "other"
"""The category of a question that is given none."""


class JsonLines(Benchmark):
    """Multiple-choice questions in the project's own form.

    `video` is a name below the folder of videos, `options` a list of 2 to 26 texts, and `answer` the right
    one's letter or text; without it the question is not scored. `id` is `line-NUMBER` unless it is given.
    `aspect` is object, camera or both, by the question's words unless it is given; `kind` is one of
    `questions.kinds`. `start` and `end` bound the part of the video that is asked about, seconds.
    """

    name: ClassVar[str] = "jsonl"
    title: ClassVar[str] = "a file of one's own"

    def described(self) -> str:
        return "a JSON object a line with `video`, `question`, `options` and `answer`"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        for number, line in json_lines(file):
            found = line if isinstance(line, Unusable) else attempt(_question, line, number)
            yield f"line {number}", found

    def official(self, question: Question, reply: str) -> bool:
        """Whether the reply chose the right option, read strictly: there is no rule besides."""
        return question.answer is not None and chosen(question, reply) == question.answer


def _question(line: dict[str, Any], number: int) -> Question:
    if misspelt := [field for field in line if field not in FIELDS]:
        raise Unusable(f"There is no field {misspelt[0]!r:.80}; there are {', '.join(FIELDS)}.")
    options = options_of(line, "options")
    answer = text_of(line, "answer", default="")
    text = text_of(line, "question")
    aspect = text_of(line, "aspect", default="") or aspect_by_words(text)
    if aspect not in get_args(Aspect):
        raise Unusable(f"Its aspect is {aspect!r}; there are {', '.join(get_args(Aspect))}.")
    kind = text_of(line, "kind", default="") or None
    if kind is not None and kind not in KINDS:
        raise Unusable(f"Its kind is {kind!r}; there are {', '.join(KINDS)}.")
    start_s, end_s = span_of(line)
    return Question(
        question_id=text_of(line, "id", default=f"line-{number}"),
        video=video_name(text_of(line, "video")),
        text=text,
        options=options,
        answer=_position(answer, options) if answer else None,
        category=text_of(line, "category", default="") or UNSORTED,
        aspect=aspect,  # pyrefly: ignore[bad-argument-type] checked above
        kind=kind,
        start_s=start_s,
        end_s=end_s,
        group=text_of(line, "group", default=""),
    )


def _position(answer: str, options: tuple[str, ...]) -> int:
    """A text is looked for first: an option that is a letter, such as a vitamin, is meant by itself."""
    if answer in options or not (len(answer) == 1 and answer.upper() in ascii_uppercase):
        return position_of_text(answer, options)
    return position_of_letter(answer, options)
