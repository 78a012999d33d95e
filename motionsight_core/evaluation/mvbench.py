"""MVBench (arXiv 2311.17005): a folder `json` with a file for each of its twenty tasks.

Source of the format and the rule: the evaluation notebook of the benchmark's authors
(`video_chat2/mvbench.ipynb` in OpenGVLab/Ask-Anything), and its copies in other public evaluations.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any, ClassVar

from motionsight_core.evaluation._folder import FolderBenchmark
from motionsight_core.evaluation._records import (
    Unusable,
    attempt,
    json_records,
    options_of,
    position_of_text,
    span_of,
    text_of,
    video_name,
)
from motionsight_core.evaluation._replies import leading_letter
from motionsight_core.evaluation.question import Question
from motionsight_core.questions.aspects import Aspect
from motionsight_core.questions.kinds import Kind

#: Task -> where its videos lie below the folder `video`, in the order of the notebook.
FOLDERS: dict[str, str] = {
    "Action Sequence": "star/Charades_v1_480",
    "Action Prediction": "star/Charades_v1_480",
    "Action Antonym": "ssv2_video",
    "Fine-grained Action": "Moments_in_Time_Raw/videos",
    "Unexpected Action": "FunQA_test/test",
    "Object Existence": "clevrer/video_validation",
    "Object Interaction": "star/Charades_v1_480",
    "Object Shuffle": "perception/videos",
    "Moving Direction": "clevrer/video_validation",
    "Action Localization": "sta/sta_video",
    "Scene Transition": "scene_qa/video",
    "Action Count": "perception/videos",
    "Moving Count": "clevrer/video_validation",
    "Moving Attribute": "clevrer/video_validation",
    "State Change": "perception/videos",
    "Fine-grained Pose": "nturgbd",
    "Character Order": "perception/videos",
    "Egocentric Navigation": "vlnqa",
    "Episodic Reasoning": "tvqa/frames_fps3_hq",
    "Counterfactual Inference": "clevrer/video_validation",
}
_ASPECTS: dict[str, Aspect] = {"Egocentric Navigation": "camera", "Scene Transition": "both"}
_KINDS: dict[str, Kind] = {"Action Sequence": "action_sequence", "Action Count": "repetition_count"}


class MVBench(FolderBenchmark):
    """Twenty tasks of 200 questions; the overall score is the share of all.

    A file is named after its task, such as `moving_direction.json`, and is a list of `{video, question,
    candidates, answer}`, the answer a candidate's text; some have `start` and `end`, seconds. A question gets
    `TASK#NUMBER` for an identifier. The videos of Episodic Reasoning are published as folders of frames,
    which are no videos: its questions fail unless there are files of these names.
    """

    name: ClassVar[str] = "mvbench"
    title: ClassVar[str] = "MVBench"
    categories: ClassVar[tuple[str, ...]] = tuple(FOLDERS)
    video_folders: ClassVar[tuple[str, ...]] = ("", "video")
    subfolder: ClassVar[str] = "json"

    def described(self) -> str:
        return "a JSON file for each task, such as json/action_sequence.json"

    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        task = _TASKS.get(file.stem, file.stem)
        for number, (where, record) in enumerate(json_records(file), start=1):
            is_broken = isinstance(record, Unusable)
            yield where, record if is_broken else attempt(_question, task, record, number)

    def official(self, question: Question, reply: str) -> bool:
        """Whether the reply begins with the right letter, in either case: "(B) ...", "b.", "B".

        Mended: the original asks whether one of the first word and "(b)" is a part of the other, so that an
        empty reply and a lone bracket are right for every letter, and the article "A" is for A; harnesses
        that divide by answered questions only are no part of it.
        """
        letter = leading_letter(reply).upper()
        return question.answer is not None and letter == ascii_uppercase[question.answer]


_TASKS = {task.lower().replace(" ", "_").replace("-", "_"): task for task in FOLDERS}


def _question(task: str, record: dict[str, Any], number: int) -> Question:
    options = options_of(record, "candidates")
    name = text_of(record, "video")
    start_s, end_s = span_of(record)
    return Question(
        question_id=f"{task}#{number}",
        video=video_name(f"{FOLDERS[task]}/{video_name(name)}" if task in FOLDERS else name),
        text=text_of(record, "question"),
        options=options,
        answer=position_of_text(text_of(record, "answer"), options),
        category=task,
        aspect=_ASPECTS.get(task, "object"),
        kind=_KINDS.get(task),
        start_s=start_s,
        end_s=end_s,
    )
