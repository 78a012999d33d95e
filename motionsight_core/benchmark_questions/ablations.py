"""What can be answered without the motion: models that see the text alone, one frame, or shuffled frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from motionsight_core.evaluation import Question
from motionsight_core.evaluation.arms import NO_ROUTE, Arm, baseline_of
from motionsight_core.evaluation.result import Result
from motionsight_core.evaluation.scores import is_right
from motionsight_core.settings import ClipSettings, Settings, Shown

#: What a blind model is shown beside the text: nothing, the first frame, or all frames in a wrong order.
Ablation: TypeAlias = Literal["text", "first_frame", "shuffled_frames"]
ABLATIONS: tuple[Ablation, ...] = get_args(Ablation)
_SHOWN: dict[Ablation, Shown] = {"text": "none", "first_frame": "first", "shuffled_frames": "shuffled"}
_TOLD: dict[Ablation, str] = {
    "text": "by the text alone",
    "first_frame": "with the first frame alone",
    "shuffled_frames": "with shuffled frames",
}
#: Of all categories together.
ALL = "all"


@dataclass(frozen=True, slots=True)
class BlindAnswers:
    """What one model answered under one ablation."""

    model: str
    """As the column `annotator` calls it."""
    ablation: Ablation
    answered: frozenset[str]
    """By question_id; a reply that names no option is one."""
    right: frozenset[str]


@dataclass(frozen=True, slots=True)
class BlindScore:
    """How many questions a model answers rightly under an ablation."""

    model: str
    ablation: Ablation
    category: str
    """One of the categories, or `all`."""
    asked: int
    """Questions before any was dropped."""
    answered: int
    right: int
    kept: int
    """Of these the questions that were kept."""
    kept_right: int

    @property
    def accuracy(self) -> float:
        """0 to 1, of all that were asked."""
        return self.right / self.asked

    @property
    def kept_accuracy(self) -> float | None:
        """0 to 1, of those that were kept; None where none was."""
        return self.kept_right / self.kept if self.kept else None


def blind_arms(settings: Settings) -> tuple[Arm, ...]:
    """The arms of an evaluation, one for each ablation: the plain frames, without visual prompts."""
    plain = baseline_of(settings).model_copy(update={"clips": ClipSettings()})
    return tuple(
        Arm(ablation, plain.overridden([f"sampling.shown={_SHOWN[ablation]}"]), NO_ROUTE)
        for ablation in ABLATIONS
    )


def blind_answers(model: str, result: Result) -> list[BlindAnswers]:
    """What a model answered under each ablation; right by the rule `strict`."""
    found = []
    for arm, ablation in zip(result.arms, ABLATIONS, strict=True):
        replies = result.replies(arm)
        right = (
            one.question_id
            for one in result.questions
            if is_right(result.benchmark, one, replies[one.question_id], "strict")
        )
        answered = (name for name, reply in replies.items() if reply is not None)
        found.append(BlindAnswers(model, ablation, frozenset(answered), frozenset(right)))
    return found


def given_away(questions: Sequence[Question], answers: Sequence[BlindAnswers]) -> dict[str, str]:
    """Why questions are dropped, by question_id: under one ablation all models answer them rightly."""
    reasons: dict[str, str] = {}
    models = list(dict.fromkeys(one.model for one in answers))
    for ablation in ABLATIONS:
        under = [one.right for one in answers if one.ablation == ablation]
        if not under:
            continue
        who = models[0] if len(models) == 1 else f"Each of {', '.join(models)}"
        for name in frozenset.intersection(*under):
            reasons.setdefault(name, f"{who} answers it rightly {_TOLD[ablation]}.")
    return {one.question_id: reasons[one.question_id] for one in questions if one.question_id in reasons}


def blind_scores(
    questions: Sequence[Question], answers: Sequence[BlindAnswers], dropped: Mapping[str, str]
) -> Iterator[BlindScore]:
    """The accuracies of each model under each ablation, of all questions and by category."""
    categories = sorted({one.category for one in questions})
    for one in answers:
        for category in (ALL, *categories):
            asked = {q.question_id for q in questions if category in (ALL, q.category)}
            kept = asked - dropped.keys()
            yield BlindScore(
                model=one.model,
                ablation=one.ablation,
                category=category,
                asked=len(asked),
                answered=len(asked & one.answered),
                right=len(asked & one.right),
                kept=len(kept),
                kept_right=len(kept & one.right),
            )
