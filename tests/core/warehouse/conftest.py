from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.warehouse.rows import Stage
from tests.warehouses import BigQueryServers


@pytest.fixture(params=["duckdb", "bigquery"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """Every warehouse in turn, with nothing in it yet."""
    if request.param == "duckdb":
        return open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    servers: BigQueryServers = request.getfixturevalue("bigquery")
    return open_warehouse(servers.new_warehouse())


@pytest.fixture
def stage(warehouse: Warehouse) -> Stage:
    return Stage(warehouse)
