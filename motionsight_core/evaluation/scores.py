"""From replies to right and wrong, by three rules that read the same replies.

- `strict`: the reply names one option, and it is the right one (`dialogue.choice_of`): a letter by itself,
  "the answer is B", or the text of an option and nothing else. Two letters, or none, are wrong.
- `official`: the benchmark's own rule, its defects mended (`Benchmark.official` says which).
- `authors`: the lenient rule behind the numbers that the MotionSight authors published
  (`Benchmark.authors`).

A question without a reply is wrong under each; one that is not labelled is never scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from motionsight_core.evaluation._base import Benchmark, chosen
from motionsight_core.evaluation.question import Question

Rule: TypeAlias = Literal["strict", "official", "authors"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one labelled question."""

    question_id: str
    video: str
    category: str
    is_answered: bool
    """Whether there is a reply, whatever it says."""
    is_right: bool


def is_right(benchmark: Benchmark, question: Question, reply: str | None, rule: Rule) -> bool | None:
    """Whether a reply is right by a rule; None of a question that is not labelled.

    Args:
        benchmark: whose question it is.
        question: the question.
        reply: the model's words; None where there are none, as after an error.
        rule: see the module.
    """
    if question.answer is None:
        return None
    if not _is_answered(reply):
        return False
    if rule == "strict":
        return chosen(question, reply) == question.answer
    return getattr(benchmark, rule)(question, reply)


def outcomes(
    benchmark: Benchmark, questions: Sequence[Question], replies: Mapping[str, str | None], rule: Rule
) -> tuple[Outcome, ...]:
    """What came of each labelled question, in their order.

    Args:
        benchmark: whose questions they are.
        questions: of its annotations, labelled or not.
        replies: by `question_id`.
        rule: see the module.
    """
    return tuple(
        Outcome(question.question_id, question.video, question.category, _is_answered(reply), right)
        for question in questions
        for reply in (replies.get(question.question_id),)
        if (right := is_right(benchmark, question, reply, rule)) is not None
    )


def _is_answered(reply: str | None) -> bool:
    return reply is not None and bool(reply.strip())
