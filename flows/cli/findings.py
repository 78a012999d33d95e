"""What `motionsight doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How a check ended: its mark and colour."""

    GOOD = ("ok", "green")
    ABSENT = ("--", "yellow")
    BAD = ("!!", "red")


@dataclass(frozen=True, slots=True)
class Finding:
    state: State
    subject: str
    detail: str
