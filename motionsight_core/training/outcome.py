"""What a training run came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: Called with the step, how many there are, and the mean loss since the last time.
Progress: TypeAlias = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Validation:
    """How a model does on rows that it does not learn from."""

    step: int
    """Of the optimizer."""
    steps: int
    """How many there will be."""
    loss: float
    """Mean over the rows; of SFT a row's is the mean over the tokens of its answer, of DPO that of eq. 6."""
    accuracy: float | None = None
    """DPO: share of the pairs whose chosen description has the higher reward."""
    margin: float | None = None
    """DPO: mean reward of the chosen description minus that of the rejected one. A reward is beta times how
    much more likely the model says a description than the reference does, as a natural logarithm."""

    @property
    def figures(self) -> dict[str, float]:
        """Those that there are, by their names in losses.jsonl."""
        named = {
            "validation_loss": self.loss,
            "validation_accuracy": self.accuracy,
            "validation_margin": self.margin,
        }
        return {name: figure for name, figure in named.items() if figure is not None}


#: Called with what a validation came to.
OnValidation: TypeAlias = Callable[[Validation], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A run that ended."""

    out: Path
    examples: int
    steps: int
    """Of the optimizer, those before an interruption included; 0 where the run was finished already."""
    losses: tuple[tuple[int, float], ...]
    """Steps, and the mean loss since the one before."""
    validations: tuple[Validation, ...]
    """In order of their steps."""
    resumed_from: int | None
    """The step of the checkpoint from which it went on."""
    was_finished: bool = False
    is_reporting: bool = True
    """Whether this process speaks for the run; of those that torchrun starts, one does."""
