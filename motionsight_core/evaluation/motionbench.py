"""MotionBench (arXiv 2501.02955): `video_info.meta.jsonl`, one video a line, with its questions.

Source of the format and of the rule: the benchmark's repository THUDM/MotionBench
(`README.md`, `motionbench/metrics/compute_accuracy.py`, `motionbench/utils/answer_util.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any, ClassVar

from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation._records import (
    Unusable,
    as_object,
    attempt,
    counted_options,
    json_lines,
    position_of_letter,
    text_of,
    video_name,
)
from motionsight_core.evaluation._replies import leading_letter
from motionsight_core.evaluation.question import Question
from motionsight_core.questions.kinds import Kind

#: The six kinds of questions, in the order of the paper's Table 2.
KINDS: dict[str, Kind] = {
    "Motion Recognition": "motion_recognition",
    "Location-related Motion": "location_motion",
    "Action Order": "action_order",
    "Repetition Count": "repetition_count",
    "Motion-related Objects": "motion_objects",
    "Camera Motion": "camera_motion",
}
UNLABELLED = "NA"
"""The answer of a question whose right one the benchmark keeps."""

_OPTION = re.compile(r"\s*\(?([A-Z])[.):]\s*(.*)", re.DOTALL)


class MotionBench(Benchmark):
    """Six kinds of questions about fine motion; the score is the share of right ones among the labelled.

    A line is `{question_type, video_path, qa[{uid, answer, question, start, end}]}`. The options are the last
    lines "A. ...", "B. ..." of `question`; an option may go on over further lines. The files are cut already,
    and the whole of one is asked about, by the benchmark's README and in the public evaluations of it:
    `start` and `end`, which are of the source, are not read.
    """

    name: ClassVar[str] = "motionbench"
    title: ClassVar[str] = "MotionBench"
    categories: ClassVar[tuple[str, ...]] = tuple(KINDS)
    video_folders: ClassVar[tuple[str, ...]] = ("public-dataset", "self-collected", "")

    def described(self) -> str:
        return "video_info.meta.jsonl, one video a line with its questions in `qa`"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        for number, line in json_lines(file):
            where = f"line {number}"
            if isinstance(line, Unusable):
                yield where, line
                continue
            asked = line.get("qa")
            if not isinstance(asked, list) or not asked:
                yield where, Unusable("Its field 'qa' is not a list of questions.")
                continue
            for position, one in enumerate(asked, start=1):
                place = where if len(asked) == 1 else f"question {position} of {where}"
                yield place, attempt(_question, line, one)

    def official(self, question: Question, reply: str) -> bool:
        """Whether the reply begins with the right letter, a capital: "B", "B.", "(B) ...".

        Mended: a word that begins with the letter ("Because" for B), the article "A", and thoughts in
        <think> count for it in the original. Mended around it: a video with two answered questions stops the
        original with an error, and unlabelled questions count as asked and answered.
        """
        return question.answer is not None and leading_letter(reply) == ascii_uppercase[question.answer]


def _question(line: dict[str, Any], asked: Any) -> Question:
    asked = as_object(asked)
    text, options = split_options(text_of(asked, "question"))
    answer = text_of(asked, "answer", default=UNLABELLED)
    category = text_of(line, "question_type")
    return Question(
        question_id=text_of(asked, "uid"),
        video=video_name(text_of(line, "video_path")),
        text=text,
        options=options,
        answer=None if answer in ("", UNLABELLED) else position_of_letter(answer, options),
        category=category,
        aspect="camera" if category == "Camera Motion" else "object",
        kind=KINDS.get(category),
    )


def split_options(text: str) -> tuple[str, tuple[str, ...]]:
    """A question's text and its options, which are its last lines "A. ...", "B. ...".

    Raises:
        Unusable: there are fewer than two, or one is empty.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    read = [_OPTION.fullmatch(line) for line in lines]
    starts = [at for at, option in enumerate(read) if option and option[1] == "A"]
    for start in reversed(starts):
        options = [""]
        for line, option in zip(lines[start:], read[start:], strict=True):
            if option and option[1] == ascii_uppercase[len(options) - 1 : len(options)]:
                options.append(option[2].strip())
            else:
                options[-1] = f"{options[-1]}\n{line.strip()}".strip()
        found = tuple(options[1:])
        if len(found) >= 2:
            if not all(found):
                raise Unusable("One of the options in its question is empty.")
            return "\n".join(line.strip() for line in lines[:start]).strip(), counted_options(found)
    raise Unusable('Its question has no lines "A. ..." and "B. ..." with options.')
