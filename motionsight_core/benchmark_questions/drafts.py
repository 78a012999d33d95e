"""Questions before their options have letters, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.dataset.hashing import digest

#: The steps that leave something out, in their order: a clip of which nothing is certain enough, a reply of a
#: model that cannot be read, a question of its that cannot be asked, one that is answered without the video.
Stage: TypeAlias = Literal["facts", "reply", "question", "blind"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question about a clip."""

    clip: SourceClip
    sort: str
    """What is asked of the clip, such as `camera_order`; of a model's question its number."""
    question: AskedQuestion
    writer: str
    """`measured`, or the model's name."""
    evidence: str = ""
    """What was measured."""

    @property
    def question_id(self) -> str:
        """First 16 hex digits of sha256 over clip, recipe, writer, sort and words."""
        one = self.question
        parts = (self.clip.clip_id, self.clip.recipe, self.writer, self.sort, one.text, *one.options)
        return digest(*parts)[:16]


@dataclass(frozen=True, slots=True)
class Drop:
    """A clip that is not asked about, or a question that is not asked."""

    clip: SourceClip
    stage: Stage
    reason: str
    """One sentence."""
    question_id: str = ""
    """Empty where a clip has no question."""
    question: str = ""
    """Its words."""
