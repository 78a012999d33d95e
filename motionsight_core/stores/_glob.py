"""Patterns of file names, in which `**` stands for any folders."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from motionsight_core.stores._walk import walk

_ANY_FOLDERS = "**"


def matches(pattern: str) -> Iterator[str]:
    """Paths that a pattern matches, in no order; links that lead in a circle are followed once.

    As `glob.glob(pattern, recursive=True)`, which follows such links as often as the system lets it.
    """
    parts = PurePath(pattern).parts
    if _ANY_FOLDERS not in parts:
        yield from glob.iglob(pattern)  # noqa: PTH207 pathlib takes no absolute pattern
        return
    at = parts.index(_ANY_FOLDERS)
    below = parts[at:]
    hidden = any(part.startswith(".") for part in below)
    root = str(Path(*parts[:at]))
    found: set[tuple[str, str]] = set()
    for base in sorted(glob.iglob(root)):  # noqa: PTH207
        if not Path(base).is_dir():
            continue
        for folder, _, names in walk(base, hidden=hidden):
            inside = PurePath(folder).relative_to(base).parts
            matching = [name for name in names if _is_match((*inside, name), below)]
            # Two of the folders that the pattern begins with may lead to the same one.
            real = os.path.realpath(folder) if matching else ""
            for name in matching:
                if (real, name) not in found:
                    found.add((real, name))
                    yield str(Path(folder, name))


def _is_match(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether a path's parts match a pattern's; a hidden part matches only what begins with a dot too."""
    if not patterns:
        return not parts
    first, rest = patterns[0], patterns[1:]
    if first == _ANY_FOLDERS:
        visible = next((at for at, part in enumerate(parts) if part.startswith(".")), len(parts))
        return any(_is_match(parts[at:], rest) for at in range(visible + 1))
    return (
        bool(parts)
        and (first.startswith(".") or not parts[0].startswith("."))
        and fnmatchcase(parts[0], first)
        and _is_match(parts[1:], rest)
    )
