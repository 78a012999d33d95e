"""Patterns of file names, in which `**` stands for any folders."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from motionsight_core.stores._patterns import RECURSIVE, NamePattern
from motionsight_core.stores._walk import walk


def matches(pattern: str) -> Iterator[str]:
    """Paths that a pattern matches, in no order; links that lead in a circle are followed once.

    As `glob.glob(pattern, recursive=True)`, which follows such links as often as the system lets it.
    """
    parts = PurePath(pattern).parts
    if RECURSIVE not in parts:
        yield from glob.iglob(pattern)  # noqa: PTH207 pathlib takes no absolute pattern
        return
    at = parts.index(RECURSIVE)
    below = NamePattern("/".join(parts[at:]))
    hidden = any(part.startswith(".") for part in parts[at:])
    root = str(Path(*parts[:at]))
    found: set[tuple[str, str]] = set()
    for base in sorted(glob.iglob(root)):  # noqa: PTH207
        if not Path(base).is_dir():
            continue
        for folder, _, names in walk(base, hidden=hidden):
            inside = PurePath(folder).relative_to(base).parts
            matching = [name for name in names if below.matches("/".join((*inside, name)))]
            # Two of the folders that the pattern begins with may lead to the same one.
            real = os.path.realpath(folder) if matching else ""
            for name in matching:
                if (real, name) not in found:
                    found.add((real, name))
                    yield str(Path(folder, name))
