"""Questions and answers for supervised fine-tuning: from C_S, from what is ungraded, and from C_H as set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from motionsight_core.dataset.clips import Description, SelectedClip
from motionsight_core.dataset.grades import GRADES, Grade
from motionsight_core.dataset.hashing import digest
from motionsight_core.dataset.pairs import Pair
from motionsight_core.dataset.pools import Asked, is_asked_both, question
from motionsight_core.dataset.rows import ASPECTS, Aspect
from motionsight_core.settings import DatasetSettings


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a clip, and its answer."""

    clip: SelectedClip
    asked: Asked
    question: str
    answer: str
    grade: Grade
    """Of an answer made of two descriptions, the lower one."""
    score: float | None

    @property
    def question_id(self) -> str:
        """First 16 hex digits of sha256 over clip, recipe and what is asked."""
        return digest(self.clip.clip_id, self.clip.rows[0].recipe, self.asked)[:16]


def questions(
    clips: Sequence[SelectedClip], pairs: Sequence[Pair], settings: DatasetSettings
) -> list[Question]:
    """The questions of all clips, in their order: object, camera, and of some clips both at once."""
    paired: set[tuple[str, Aspect]] = {(pair.clip.clip_id, pair.aspect) for pair in pairs}
    asked: list[Question] = []
    for clip in clips:
        answers = [
            clip.described(aspect)[0] for aspect in ASPECTS if _is_asked(clip, aspect, paired, settings)
        ]
        asked += [_question(clip, answer.aspect, [answer], settings) for answer in answers]
        if len(answers) == len(ASPECTS) and is_asked_both(clip.clip_id, settings):
            asked.append(_question(clip, "mixed", answers, settings))
    return asked


def _is_asked(
    clip: SelectedClip, aspect: Aspect, paired: Collection[tuple[str, Aspect]], settings: DatasetSettings
) -> bool:
    if not clip.is_of_use(aspect):
        return False
    if clip.grades[aspect] != "high" or settings.high_in_sft == "all":
        return True
    return settings.high_in_sft == "unpaired" and (clip.clip_id, aspect) not in paired


def _question(
    clip: SelectedClip, asked: Asked, answers: Sequence[Description], settings: DatasetSettings
) -> Question:
    scores = [answer.score for answer in answers]
    grades: list[Grade] = [clip.grades[answer.aspect] for answer in answers]
    return Question(
        clip=clip,
        asked=asked,
        question=question(asked, clip.clip_id, settings),
        answer=" ".join(answer.text for answer in answers),
        grade=max(grades, key=GRADES.index),
        score=None if None in scores else min(score for score in scores if score is not None),
    )
