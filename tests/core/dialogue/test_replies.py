"""Replies are data, whatever they hold."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("dog, cat and mouse", ["dog", "cat", "mouse"]),
        ("Dog, cat, and mouse.", ["dog", "cat", "mouse"]),
        ("a dog, the cat & two mice", ["dog", "cat", "mice"]),
        ("dog,cat", ["dog", "cat"]),
        ("dog; cat; mouse", ["dog", "cat", "mouse"]),
        ("dog\ncat", ["dog", "cat"]),
        ("dog/cat / mouse", ["dog", "cat", "mouse"]),
        ("dog and cat", ["dog", "cat"]),
        ("dog and cat and mouse", ["dog", "cat", "mouse"]),
        ("a black dog and a cat", ["black dog", "cat"]),
        ("the man and his dog", ["man", "dog"]),
        ("man and dog on a leash", ["man", "dog on a leash"]),
        ("man in a red shirt, woman with a hat", ["man in a red shirt", "woman with a hat"]),
        ("black cat, white dog and grey mouse", ["black cat", "white dog", "grey mouse"]),
        ("dog, salt and pepper shaker, and mouse", ["dog", "salt and pepper shaker", "mouse"]),
        # one thing
        ("salt and pepper shaker", ["salt and pepper shaker"]),
        ("black and white cat", ["black and white cat"]),
        ("a man with a hat and a cane", ["man with a hat and a cane"]),
        ("large, brown dog", ["large brown dog"]),
        ("a big, black dog", ["big black dog"]),
        ("car, red", ["red car"]),
        ("dog (brown, small)", ["dog brown small"]),
        ("man, wearing a red shirt", ["man wearing a red shirt"]),
        ("crowd of 1,000 people", ["crowd of 1 000 people"]),
        ("sandy beach", ["sandy beach"]),
        ("Andorra flag", ["andorra flag"]),
        ("24/7 sign", ["24 7 sign"]),
        ("red", ["red"]),
    ],
)
def test_a_name_that_lists_several_objects_is_several_names(said: str, meant: list[str]) -> None:
    as_one = json.dumps({"groups": [{"action": "moves", "objects": [said]}]})
    assert list(names_of(as_one)) == meant
    as_text = json.dumps({"groups": [{"action": "moves", "objects": said}]})
    assert list(names_of(as_text)) == meant


def test_a_long_list_as_one_name_keeps_all_its_names() -> None:
    listed = [f"thing number {word}" for word in ("one", "two", "three", "four", "five", "six")]
    assert names_of(json.dumps([{"objects": [", ".join(listed)]}])) == tuple(listed)


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
        "The answer is: B",
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
