"""What the benchmarks' own rules look for in a reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_EMPHASIS = re.compile(r"[*_`]")
#: A letter at the very start, bare or in brackets, that is no word and no part of one.
_LEADING = re.compile(r"[(\[]?\s*([A-Za-z])(?![\w'])")
#: "A man", "I think".
_WORD = re.compile(r"[AaI] +[a-z]")
_ANSWER = re.compile(r"(?i:(?:the |my )?(?:final |best |correct )?answer\s*(?:is)?\s*:?)\s*")


def without_thoughts(reply: str) -> str:
    """A reply without what a model thinks aloud before it, and without marks of emphasis."""
    return _EMPHASIS.sub("", _THOUGHTS.sub("", reply)).strip()


def leading_letter(reply: str) -> str:
    """The letter that a reply begins with, as it is written; empty where it begins with a word."""
    said = without_thoughts(reply)
    found = _LEADING.match(said)
    return found[1] if found and not _WORD.match(said) else ""


def letter_alone(reply: str, options: Sequence[str]) -> int | None:
    """The option whose letter is all that a reply says: "b", "(B)", "The answer is B."; None of any other."""
    said = _ANSWER.sub("", without_thoughts(reply), count=1).strip(" ()[].,:;\n\t")
    position = ascii_uppercase.find(said.upper()) if len(said) == 1 else -1
    return position if 0 <= position < len(options) else None


def options_named(reply: str, options: Sequence[str]) -> set[int]:
    """The options whose texts stand in a reply as whole words, in any case.

    An option counts as named only where it is no part of a longer one that is: "pan left, then zoom in" does
    not name "pan left". Options with one text are named together.
    """
    said = plain(without_thoughts(reply))
    texts = [plain(option) for option in options]
    named: set[int] = set()
    for text in sorted(set(texts), key=len, reverse=True):
        found = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)") if text else None
        if found and found.search(said):
            said = found.sub("\0", said)
            named.update(position for position, one in enumerate(texts) if one == text)
    return named


def plain(text: str) -> str:
    """Lower case with single spaces, without marks of emphasis and a stop at the end."""
    return " ".join(_EMPHASIS.sub("", text).casefold().split()).rstrip(". ")
