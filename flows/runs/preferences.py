"""Choices of people into the warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flows.runs.imported import commit_rows
from motionsight_core.preference import Choice
from motionsight_core.warehouse import PREFERENCES


def import_preferences(choices: Sequence[Choice], *, source: str, warehouse: str) -> None:
    """Write choices into the table `preferences`; of an annotator's choices of a pair the newest stays.

    Args:
        choices: those that stand.
        source: the data set's folder, for the table `runs`.
        warehouse: its URL.

    Raises:
        UsageError: there is no such warehouse.
        RunError: it cannot be reached or written.
    """
    commit_rows(
        PREFERENCES,
        [one.to_row() for one in choices],
        source=source,
        recipe="preferences",
        warehouse=warehouse,
        run_id=uuid.uuid4().hex,
    )
