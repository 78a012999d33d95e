"""What of the sandbox is in force."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One wall of the sandbox."""

    name: str
    active: bool
    detail: str
    """What it takes away, or why it is not there."""


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """All walls of one decoding process."""

    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """A phrase for each wall that is not there."""
        return tuple(f"{part.name}: {part.detail}" for part in self.parts if not part.active)
