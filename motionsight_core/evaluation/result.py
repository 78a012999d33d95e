"""What came of an evaluation: the replies of each arm, and the table that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from motionsight_core.evaluation._base import Benchmark
from motionsight_core.evaluation.arms import Arm
from motionsight_core.evaluation.plan import KnownPredictions
from motionsight_core.evaluation.question import Question
from motionsight_core.evaluation.scores import RULES, Rule
from motionsight_core.evaluation.table import Row, table


@dataclass(frozen=True, slots=True)
class Result:
    """The answers of all arms to all questions."""

    benchmark: Benchmark
    questions: tuple[Question, ...]
    arms: tuple[Arm, ...]
    known: KnownPredictions

    def replies(self, arm: Arm) -> dict[str, str | None]:
        """An arm's replies by `question_id`; None where there is none."""
        found = ((one.question_id, self.known.get((one.question_id, *arm.key))) for one in self.questions)
        return {question_id: one.reply if one else None for question_id, one in found}

    def errors(self, arm: Arm) -> Counter[str]:
        """Why questions have no reply, by the error's name."""
        found = (self.known.get((one.question_id, *arm.key)) for one in self.questions)
        return Counter(one.error for one in found if one and one.error)

    def table(self, rules: Sequence[Rule] = RULES) -> list[Row]:
        """The rows of all arms by each rule, each against its baseline; empty where nothing is labelled."""
        replies = {arm.name: self.replies(arm) for arm in self.arms}
        return [row for rule in rules for row in self._rows(rule, replies)]

    def _rows(self, rule: Rule, replies: Mapping[str, Mapping[str, str | None]]) -> list[Row]:
        rows: dict[tuple[str, str], Row] = {}
        for baseline in dict.fromkeys(arm.baseline for arm in self.arms):
            compared = [arm.name for arm in self.arms if arm.baseline == baseline]
            names = [baseline, *compared] if baseline else compared
            for row in table(
                self.benchmark,
                self.questions,
                {name: replies[name] for name in names},
                rules=[rule],
                baseline=baseline,
            ):
                known = rows.get((row.arm, row.category))
                if known is None or row.difference is not None:
                    rows[row.arm, row.category] = row
        order = {arm.name: number for number, arm in enumerate(self.arms)}
        return sorted(rows.values(), key=lambda row: order[row.arm])

    def submission(self, arm: Arm) -> bytes:
        """The file that the benchmark takes in, with an arm's answers to all questions."""
        return self.benchmark.submission(self.questions, self.replies(arm))
