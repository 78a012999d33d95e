from __future__ import annotations

from tests.core.warehouse.conftest import stage, warehouse
from tests.warehouses import bigquery, bigquery_session

__all__ = ["bigquery", "bigquery_session", "stage", "warehouse"]
