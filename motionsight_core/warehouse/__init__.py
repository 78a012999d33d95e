"""Where the rows are kept, and where people ask for them in SQL.

    from motionsight_core.warehouse import open_warehouse

    answer = open_warehouse("duckdb:motionsight.duckdb").query("SELECT uri, camera_motion FROM latest_motion")
    print(answer.columns, answer.rows)

Each is a `Warehouse`; `open_warehouse` says which URLs there are.
"""

from __future__ import annotations

from motionsight_core import DEFAULT_WAREHOUSE
from motionsight_core.errors import UsageError
from motionsight_core.warehouse._base import Answer, Known, Warehouse
from motionsight_core.warehouse._manifest import Manifest

__all__ = ["Answer", "Known", "Manifest", "Warehouse", "open_warehouse"]


def open_warehouse(url: str = DEFAULT_WAREHOUSE) -> Warehouse:
    """The warehouse at a URL. Nothing is created, and nobody asked, before the first use.

    - `duckdb:FILE`: a file on this machine, for one writing process at a time.
    - `bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX`: a dataset, for many writers. Options:
      `staging`, where runs stage (or MOTIONSIGHT_STAGING; needed for writing), `location`, the region
      in which the dataset is made, and `max_gb`, what one query may read (100).

    Raises:
        UsageError: the URL names no warehouse.
        RunError: what the warehouse needs is not installed.
    """
    kind, separator, place = url.partition(":")
    if kind == "duckdb" and separator and place:
        from motionsight_core.warehouse._duckdb import DuckDBWarehouse

        return DuckDBWarehouse(place)
    if kind == "bigquery" and separator and place:
        from motionsight_core.warehouse._bigquery import BigQueryWarehouse

        return BigQueryWarehouse(url)
    raise UsageError(
        f"There is no warehouse {url!r}; give duckdb:FILE, for example {DEFAULT_WAREHOUSE}, or "
        "bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX."
    )
