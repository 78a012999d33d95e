"""The reference of the Python API: the names that docs/api.md promises, each with its docstring."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

#: A row of a table in docs/api.md: the name that it promises.
_ROW = re.compile(r"(?<=^\| )`((?:motionsight_core|transforms|flows)(?:\.\w+)+)`", re.MULTILINE)
_PAGE = Path(__file__).with_name("api.md")


def promised_names() -> list[str]:
    """The dotted names of docs/api.md, in its order."""
    return _ROW.findall(_PAGE.read_text(encoding="utf-8"))


def package_reference(package: str) -> str:
    """A page in mkdocstrings' Markdown: what the package is for, and its promised names."""
    parts = [
        f"# {package}\n",
        f"::: {package}\n    options:\n      members: []\n      show_root_heading: false\n",
    ]
    parts += [f"::: {name}\n" for name in promised_names() if name.startswith(f"{package}.")]
    return "\n".join(parts)


def with_links(page: str, markdown: str) -> str:
    """docs/api.md with each of its names leading to its entry in the reference."""
    return _ROW.sub(r"[`\1`][\1]", markdown) if page == _PAGE.name else markdown


def resolved(name: str) -> object:
    """What a dotted name stands for.

    Raises:
        ImportError, AttributeError: nothing.
    """
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)
