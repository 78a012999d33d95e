"""Patterns of names, in a bucket and below a folder; they mean what they mean to `glob`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Set

_WILDCARD = re.compile(r"[*?[]")
#: Any number of folders, none included.
RECURSIVE = "**"


def is_pattern(name: str) -> bool:
    """Whether a name holds a wildcard: `*`, `?` or `[`."""
    return _WILDCARD.search(name) is not None


class NamePattern:
    """`*`, `?` and `[...]` within a part between slashes; `**` as a whole part for any number of folders.

    As in a folder, a wildcard does not match the dot at the beginning of a part.
    """

    def __init__(self, pattern: str) -> None:
        self.prefix = _WILDCARD.split(pattern, maxsplit=1)[0]
        """With what every name begins that matches."""
        self._parts = [
            None if part == RECURSIVE else (part, re.compile(fnmatch.translate(part)))
            for part in pattern.split("/")
        ]

    def matches(self, name: str) -> bool:
        """Whether the whole name matches."""
        reached: Set[int] = {0}  # how many parts of the pattern are used up, in each way to match so far
        for part in name.split("/"):
            reached = {after for before in self._skipping(reached) for after in self._after(before, part)}
        return len(self._parts) in self._skipping(reached)

    def _skipping(self, reached: Set[int]) -> set[int]:
        """Also where `**` matches nothing."""
        more = set(reached)
        for index, part in enumerate(self._parts):
            if part is None and index in more:
                more.add(index + 1)
        return more

    def _after(self, index: int, name: str) -> Set[int]:
        if index == len(self._parts):
            return set()
        part = self._parts[index]
        if part is None:
            return set() if name.startswith(".") else {index}
        text, expression = part
        hidden = name.startswith(".") and not text.startswith(".")
        return {index + 1} if not hidden and expression.match(name) else set()
