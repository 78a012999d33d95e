"""Replies scored by the three rules, each result worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from string import ascii_uppercase

import pytest

from motionsight_core.evaluation import Question, open_benchmark
from motionsight_core.evaluation.scores import RULES, is_right, outcomes
from tests.core.evaluation.examples import EXAMPLES


def asked(*options: str, answer: int | None = 0) -> Question:
    return Question("1", "a.mp4", "Which?", options, answer, "CM")


def scored(name: str, question: Question, reply: str | None) -> str:
    """The rules under which a reply is right, as "s", "o" and "a" for strict, official and authors."""
    benchmark = open_benchmark(name)
    return "".join(rule[0] for rule in RULES if is_right(benchmark, question, reply, rule))


@pytest.mark.parametrize(
    ("reply", "right_for_b"),
    [
        ("B", "soa"),
        ("B.", "soa"),
        ("(B)", "soa"),
        ("(B) It pans right", "soa"),
        ("**B**", "soa"),
        (" B\n", "soa"),
        ("b", "s"),  # the original compares capitals
        ("(b)", "s"),
        ("The answer is B", "sa"),
        ("The answer is B.", "sa"),
        ("Answer: (B)", "sa"),
        ("It pans right", "s"),
        ("It pans right.", "s"),
        ("Because it pans", "a"),  # the original takes the first letter: B
        ("Both of them", "a"),
        ("A or B", "a"),  # two letters; the first word is A
        ("A and B are wrong", "a"),
        ("B, not A", "oa"),  # two letters are no strict choice
        ("<think>A or C?</think>B", "soa"),
        ("<think>It could be B.</think>A", "a"),
        ("I cannot tell.", ""),
        ("I'm sorry, but I can't help with that. BBC", "a"),
        ("C", ""),
        ("", ""),
        ("   ", ""),
        (None, ""),
    ],
)
def test_replies_to_a_question_of_motionbench(reply: str | None, right_for_b: str) -> None:
    question = asked("It pans left", "It pans right", "It rests", answer=1)
    assert scored("motionbench", question, reply) == right_for_b


def test_a_letter_inside_another_word_is_right_for_the_authors_alone() -> None:
    question = asked("walks", "runs", "sits", answer=0)
    assert scored("motionbench", question, "A man walks, so C") == "a"
    assert scored("motionbench", question, "All of them sit: C") == "a"
    assert scored("motionbench", question, "A. walks") == "soa"


@pytest.mark.parametrize("count", [2, 26])
def test_as_many_letters_are_read_as_there_are_options(count: int) -> None:
    options = tuple(f"option {number}" for number in range(count))
    last = asked(*options, answer=count - 1)
    letter = ascii_uppercase[count - 1]
    for name in ("motionbench", "mvbench", "jsonl"):
        assert scored(name, last, letter) == "soa"
        assert scored(name, last, f"The answer is ({letter})") in ("sa", "soa")
    if count == 26:
        assert scored("motionbench", asked(*options, answer=8), "I think it rests.") == "a"
    if count == 2:
        assert scored("motionbench", last, "C") == ""


@pytest.mark.parametrize(
    ("reply", "right_for_the_first"),
    [
        ("pan left", "soa"),
        ("Pan left.", "soa"),
        ("The camera does pan left here", "oa"),
        ("pan left, then zoom in", "a"),  # the longer option; the original guards, the authors do not
        ("It will Pan Left, then Zoom In", "a"),
        ("A", "soa"),
        ("(a)", "soa"),
        ("The answer is A.", "soa"),
        ("B", "a"),  # a letter stands for its text, which holds the first's
        ("C", ""),
        ("static", ""),
        ("pan left or static", "a"),  # more than one option
        ("pan left, then zoom in; or just pan left", "a"),
        ("pan leftwards", "a"),  # inside a word
        ("It does not move", ""),
        ("<think>pan left?</think>static", "a"),
        (None, ""),
    ],
)
def test_replies_to_a_question_of_favor_whose_options_hold_one_another(
    reply: str | None, right_for_the_first: str
) -> None:
    question = asked("pan left", "Pan left, then zoom in", "static", answer=0)
    assert scored("favor", question, reply) == right_for_the_first


def test_a_number_inside_another_number_is_right_for_the_authors_alone() -> None:
    question = asked("1", "11", answer=0)
    assert scored("favor", question, "11") == "a"
    assert scored("favor", question, "1") == "soa"
    assert scored("favor", asked("11", "1", answer=0), "11 times") == "oa"


def test_the_longer_of_two_options_is_right_where_the_shorter_stands_in_it() -> None:
    question = asked("pan left, then zoom in", "pan left", answer=0)
    assert scored("favor", question, "pan left, then zoom in") == "soa"
    assert scored("favor", question, "pan left") == ""


def test_options_with_one_text_are_one_answer() -> None:
    question = asked("left", "left", "right", answer=0)
    assert scored("favor", question, "it goes left") == "oa"


@pytest.mark.parametrize(
    ("reply", "right_for_a"),
    [
        ("(A) Up.", "soa"),
        ("a.", "so"),
        ("A", "soa"),
        ("A man goes up", "a"),  # the article
        ("(", ""),  # right for every letter in the original
        (" ", ""),
        ("Up.", "s"),
        ("(B) Down.", ""),
    ],
)
def test_replies_to_a_question_of_mvbench(reply: str, right_for_a: str) -> None:
    assert scored("mvbench", asked("Up.", "Down."), reply) == right_for_a


def test_what_names_no_option_of_tomato_is_wrong_and_never_guessed() -> None:
    question = asked("Left.", "Right.")
    assert scored("tomato", question, "A: Left.") == "soa"
    assert scored("tomato", question, "Answer is: A") == "soa"
    assert scored("tomato", question, "it moves somewhere") == ""


@pytest.mark.parametrize(
    ("reply", "right_for_yes"),
    [
        ("Yes", "so"),
        ("yes, it does", "o"),
        ("No", ""),
        ("Yes, there is no shake", "o"),
        ("No. Or yes?", ""),
        ("It is not known; nothing to see", ""),
        ("A", "soa"),
        ("B", ""),
        ("<think>no?</think>Yes", "so"),
    ],
)
def test_replies_to_a_question_of_camerabench(reply: str, right_for_yes: str) -> None:
    assert scored("camerabench", asked("Yes", "No"), reply) == right_for_yes


@pytest.mark.parametrize("name", EXAMPLES)
def test_right_letters_are_right_by_all_rules_and_no_reply_by_none(name: str, tmp_path: Path) -> None:
    benchmark = open_benchmark(name)
    questions = benchmark.read(EXAMPLES[name](tmp_path)).questions
    letters = {one.question_id: ascii_uppercase[one.answer or 0] for one in questions}
    for rule in RULES:
        right = outcomes(benchmark, questions, letters, rule)
        assert all(one.is_right and one.is_answered for one in right)
        nothing = outcomes(benchmark, questions, {questions[0].question_id: None}, rule)
        assert not any(one.is_right or one.is_answered for one in nothing)
        assert [one.question_id for one in nothing] == [
            question.question_id for question in questions if question.answer is not None
        ]


def test_a_question_that_is_not_labelled_is_never_scored() -> None:
    for rule in RULES:
        assert is_right(open_benchmark("motionbench"), asked("x", "y", answer=None), "A", rule) is None


def test_a_submission_to_motionbench_holds_the_letters_of_unlabelled_questions_too(tmp_path: Path) -> None:
    benchmark = open_benchmark("motionbench")
    questions = benchmark.read(EXAMPLES["motionbench"](tmp_path)).questions
    replies = {"11": "The answer is B.", "12": "I cannot tell", "22": "(b)"}
    assert json.loads(benchmark.submission(questions, replies)) == {"11": "B", "22": "B"}


def test_a_submission_to_favor_is_what_its_own_script_adds_up(tmp_path: Path) -> None:
    benchmark = open_benchmark("favor")
    questions = benchmark.read(EXAMPLES["favor"](tmp_path)).questions
    written = benchmark.submission(questions, {"one.mp4#1": "A", "one.mp4#2": "running"})
    first, second = (json.loads(line) for line in written.decode().splitlines())
    assert first == {
        "one": [
            {"task_type": "CM", "correct_answer": "pan left", "output": "pan left", "judge": True},
            {"task_type": "AS", "correct_answer": "run", "output": "running", "judge": False},
        ]
    }
    assert second["two"] == [{"task_type": "SAD", "correct_answer": "1", "output": "", "judge": False}]
