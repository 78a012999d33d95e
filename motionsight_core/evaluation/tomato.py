"""TOMATO (arXiv 2410.23266): a folder `data` with a file for each of its six kinds of temporal reasoning.

Source of the format and the rule: the benchmark's repository yale-nlp/TOMATO (`data/*.json`,
`src/evaluate.py`, `src/parse_result.py`, `src/get_categorized_score.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from motionsight_core.errors import UsageError
from motionsight_core.evaluation._base import chosen
from motionsight_core.evaluation._folder import FolderBenchmark
from motionsight_core.evaluation._records import (
    Unusable,
    as_object,
    attempt,
    json_document,
    options_of,
    text_of,
    video_name,
)
from motionsight_core.evaluation._replies import letter_alone
from motionsight_core.evaluation.question import Question
from motionsight_core.questions.aspects import aspect_by_words
from motionsight_core.questions.kinds import Kind

_KINDS: dict[str, Kind] = {"count": "repetition_count"}


class Tomato(FolderBenchmark):
    """Six kinds of temporal reasoning that one frame does not answer; scores are shares of the questions.

    A file is named after its kind and is an object `{ID: {question, options, answer, key,
    demonstration_type}}`, the answer a position from 0. The video is `demonstration_type/key.mp4` below
    `videos`. A question gets `KIND#ID` for an identifier: the numbers begin anew in every file. Whether it is
    about the camera is read from its words.
    """

    name: ClassVar[str] = "tomato"
    title: ClassVar[str] = "TOMATO"
    categories: ClassVar[tuple[str, ...]] = (
        "count", "direction", "rotation", "shape&trend", "velocity&frequency", "visual_cues",
    )  # fmt: skip
    video_folders: ClassVar[tuple[str, ...]] = ("videos", "")
    subfolder: ClassVar[str] = "data"

    def described(self) -> str:
        return "a JSON file for each kind of question, such as data/direction.json"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        document = json_document(file)
        if not isinstance(document, dict):
            raise UsageError(f"The annotations {file} are no JSON object of questions by their identifiers.")
        for identifier, record in document.items():
            yield f"question {identifier!r:.80}", attempt(_question, file.stem, identifier, record)

    def official(self, question: Question, reply: str) -> bool:
        """Whether the reply is the right letter ("A", "Answer is: (A)"), or chose its option read strictly.

        Mended: the original gives a reply that is more than a letter to GPT-4o mini, which is told to choose
        at random where it sees no option, and guesses at random itself in the end; here no model reads, and
        what names no option is wrong. "B: TEXT" is recognised there only where the text is in capitals.
        """
        letter = letter_alone(reply, question.options)
        position = chosen(question, reply) if letter is None else letter
        return position is not None and position == question.answer


def _question(kind: str, identifier: str, record: Any) -> Question:
    record = as_object(record)
    options = options_of(record, "options")
    text = text_of(record, "question")
    answer = record.get("answer")
    if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < len(options):
        raise Unusable(f"Its answer is {answer!r:.40}; positions are 0 to {len(options) - 1}.")
    return Question(
        question_id=f"{kind}#{identifier}",
        video=video_name(f"{text_of(record, 'demonstration_type')}/{text_of(record, 'key')}.mp4"),
        text=text,
        options=options,
        answer=answer,
        category=kind,
        aspect=aspect_by_words(text),
        kind=_KINDS.get(kind),
    )
