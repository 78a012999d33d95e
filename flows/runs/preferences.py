"""Choices of people into the warehouse: one commit, which may be repeated."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from motionsight_core.preference import Choice
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import PREFERENCES, Manifest, open_warehouse
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staging import staging_area

#: What the column `recipe` of the table `runs` has for such a run.
_RECIPE = "preferences"


def import_preferences(
    choices: Sequence[Choice], *, source: str, warehouse: str, settings: Settings | None = None
) -> None:
    """Write choices into the table `preferences`; of an annotator's choices of a pair the newest stays.

    Args:
        choices: those that stand.
        source: the data set's folder, for the table `runs`.
        warehouse: its URL.
        settings: how its staging area is reached.

    Raises:
        UsageError: there is no such warehouse.
        RunError: it cannot be reached or written.
    """
    place, settings = open_warehouse(warehouse), settings or Settings()
    run_id = uuid.uuid4().hex
    with staging_area(place.staging, run_id, stores=settings.stores):
        part = write_part(
            f"{place.staging}/{run_id}",
            PREFERENCES,
            [one.to_row() for one in choices],
            stores=settings.stores,
        )
        place.start_run(
            RunRecord.begun(
                run_id,
                source=source,
                recipe=_RECIPE,
                settings=settings.model_dump_json(),
                started_at=datetime.now(UTC),
            )
        )
        place.commit(
            Manifest.without_clips(
                attempt_id=uuid.uuid4().hex, run_id=run_id, recipe=_RECIPE, preference_files=(part,)
            )
        )
        place.finish_run(run_id)
