"""Where the rows are kept, and where people ask for them in SQL.

    from motionsight_core.warehouse import open_warehouse

    answer = open_warehouse("duckdb:motionsight.duckdb").query("SELECT uri, camera_motion FROM latest_motion")
    print(answer.columns, answer.rows)

Each is a `Warehouse`; `open_warehouse` says which URLs there are.
"""

from __future__ import annotations

from motionsight_core.backends import WAREHOUSES
from motionsight_core.environment import DEFAULT_WAREHOUSE
from motionsight_core.errors import UsageError
from motionsight_core.warehouse._base import Answer, Known, Warehouse, in_batches
from motionsight_core.warehouse._manifest import Manifest
from motionsight_core.warehouse.tables import (
    FAILURES,
    FINGERPRINTS,
    INSTANCES,
    MOTION,
    PREDICTIONS,
    PREFERENCES,
    SCORES,
    SPLITS,
    Table,
)

__all__ = [
    "FAILURES",
    "FINGERPRINTS",
    "INSTANCES",
    "MOTION",
    "PREDICTIONS",
    "PREFERENCES",
    "SCORES",
    "SPLITS",
    "Answer",
    "Known",
    "Manifest",
    "Table",
    "Warehouse",
    "in_batches",
    "open_warehouse",
]


def open_warehouse(url: str = DEFAULT_WAREHOUSE) -> Warehouse:
    """The warehouse at a URL. Nothing is created, and no server is asked, before the first use.

    Other packages' are of the form `NAME:PLACE`. Ours:

    - `duckdb:FILE`: a file on this machine, for one writing process at a time.
    - `bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX`: a dataset, for many writers. Options:
      `staging`, where runs stage (or MOTIONSIGHT_STAGING; needed for writing), `location`, the region
      in which the dataset is made, and `max_gb`, what one query may read (100).

    Raises:
        UsageError: the URL names no warehouse, or the package that registers it cannot be imported.
        RunError: what the warehouse needs is not installed.
    """
    found = WAREHOUSES.split(url)
    if found is None:
        duckdb, *names = WAREHOUSES.usages()
        *known, last = f"{duckdb}, for example {DEFAULT_WAREHOUSE}", *names
        raise UsageError(f"There is no warehouse {url!r}; give {', '.join(known)}, or {last}.")
    kind, place = found
    return WAREHOUSES.load(kind)(place)
