"""What a training run came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: Called with the step, how many there are, and the mean loss since the last time.
Progress: TypeAlias = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A run that ended."""

    out: Path
    examples: int
    steps: int
    """Of the optimizer, those before an interruption included; 0 where the run was finished already."""
    losses: tuple[tuple[int, float], ...]
    """Steps, and the mean loss since the one before."""
    resumed_from: int | None
    """The step of the checkpoint from which it went on."""
    was_finished: bool = False
    is_reporting: bool = True
    """Whether this process speaks for the run; of those that torchrun starts, one does."""
