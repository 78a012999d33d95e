from tests.core.warehouse.conftest import new_warehouse, stage, warehouse

__all__ = ["new_warehouse", "stage", "warehouse"]
