"""The result of an evaluation as rows, ready to be printed or written as CSV or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation.question import Question
from motionsight_core.evaluation.scores import RULES, Outcome, Rule, outcomes
from motionsight_core.evaluation.statistics import LEVEL, RESAMPLES, accuracies, differences


@dataclass(frozen=True, slots=True)
class Row:
    """One arm in one category by one rule."""

    arm: str
    """The arm's name, such as `method` or `baseline`."""
    score: Rule
    category: str
    """A category, `all`, `mean of categories`, or a score over groups of questions."""
    questions: int
    """The denominator."""
    answered: int
    """Questions with a reply."""
    right: int
    accuracy: float
    """0 to 1."""
    difference: float | None = None
    """Accuracy less the baseline's; None in the baseline's own rows and where there is none."""
    low: float | None = None
    """The 95 % interval of the difference, by bootstrap over videos."""
    high: float | None = None
    lacking: int = 0
    """Of `questions`, those that the official file has and this one lacks; they count as wrong."""

    def to_dict(self) -> dict[str, Any]:
        """The row by column."""
        return asdict(self)


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Row))


def table(
    benchmark: Benchmark,
    questions: Sequence[Question],
    arms: Mapping[str, Mapping[str, str | None]],
    *,
    rules: Sequence[Rule] = RULES,
    baseline: str | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> list[Row]:
    """Rows of every arm by every rule; empty where no question is labelled.

    Official denominators (`Benchmark.full_counts`) count for the rule `official` alone.

    Args:
        benchmark: whose questions they are.
        questions: of its annotations, labelled or not.
        arms: replies by `question_id`, by the arm's name; a missing reply is a wrong one.
        rules: which rules.
        baseline: the arm that the others are compared with; None for no comparison.
        resamples: see `statistics.differences`, like `level` and `seed`.

    Raises:
        ValueError: the baseline is no arm.
    """
    if baseline is not None and baseline not in arms:
        raise ValueError(f"the baseline {baseline!r} is none of the arms {', '.join(arms)}")
    rows: list[Row] = []
    for rule in rules:
        full = benchmark.full_counts if rule == "official" else {}
        found = {arm: outcomes(benchmark, questions, replies, rule) for arm, replies in arms.items()}
        for arm, mine in found.items():
            compared = {}
            if baseline is not None and arm != baseline:
                compared = {
                    one.category: (one.difference, one.low, one.high)
                    for one in differences(
                        mine,
                        found[baseline],
                        order=benchmark.categories,
                        full_counts=full,
                        resamples=resamples,
                        level=level,
                        seed=seed,
                    )
                }
            rows += (
                Row(
                    arm,
                    rule,
                    one.category,
                    one.questions,
                    one.answered,
                    one.right,
                    one.accuracy,
                    *compared.get(one.category, (None, None, None)),
                    lacking=one.lacking,
                )
                for one in accuracies(mine, order=benchmark.categories, full_counts=full)
            )
            rows += _grouped(benchmark, questions, arm, rule, mine)
    return rows


def _grouped(
    benchmark: Benchmark, questions: Sequence[Question], arm: str, rule: Rule, found: Sequence[Outcome]
) -> list[Row]:
    labelled = [question for question in questions if question.answer is not None]
    right = {one.question_id: one.is_right for one in found}
    answered, count = sum(one.is_answered for one in found), sum(right.values())
    return [
        Row(arm, rule, name, len(found), answered, count, score)
        for name, score in benchmark.grouped(labelled, right).items()
    ]
