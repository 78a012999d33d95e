"""Patterns of whole words."""

from __future__ import annotations

import re


def phrases(*alternatives: str) -> re.Pattern[str]:
    """Any of some regular expressions, as whole words of a text in plain lower case."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")
