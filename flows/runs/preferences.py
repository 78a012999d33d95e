"""Choices of people into the warehouse: one commit, which may be repeated."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.preference import Choice
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import PREFERENCES, Manifest, open_warehouse
from motionsight_core.warehouse.staged_files import write_staged
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
        path = f"{place.staging}/{run_id}/{PREFERENCES.name}.parquet"
        rows = pa.Table.from_pylist([one.to_row() for one in choices], schema=PREFERENCES.schema)
        file = io.BytesIO()
        pq.write_table(rows, file, compression="zstd")
        write_staged(
            path,
            file.getvalue(),
            content_type="application/vnd.apache.parquet",
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
            Manifest(
                attempt_id=uuid.uuid4().hex,
                run_id=run_id,
                recipe=_RECIPE,
                motion_files=(),
                failure_files=(),
                annotated=0,
                failed=0,
                skipped=0,
                preference_files=(path,),
            )
        )
        place.finish_run(run_id)
