"""Rows that no pipeline made, such as people's choices, into the warehouse: one commit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, Table, open_warehouse
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staging import staging_area


def commit_rows(
    table: Table, rows: Sequence[dict[str, Any]], *, source: str, recipe: str, warehouse: str, run_id: str
) -> None:
    """Write rows into a table of which the newest row of a key stays; it may be repeated.

    Args:
        table: SCORES or PREFERENCES.
        rows: in its schema.
        source: where they are from, for the table `runs`.
        recipe: what the table `runs` calls such an import.
        warehouse: its URL.
        run_id: of this import.

    Raises:
        UsageError: there is no such warehouse.
        RunError: it cannot be reached or written.
    """
    place, settings = open_warehouse(warehouse), Settings()
    with staging_area(place.staging, run_id, stores=settings.stores):
        part = write_part(f"{place.staging}/{run_id}", table, rows, stores=settings.stores)
        place.start_run(
            RunRecord.begun(
                run_id,
                source=source,
                recipe=recipe,
                settings=settings.model_dump_json(),
                started_at=datetime.now(UTC),
            )
        )
        files = {f"{table.name.removesuffix('s')}_files": (part,)}
        place.commit(
            Manifest.without_clips(attempt_id=uuid.uuid4().hex, run_id=run_id, recipe=recipe, **files)
        )
        place.finish_run(run_id)
