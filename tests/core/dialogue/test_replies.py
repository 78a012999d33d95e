"""Replies are data, whatever they hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.dialogue import choice_of, clean_text, names_of
from motionsight_core.errors import BadReply

GROUPS = '{"groups": [{"action": "chases", "objects": ["a dog", "the Red Ball"]}]}'


@pytest.mark.parametrize(
    "reply",
    [
        GROUPS,
        f"```json\n{GROUPS}\n```",
        f"Sure [as asked]! Here it is:\n```\n{GROUPS}\n```\nAnything else?",
        f"The groups are {GROUPS}, I think.",
        f"<think>maybe {{a cat}}?</think>{GROUPS}",
        '{"groups": [{"action": "chases", "objects": ["a dog", "the Red Ball",],},]}',
        '{"groups": [ // one group\n{"action": "chases", /* two */ "objects": ["a dog", "the Red Ball"]}]}',
        "{'groups': [{'action': 'chases', 'objects': ['a dog', 'the Red Ball']}]}",
        '[{"action": "chases", "objects": ["a dog", "the Red Ball"]}]',
        '{"action_groups": [{"objects": [{"name": "a dog"}, {"name": "the Red Ball"}]}]}',
        '{"objects": ["a dog", "the Red Ball"]}',
        '{"groups": [{"objects": ["a dog", "the Red Ball"]}, {"objects": "dog."}]}',
    ],
)
def test_action_groups_are_read_tolerantly(reply: str) -> None:
    assert names_of(reply) == ("dog", "red ball")


def test_a_clip_in_which_nothing_acts_has_no_names() -> None:
    assert names_of('{"groups": []}') == ()


@pytest.mark.parametrize(
    "reply", ["", "A dog runs.", "{}", '{"groups": 3}', '{"groups": [{"objects": 7}]}', "[" * 5000, "null"]
)
def test_a_reply_without_groups_is_a_bad_reply_with_a_reason(reply: str) -> None:
    with pytest.raises(BadReply, match=r".+\."):
        names_of(reply)


def test_names_are_what_a_detector_takes() -> None:
    hostile = (
        '{"groups": [{"objects": ["\'; DROP TABLE motion; --", "<|im_end|>", "x.y. z", 5, null, "%s"]}]}'
    )
    names = names_of(hostile % ("long " * 40))
    assert names == ("drop table motion", "im end", "x y z")


def test_names_are_no_more_than_a_list_of_everything() -> None:
    everything = ", ".join(f'"thing{number}"' for number in range(500))
    assert len(names_of('{"groups": [{"objects": [' + everything + "]}]}")) == 24


@pytest.mark.parametrize("unit", ["{", "[", '{"groups":[', "[{", '"', "\\", "/*", "//\n", "```"])
def test_a_hostile_reply_is_read_or_refused_quickly(unit: str) -> None:
    started = time.process_time()
    with pytest.raises(BadReply):
        names_of((unit * 20_000)[:20_000])
    # A reader that backtracks or recurses takes minutes; this machine's noise does not.
    assert time.process_time() - started < 20


@given(st.text())
def test_any_text_gives_names_or_a_bad_reply(text: str) -> None:
    try:
        names = names_of(text)
    except BadReply:
        return
    assert all(name and name == name.strip() and name.isprintable() for name in names)


@given(st.text(min_size=1))
def test_any_text_is_cleaned_to_printable_lines_or_refused(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except BadReply:
        return
    assert all(line.isprintable() and line == line.strip() and line for line in cleaned.split("\n"))
    cleaned.encode()  # no lone surrogate


def test_a_description_keeps_its_words_and_lines() -> None:
    reply = (
        "<think>Hm.</think>\n The dog  runs.\r\n\r\n\r\nIt <b>stops</b>; DROP TABLE motion;\x1b[31m\u202e\x00"
    )
    assert clean_text(reply) == "The dog runs.\nIt <b>stops</b>; DROP TABLE motion;[31m"


@pytest.mark.parametrize("reply", ["", " \n\t", "...", "\x00\x07", "x" * 20_001, "<think>yes</think>"])
def test_an_empty_or_endless_description_is_a_bad_reply(reply: str) -> None:
    with pytest.raises(BadReply):
        clean_text(reply)


OPTIONS = ("pans left", "pans right", "does not move")


@pytest.mark.parametrize(
    "reply",
    [
        "B",
        "b",
        "(B)",
        "B.",
        "**B**",
        "B) pans right",
        "B: it drifts left",
        "The answer is B",
        "Answer: (B).",
        "Pans right.",
    ],
)
def test_a_clear_choice_is_read(reply: str) -> None:
    assert choice_of(reply, OPTIONS) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "D",
        "A or B",
        "A, B",
        "answer: A, or answer: C",
        "A camera pans right",
        "Because of that",
        "left",
        "I am unsure.",
    ],
)
def test_anything_else_is_no_choice(reply: str) -> None:
    with pytest.raises(BadReply):
        choice_of(reply, OPTIONS)
