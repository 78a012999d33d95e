"""What is left out of a data set, and why: nothing is lost in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from motionsight_core.dataset.rows import Row

#: The steps that leave something out, in their order.
Stage: TypeAlias = Literal[
    "version", "licence", "select", "contamination", "duplicate", "text", "grade", "media"
]
STAGES: tuple[Stage, ...] = (
    "version",
    "licence",
    "select",
    "contamination",
    "duplicate",
    "text",
    "grade",
    "media",
)


@dataclass(frozen=True, slots=True)
class Drop:
    """A row that is left out."""

    row: Row
    stage: Stage
    reason: str
    """One sentence."""
