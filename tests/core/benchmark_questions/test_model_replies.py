"""A model's reply is read strictly: what is no question with one right option is told, the rest is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.model_replies import questions_of
from motionsight_core.errors import BadReply

GOOD: dict[str, Any] = {
    "category": "Action Order",
    "question": "What does the dog do first?",
    "answer": "It sits down",
    "wrong": ["It runs", "It barks", "It turns round"],
}


def read(*asked: dict[str, Any], most: int = 3) -> list[AskedQuestion | BadReply]:
    return questions_of(json.dumps({"questions": list(asked)}), most=most)


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"questions": [GOOD]}),
        json.dumps([GOOD]),
        f"Here they are:\n```json\n{json.dumps({'questions': [GOOD]}, indent=2)}\n```\nI hope they help.",
        f'<think>{{"questions": [1]}}</think>{json.dumps({"questions": [GOOD]})}',
        json.dumps({"questions": [GOOD]}).replace('"category"', "category").replace("]}]}", "],}],}"),
    ],
    ids=["plain", "list", "fenced", "after thoughts", "damaged"],
)
def test_a_reply_is_read_however_it_is_wrapped(reply: str) -> None:
    (asked,) = questions_of(reply, most=3)
    assert asked == AskedQuestion(
        "Action Order",
        "What does the dog do first?",
        ("It sits down", "It runs", "It barks", "It turns round"),
        0,
    )


@pytest.mark.parametrize(
    "reply", ["", "I cannot help with that.", '{"answer": 1}', '{"questions": "none"}', "[1, 2]", "{" * 3000]
)
def test_a_reply_without_questions_is_a_bad_one(reply: str) -> None:
    with pytest.raises(BadReply):
        questions_of(reply, most=3)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"category": "Looks"}, "Its category 'Looks' is none of Motion Recognition"),
        ({"question": " "}, "Its question is empty"),
        ({"question": None}, "Its question is no text"),
        ({"question": "What? " * 80}, "more than 300 characters"),
        ({"answer": ["It sits down"]}, "Its answer is no text"),
        ({"wrong": ["It runs", "It barks"]}, "fewer than 3 wrong options"),
        ({"wrong": "It runs"}, "fewer than 3 wrong options"),
        ({"wrong": ["It runs", "It runs.", "It barks"]}, "Two of its options are the same"),
        ({"wrong": ["it SITS down!", "It runs", "It barks"]}, "Two of its options are the same"),
        ({"wrong": ["It runs", "It barks", "None of these"]}, "speaks of its own options"),
        ({"question": "What does the description say first?"}, "or of the descriptions"),
        ({"answer": "It sits down slowly and looks at the man who holds the ball"}, "so much longer"),
        ({"question": "Which is first: it sits down, or what?"}, "The question holds its right option"),
    ],
)
def test_what_is_no_question_with_one_right_option_is_told_and_the_others_are_kept(
    change: dict[str, Any], why: str
) -> None:
    broken, good = read(GOOD | change, GOOD)
    assert isinstance(good, AskedQuestion)
    assert isinstance(broken, BadReply)
    assert why in str(broken)


def test_a_question_that_comes_twice_or_beyond_what_was_asked_for_is_left_out() -> None:
    first, second, third = read(GOOD, GOOD | {"answer": "It lies down"}, GOOD | {"question": "Q?"}, most=2)
    assert isinstance(first, AskedQuestion)
    assert "asked twice" in str(second)
    assert "more than the 2" in str(third)


def test_texts_become_one_plain_line_without_letters_and_stops() -> None:
    changed = {
        "category": "action  order",
        "question": "What does\nthe dog\u202e do first?",
        "answer": "A. It sits\u0000 down.",
        "wrong": ["(B) It runs", "C) It barks", 3],
    }
    (asked,) = read(GOOD | changed)
    assert isinstance(asked, AskedQuestion)
    assert asked.category == "Action Order"
    assert asked.text == "What does the dog do first?"
    assert asked.options == ("It sits down", "It runs", "It barks", "3")
