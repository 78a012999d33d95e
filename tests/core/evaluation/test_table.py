"""The rows of an evaluation."""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase

import pytest

from motionsight_core.evaluation import open_benchmark
from motionsight_core.evaluation.table import COLUMNS, Row, table
from tests.core.evaluation.examples import EXAMPLES


def by_name(rows: list[Row]) -> dict[tuple[str, str, str], Row]:
    return {(row.arm, row.score, row.category): row for row in rows}


def test_every_arm_and_rule_has_a_row_for_each_category_and_both_averages(tmp_path: Path) -> None:
    benchmark = open_benchmark("motionbench")
    questions = benchmark.read(EXAMPLES["motionbench"](tmp_path)).questions
    arms = {
        "method": {"11": "B", "12": "A", "21": "The answer is C"},
        "baseline": {"11": "A", "12": None, "21": "c", "22": "A"},
    }
    rows = by_name(table(benchmark, questions, arms, baseline="baseline"))
    assert len(rows) == 2 * 3 * 4
    total = rows["method", "strict", "all"]
    assert (total.questions, total.answered, total.right, total.accuracy) == (3, 3, 3, 1.0)
    assert total.difference == pytest.approx(2 / 3)
    official = rows["method", "official", "all"]
    assert (official.right, official.accuracy) == (2, pytest.approx(2 / 3))
    assert rows["method", "official", "mean of categories"].accuracy == 0.5
    plain = rows["baseline", "strict", "all"]
    assert (plain.questions, plain.answered, plain.right, plain.difference) == (3, 2, 1, None)
    assert tuple(total.to_dict()) == COLUMNS


def test_the_official_denominators_of_favor_count_for_the_official_rule_alone(tmp_path: Path) -> None:
    benchmark = open_benchmark("favor")
    questions = benchmark.read(EXAMPLES["favor"](tmp_path)).questions
    rows = by_name(table(benchmark, questions, {"method": {one.question_id: "A" for one in questions}}))
    assert rows["method", "strict", "all"].accuracy == 1.0
    total = rows["method", "official", "all"]
    assert (total.questions, total.lacking, total.right) == (8184, 8181, 3)
    assert total.accuracy == 3 / 8184
    assert rows["method", "official", "CM"].accuracy == 1 / 1075


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        # Right are A, B, B, A: yes to question 0 of video 0, and to question 1 of video 1.
        ("ABBA", {"Acc": 1.0, "Q_Acc": 1.0, "I_Acc": 1.0, "G_Acc": 1.0}),
        ("AAAA", {"Acc": 0.5, "Q_Acc": 0.0, "I_Acc": 0.0, "G_Acc": 0.0}),
        ("ABAA", {"Acc": 0.75, "Q_Acc": 0.5, "I_Acc": 0.5, "G_Acc": 0.0}),
        ("ABxx", {"Acc": 0.5, "Q_Acc": 0.5, "I_Acc": 0.0, "G_Acc": 0.0}),
        ("AxBx", {"Acc": 0.5, "Q_Acc": 0.0, "I_Acc": 0.5, "G_Acc": 0.0}),
    ],
)
def test_the_scores_of_camerabench_over_groups_of_four(
    tmp_path: Path, letters: str, expected: dict[str, float]
) -> None:
    benchmark = open_benchmark("camerabench")
    questions = benchmark.read(EXAMPLES["camerabench"](tmp_path)).questions
    replies = {str(index): letter for index, letter in enumerate(letters)}
    rows = by_name(table(benchmark, questions, {"method": replies}, rules=("official",)))
    assert {name: rows["method", "official", name].accuracy for name in expected} == expected


def test_a_group_of_which_a_question_is_missing_has_no_group_score(tmp_path: Path) -> None:
    benchmark = open_benchmark("camerabench")
    questions = benchmark.read(EXAMPLES["camerabench"](tmp_path)).questions[:3]
    assert benchmark.grouped(questions, {"0": True}) == {}


def test_a_baseline_that_is_no_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline"):
        table(open_benchmark("jsonl"), [], {"method": {}}, baseline="plain")


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_equal_arms_differ_by_nothing(name: str, tmp_path: Path) -> None:
    benchmark = open_benchmark(name)
    questions = benchmark.read(EXAMPLES[name](tmp_path)).questions
    replies = {one.question_id: ascii_uppercase[0] for one in questions}
    rows = table(benchmark, questions, {"one": replies, "other": replies}, baseline="other", resamples=50)
    compared = [row for row in rows if row.difference is not None]
    assert compared
    assert all(row.difference == 0 and (row.low or 0) == 0 == (row.high or 0) for row in compared)
