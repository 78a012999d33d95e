"""Where the rows are kept, and where people ask for them in SQL."""

from __future__ import annotations

from motionsight_core import DEFAULT_WAREHOUSE
from motionsight_core.errors import UsageError
from motionsight_core.warehouse._base import Answer, Known, Warehouse
from motionsight_core.warehouse._manifest import Manifest

__all__ = ["Answer", "Known", "Manifest", "Warehouse", "open_warehouse"]


def open_warehouse(url: str = DEFAULT_WAREHOUSE) -> Warehouse:
    """The warehouse at a URL; `duckdb:FILE` so far. Nothing is created before the first write.

    Raises:
        UsageError: the URL names no warehouse.
    """
    kind, separator, place = url.partition(":")
    if kind == "duckdb" and separator and place:
        from motionsight_core.warehouse._duckdb import DuckDBWarehouse

        return DuckDBWarehouse(place)
    raise UsageError(f"There is no warehouse {url!r}; give duckdb:FILE, for example {DEFAULT_WAREHOUSE}.")
