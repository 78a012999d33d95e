"""CameraBench (arXiv 2504.15376), yes and no about the camera: the copy that lmms-eval reads.

Source of the rule: `lmms_eval/tasks/camerabench_vqa/utils.py` in EvolvingLMMs-Lab/lmms-eval; of the format:
the public script that uploads that copy, as `train.csv` made of a JSON list.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation._records import (
    Unusable,
    attempt,
    csv_records,
    json_records,
    text_of,
    video_name,
)
from motionsight_core.evaluation._replies import letter_alone, without_thoughts
from motionsight_core.evaluation.question import Question

OPTIONS = ("Yes", "No")
#: Two questions about two videos: each is to be affirmed of one of them.
GROUP = 4
_RIGHT = (0, 1, 1, 0)
"""Positions of the right answers by a question's place in its group, of which the file says nothing."""
_SAID = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


class CameraBench(Benchmark):
    """Yes and no about camera motion, in groups of four: two questions, each about the same two videos.

    A record is `{Index, Video, Question, Question_Type}`, in CSV, a JSON list or one a line. Of the indices
    4n to 4n + 3 the first and last are to be affirmed: question 0 of video 0, and question 1 of video 1. A
    field `Answer` that says otherwise is rejected. Scores over groups: `Acc`, `Q_Acc` (a question right of
    both videos), `I_Acc` (a video right in both questions) and `G_Acc` (all four).
    """

    name: ClassVar[str] = "camerabench"
    title: ClassVar[str] = "CameraBench"

    def described(self) -> str:
        return "train.csv, with the columns Index, Video, Question and Question_Type, or the same as JSON"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        read = csv_records if file.suffix.lower() == ".csv" else json_records
        for where, record in read(file):
            yield where, record if isinstance(record, Unusable) else attempt(_question, record)

    def official(self, question: Question, reply: str) -> bool:
        """Whether the first "yes" or "no" in the reply, as a word in any case, is the right one.

        Mended: a reply that is a letter alone stands for its option, since letters are asked for here; and
        thoughts in <think> are not read.
        """
        position = letter_alone(reply, question.options)
        if position is None:
            said = _SAID.search(without_thoughts(reply))
            position = None if said is None else OPTIONS.index(said[1].capitalize())
        return position is not None and position == question.answer

    def grouped(self, questions: Sequence[Question], right: Mapping[str, bool]) -> dict[str, float]:
        """`Acc`, `Q_Acc`, `I_Acc` and `G_Acc` over the groups of which all four questions are there."""
        groups: dict[str, dict[int, bool]] = defaultdict(dict)
        for question in questions:
            place = int(question.question_id) % GROUP
            groups[question.group][place] = right.get(question.question_id, False)
        full = [group for group in groups.values() if len(group) == GROUP]
        if not full:
            return {}
        of_question = [group[at] and group[at + 1] for group in full for at in (0, 2)]
        of_video = [group[at] and group[at + 2] for group in full for at in (0, 1)]
        return {
            "Acc": _share([one for group in full for one in group.values()]),
            "Q_Acc": _share(of_question),
            "I_Acc": _share(of_video),
            "G_Acc": _share([all(group.values()) for group in full]),
        }


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right)


def _question(record: dict[str, Any]) -> Question:
    index = text_of(record, "Index")
    if not (index.isascii() and index.isdigit() and len(index) < 10):
        raise Unusable(f"Its Index is {index!r:.40}, not a number from 0 on.")
    kind = text_of(record, "Question_Type", default="yes_no")
    if kind != "yes_no":
        raise Unusable(f"Its Question_Type is {kind!r:.40}; there is only yes_no.")
    number = int(index)
    answer = _RIGHT[number % GROUP]
    said = text_of(record, "Answer", default=OPTIONS[answer])
    if said.capitalize() != OPTIONS[answer]:
        raise Unusable(
            f"Its Answer is {said!r:.40}; by its place in its group of {GROUP} it is {OPTIONS[answer]}."
        )
    return Question(
        question_id=str(number),
        video=video_name(text_of(record, "Video")),
        text=text_of(record, "Question"),
        options=OPTIONS,
        answer=answer,
        category="Camera Motion",
        aspect="camera",
        kind="camera_motion",
        group=str(number // GROUP),
    )
