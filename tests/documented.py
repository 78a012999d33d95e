"""The code blocks of the README, of the pages in docs/ and of the packages' docstrings."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
PACKAGES = ("motionsight_core", "transforms", "flows")
#: The changelog and the pages that are written from the code have none of their own.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True, slots=True)
class Block:
    """A code block, and where it stands."""

    place: str
    """A page or a package."""
    line: int
    language: str
    """Empty where it is not said."""
    title: str
    """The file that it is, on the pages that extend MotionSight; else empty."""
    text: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}"


def page_blocks() -> list[Block]:
    """The blocks of all pages, in order."""
    return [
        block
        for page in PAGES
        for block in _blocks(page.read_text(encoding="utf-8"), str(page.relative_to(ROOT)))
    ]


def docstring_blocks() -> list[Block]:
    """The examples with which the packages' docstrings begin: indented, all of them Python."""
    # Read, not imported: that would bring Beam and Prefect to every process that collects tests.
    return [
        block
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("__init__.py"))
        for block in _blocks(
            ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "",
            ".".join(path.parent.relative_to(ROOT).parts),
        )
    ]


def commands(script: str) -> Iterator[list[str]]:
    """The commands of a block of shell, each as its words.

    Comments, `&` at an end and the shell's own quoting are understood, and a pipeline is one command, see
    `piped`; nothing else of a shell is.
    """
    command = ""
    for line in script.splitlines():
        command += re.sub(r"(^|\s)#.*", "", line)
        if command.endswith("\\"):
            command = command.removesuffix("\\")
            continue
        try:
            words = shlex.split(command)
        except ValueError:  # a quotation that goes on
            command += "\n"
            continue
        command = ""
        yield from _between_semicolons(words)


def piped(words: list[str]) -> list[list[str]]:
    """The commands of a pipeline, the first one first."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _between_semicolons(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word != "&":
            part.append(word.removesuffix(";"))
        if word.endswith(";"):
            yield part
            part = []
    if part:
        yield part


def _blocks(text: str, place: str) -> Iterator[Block]:
    for token in MarkdownIt().parse(text):
        if token.type in ("fence", "code_block") and token.map is not None:
            language, _, title = token.info.strip().partition(" title=")
            yield Block(place, token.map[0] + 1, language, title.strip('"'), token.content)
