"""Numbered migrations: how a warehouse of an earlier version gets the tables of this one.

Each warehouse has its own list in its own SQL, in the same order and with the same names. What a
warehouse has had applied stands in its table `migrations(number, name, applied_at)`. A migration that
was published is never changed; what comes next gets the next number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.errors import RunError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next."""

    number: int
    """From 1, without gaps."""
    name: str
    sql: str
    """Statements, with a semicolon after each."""


def outstanding(migrations: Sequence[Migration], number: int, *, url: str) -> Sequence[Migration]:
    """The migrations that a warehouse whose newest is `number` (0: none yet) still needs.

    Raises:
        RunError: the warehouse was made by a later version of the program.
    """
    newest = migrations[-1].number
    if number > newest:
        raise RunError(
            f"The warehouse {url} was written by a later MotionSight (its schema is number {number}, this "
            f"one knows {newest}); update MotionSight."
        )
    return [migration for migration in migrations if migration.number > number]
