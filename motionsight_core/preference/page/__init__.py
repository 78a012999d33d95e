"""The page's files: HTML, style and program, written by hand and complete in themselves."""

from __future__ import annotations

from importlib.resources import files


def page_text(name: str) -> str:
    """One of the page's files."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
