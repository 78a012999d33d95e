"""Numbered migrations: how a warehouse of an earlier version gets the tables of this one.

What a warehouse has had applied stands in its table `migrations(number, name, applied_at)`. A table is
made with all columns of today, so a migration that adds a column finds it there already in a new
warehouse; the views are made anew after the last one. A migration that was published is never changed;
what comes next gets the next number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.errors import RunError
from motionsight_core.warehouse.tables import (
    COMMITS,
    FAILURES,
    FINGERPRINTS,
    INSTANCES,
    MOTION,
    PARTITIONS,
    PREDICTIONS,
    PREFERENCES,
    RUNS,
    SCORES,
    SPLITS,
    Table,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next; each warehouse writes it in its own SQL."""

    number: int
    """From 1, without gaps."""
    name: str
    makes: tuple[Table, ...] = ()
    """Tables, where they are not there yet."""
    adds: tuple[tuple[Table, str], ...] = ()
    """Columns, each with its table, where they are not there yet."""


MIGRATIONS = (
    # Warehouses of before there were numbers have these tables, the oldest without the two columns.
    Migration(
        1,
        "motion, failures, runs, commits",
        makes=(MOTION, FAILURES, RUNS, COMMITS),
        adds=((MOTION, "camera_agreement"), (MOTION, "notes")),
    ),
    Migration(2, "splits", makes=(SPLITS,)),
    Migration(3, "partitions", makes=(PARTITIONS,)),
    Migration(4, "dialogue", adds=((MOTION, "dialogue"),)),
    Migration(5, "names and repetitions", adds=((MOTION, "track_names"), (MOTION, "repetitions"))),
    Migration(
        6,
        "dissolves and numbers of objects",
        adds=((MOTION, "dissolves"), (MOTION, "objects_at_once"), (MOTION, "objects_in_all")),
    ),
    Migration(7, "predictions and scores", makes=(PREDICTIONS, SCORES)),
    Migration(8, "fingerprints, instances, preferences", makes=(FINGERPRINTS, INSTANCES, PREFERENCES)),
    # No table changes: the views are made anew, and `object_tracks` has captions.
    Migration(9, "captions in object_tracks"),
)


def outstanding(number: int, *, url: str) -> Sequence[Migration]:
    """The migrations that a warehouse whose newest is `number` (0: none yet) still needs.

    Raises:
        RunError: the warehouse was made by a later version of the program.
    """
    newest = MIGRATIONS[-1].number
    if number > newest:
        raise RunError(
            f"The warehouse {url} was written by a later MotionSight (its schema is number {number}, this "
            f"one knows {newest}); update MotionSight."
        )
    return [migration for migration in MIGRATIONS if migration.number > number]
