"""A question with its options, read: which of them are claims, and which are yes, no, none or both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Literal, TypeAlias

from motionsight_core.errors import UsageError

#: What an option says: something of its own, or something about the question or the other options.
Role: TypeAlias = Literal["claim", "yes", "no", "none", "both", "unknown"]

#: What is longer than this is no question; the rest is not read.
_MOST_CHARACTERS = 2000
_LABEL = re.compile(r"\s*(?:option\s+)?[(\[]?([a-z]|\d{1,2})[)\].:]\s+(?=\S)", re.IGNORECASE)
_YES_NO = re.compile(r"(yes|no|true|false|correct|incorrect)\b\s*(?:[,.;:!-]\s*(.*))?")
_YES = ("yes", "true", "correct")
#: "it does", "the camera does not": nothing but the yes or no again.
_ECHO = re.compile(
    r"(?:it|they|he|she|there|the \w+) (?:does|do|did|is|are|was|were|has|will)(?:n't| not)?(?: so)?"
)
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("none", re.compile(r"none of .*|neither(?: of .*)?|no correct (?:answer|option)|something else|other")),
    (
        "unknown",
        re.compile(
            r"(?:it )?(?:is )?(?:cannot|can't|can not|could not|(?:unable|hard|impossible) to) .*|"
            r"unknown|unclear|uncertain|undetermined|n/a|i (?:do not|don't) know|insufficient .*|"
            r"not (?:possible to .*|sure|clear|visible|mentioned|shown|enough .*|applicable|determinable)"
        ),
    ),
    (
        "both",
        re.compile(
            r"both(?: of (?:them|these|those|the above)| options?| (?:are|happen|occur)\b.*)?|"
            r"(?:both )?[(\[]?[a-e][)\]]? and [(\[]?[a-e][)\]]?|all of (?:the above|these|them)"
        ),
    ),
)
_NEGATED = re.compile(r"\b(?:not|never|except)\b|n't\b")


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain lower case, and what each of its options says."""

    text: str
    options: tuple[str, ...]
    """In plain lower case, without letters before them; of "yes, it pans left" only what it claims."""
    roles: tuple[Role, ...]

    @classmethod
    def read(cls, question: str, options: Sequence[str]) -> Question:
        """From the words of a question and its options, in any case, with or without letters before them.

        Raises:
            UsageError: there are fewer than 2 options, or more than there are letters.
        """
        if not 2 <= len(options) <= len(ascii_uppercase):
            raise UsageError(
                f"A multiple choice has 2 to {len(ascii_uppercase)} options, got {len(options)}."
            )
        read = [_role(plain(option)) for option in _without_labels(options)]
        return cls(plain(question), tuple(text for text, _ in read), tuple(role for _, role in read))

    @property
    def is_yes_no(self) -> bool:
        """Whether the question itself is the claim, to be affirmed or denied."""
        return "yes" in self.roles and "no" in self.roles and "claim" not in self.roles

    @property
    def is_negated(self) -> bool:
        """Whether the option is wanted that is not the case."""
        return not self.is_yes_no and bool(_NEGATED.search(self.text))

    @property
    def claims(self) -> tuple[str, ...]:
        """What can be true or false: the options that claim something, or the question of a yes or no."""
        if self.is_yes_no:
            return (self.text,)
        return tuple(option for option, role in zip(self.options, self.roles, strict=True) if role == "claim")


def letter(position: int) -> str:
    """A, B, C, ... of an option."""
    return ascii_uppercase[position]


def plain(text: str) -> str:
    """Lower case, plain apostrophes and single spaces, without quotation marks and a stop at the end."""
    text = (
        text[:_MOST_CHARACTERS]
        .casefold()
        .replace("\u2019", "'")
        .replace("\u2013", "-")
        .replace("\u2014", " - ")
    )
    return " ".join(re.sub(r"[\"\u201c\u201d*_`]", " ", text).split()).rstrip(".!? ")


def _without_labels(options: Sequence[str]) -> list[str]:
    """The options without "A.", "(b)" or "3)", where all of them have theirs, in order."""
    labels = [_LABEL.match(option) for option in options]
    found = [label[1].lower() for label in labels if label]
    expected = (list(ascii_lowercase[: len(options)]), [str(number + 1) for number in range(len(options))])
    if found not in expected:
        return list(options)
    return [option[label.end() :] for option, label in zip(options, labels, strict=True) if label]


def _role(option: str) -> tuple[str, Role]:
    """What an option claims, and its role."""
    answer = _YES_NO.fullmatch(option)
    if answer:
        rest = answer[2] or ""
        if not rest or _ECHO.fullmatch(rest):
            return option, "yes" if answer[1] in _YES else "no"
        return rest, "claim"
    for role, words in _ROLES:
        if words.fullmatch(option):
            return option, role
    return option, "claim"
