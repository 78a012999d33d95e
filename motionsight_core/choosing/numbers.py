"""Numbers in options: "3", "three times", "twice", "more than four", "5-6"."""

from __future__ import annotations

import re

from motionsight_core.choosing.decision import Fit

_NAMED = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_VALUES = {word: value for value, word in enumerate(_NAMED)} | {
    "once": 1, "twice": 2, "thrice": 3, "a single": 1, "a couple": 2, "a dozen": 12, "no": 0, "none": 0,
    "never": 0,
}  # fmt: skip
_NUMBER = rf"(?:\d+|{'|'.join(sorted(_VALUES, key=len, reverse=True))})"
_RANGE = re.compile(rf"(?:between |from )?\b({_NUMBER})\b\s*(?:-|to|and|or)\s*\b({_NUMBER})\b")
_MORE = re.compile(rf"\b(?:more than|over|above)\s+({_NUMBER})\b")
_LEAST = re.compile(
    rf"\bat least\s+({_NUMBER})\b|\b({_NUMBER})\b(?:\s+\w+)?\s+(?:or more|or above)|\b(\d+)\s*\+"
)
_LESS = re.compile(rf"\b(?:fewer|less) than\s+({_NUMBER})\b|\b(?:under|below)\s+({_NUMBER})\b")
_MOST = re.compile(rf"\b(?:at most|up to)\s+({_NUMBER})\b|\b({_NUMBER})\b(?:\s+\w+)?\s+(?:or (?:fewer|less))")
_PLAIN = re.compile(rf"(?<![\w.])({_NUMBER})(?![\w])(?!\.\d)")
_MANY = 10**9


def number_in(text: str) -> tuple[int, int] | None:
    """The least and the most that a text in plain lower case allows; None for no number or several."""
    for words, low, high in ((_MORE, 1, _MANY), (_LEAST, 0, _MANY), (_LESS, -_MANY, -1), (_MOST, -_MANY, 0)):
        if found := words.search(text):
            value = _value(next(group for group in found.groups() if group))
            return (value + low, _MANY) if high == _MANY else (0, value + high)
    if found := _RANGE.search(text):
        low, high = sorted((_value(found[1]), _value(found[2])))
        return low, high
    values = {_value(found[1]) for found in _PLAIN.finditer(text)}
    return (values.pop(),) * 2 if len(values) == 1 else None


def number_fit(text: str, count: int, *, off_by_one: float) -> Fit:
    """How well a number fits a count; `off_by_one` is the fit of the numbers beside it."""
    span = number_in(text)
    if span is None:
        return None
    low, high = span
    if low <= count <= high:
        return 1.0
    return off_by_one if low - 1 <= count <= high + 1 else 0.0


def _value(word: str) -> int:
    return int(word) if word.isdigit() else _VALUES[word]
