"""Walks a directory: linked folders are followed, and each real folder is visited once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import PurePath


def walk(
    root: str, *, hidden: bool = False, onerror: Callable[[OSError], object] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """As `os.walk` from the top down: a folder, the folders in it to visit, and the other names in it.

    Remove names from the list of folders, or sort it, to choose what is visited next. Links to folders are
    followed, but for those that lead back to a folder above, and those to a folder that is visited anyway.

    Args:
        root: the directory.
        hidden: whether folders whose name begins with a dot are visited too.
        onerror: called with the error of a folder that cannot be read, in whose place nothing comes.
    """
    folders_once = _FoldersOnce(os.path.realpath(root), hidden=hidden)
    for folder, folders, names in os.walk(root, onerror=onerror, followlinks=True):
        folders[:] = folders_once.to_visit(folder, folders)
        yield folder, folders, names


class _FoldersOnce:
    """Leaves out the links to folders that were, or will be, visited by another path."""

    def __init__(self, root: str, *, hidden: bool) -> None:
        self._root, self._hidden = root, hidden
        self._behind_links: dict[str, str] = {}
        """Paths of folders that are reached through a link, with their real paths."""
        self._visited: set[str] = set()
        """Real paths of these."""

    def to_visit(self, folder: str, names: list[str]) -> list[str]:
        """The names of folders in `folder` that are to be visited, in order."""
        here = self._behind_links.pop(folder, None)
        return [
            name
            for name in sorted(names, key=os.fsencode)
            if (self._hidden or not name.startswith(".")) and self._is_new(folder, name, here)
        ]

    def _is_new(self, folder: str, name: str, here: str | None) -> bool:
        path = os.path.join(folder, name)  # noqa: PTH118 names may be anything that the system takes
        is_link = os.path.islink(path)  # noqa: PTH114
        if here is None and not is_link:
            return True
        real = os.path.realpath(path)
        leads_back = is_link and _is_below(os.path.realpath(folder), real)
        if leads_back or real in self._visited or self._is_visited_without_links(real):
            return False
        self._visited.add(real)
        self._behind_links[path] = real
        return True

    def _is_visited_without_links(self, real: str) -> bool:
        if not _is_below(real, self._root):
            return False
        parts = PurePath(real).relative_to(self._root).parts
        return self._hidden or not any(part.startswith(".") for part in parts)


def _is_below(path: str, folder: str) -> bool:
    """Whether a real path is that of a folder or of something in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
