from tests.core.warehouse.conftest import stage, warehouse

__all__ = ["stage", "warehouse"]
