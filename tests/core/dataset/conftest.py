from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.dataset.rows import build, choose, fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """60 clips of two annotators with scores, fingerprints, instances, and choices of three people."""
    folder = tmp_path_factory.mktemp("filled")
    warehouse = open_warehouse(f"duckdb:{folder / 'motion.duckdb'}")
    fill(warehouse)
    choose(warehouse, build(warehouse, folder / "before"))
    return warehouse


@pytest.fixture(scope="session")
def data(filled: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of these, as cut clips; not to be changed."""
    folder = tmp_path_factory.mktemp("data") / "set"
    build(filled, folder)
    return folder
