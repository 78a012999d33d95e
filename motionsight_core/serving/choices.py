"""The options that stand in a question's text, for the measurement to choose among.

Benchmarks put a multiple choice into one text, in lines such as `A. It pans left` or `(A) It pans left`, with
instructions before and after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPTION = re.compile(r"\s*(?:[(\[]([A-Za-z])[)\]][.:]?\s*|([A-Za-z])[).:]\s+)(\S.*)")
_HEADING = re.compile(r"\s*(?:options|choices|answers?|candidates)\s*:?\s*", re.IGNORECASE)
_QUESTION = re.compile(r"\s*(?:question|q)\s*:\s*", re.IGNORECASE)
_YES_OR_NO = re.compile(r"\W*['\"]?\byes\b['\"]?\s*(?:,|/|or|and)+\s*['\"]?\bno\b['\"]?", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Choices:
    """A multiple choice that was found in a text."""

    question: str
    """What is asked, without options and instructions as far as they can be told from it."""
    labels: tuple[str, ...]
    """How an option is to be named: its letter as it stands in the text, or Yes and No."""
    options: tuple[str, ...]
    """Texts of the options, without labels."""


def read_choices(text: str) -> Choices | None:
    """The multiple choice or the yes-or-no question in a text; None where there is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = _last_run(lines)
    if found is None:
        return _yes_or_no(text)
    start, labels, options = found
    before = lines[:start]
    while before and _HEADING.fullmatch(before[-1]):
        before.pop()
    return Choices(_asked(before), tuple(labels), tuple(options))


def _last_run(lines: list[str]) -> tuple[int, list[str], list[str]] | None:
    """Where the last run of options begins, with its labels and texts: two or more, from A on."""
    best: tuple[int, list[str], list[str]] | None = None
    start, labels, options = 0, list[str](), list[str]()
    for number, line in enumerate(lines):
        match = _OPTION.fullmatch(line)
        label = (match[1] or match[2]) if match else ""
        if label in ("A", "a"):
            start, labels, options = number, [], []
        elif not labels or label != chr(ord(labels[-1]) + 1):
            labels, options = [], []
            continue
        labels.append(label)
        options.append(match[3].strip() if match else "")
        if len(labels) > 1:
            best = (start, labels.copy(), options.copy())
    return best


def _asked(lines: list[str]) -> str:
    """The last line that asks; instructions stand before it, or there is but the question."""
    asking = [line for line in lines if "?" in line]
    return _QUESTION.sub("", asking[-1] if asking else "\n".join(lines), count=1).strip()


def _yes_or_no(text: str) -> Choices | None:
    if not _YES_OR_NO.search(text):
        return None
    sentences = [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]
    others = [sentence for sentence in sentences if not _YES_OR_NO.search(sentence)]
    if not others:
        others = [_YES_OR_NO.sub("", sentence) for sentence in sentences]
    return Choices(_asked(others), ("Yes", "No"), ("Yes", "No"))
