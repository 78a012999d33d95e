"""Markdown of cards: tables and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a head."""
    lines = [columns, ["---"] * len(columns), *(list(map(cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """A value as it stands in a table, whatever is in it."""
    text = f"{value:,}" if isinstance(value, int) else one_line(str(value))
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def one_line(text: str) -> str:
    """A text on one line, which closes no code."""
    return " ".join(text.split()).replace("`", "\u2019")


def counted(counts: Mapping[str, int]) -> str:
    """ "measured 12, openai:m 3", the most frequent first."""
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{cell(name)} {count:,}" for name, count in listed) or "none"


def plural(count: int, noun: str) -> str:
    """ "1 clip", "2 clips"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
