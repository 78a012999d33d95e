"""Rows as Parquet parts, staged under names of their own."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse.staged_files import write_staged
from motionsight_core.warehouse.tables import Table


def write_part(directory: str, table: Table, rows: Sequence[dict[str, Any]], *, stores: StoreSettings) -> str:
    """Write rows of a table into a part that nobody else has the name of; returns its path.

    Raises:
        RunError: there is no room, or the bucket refuses the write.
    """
    path = f"{directory}/{table.name}-{uuid.uuid4().hex}.parquet"
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=table.schema), file, compression="zstd")
    write_staged(path, file.getvalue(), content_type="application/vnd.apache.parquet", stores=stores)
    return path
