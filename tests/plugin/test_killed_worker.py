"""A backfill on a real Prefect server whose worker is killed.

A file of its own: the worker that other tests share would take its runs up.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from motionsight_core.warehouse import open_warehouse
from tests.plugin.serving import Server, descendants, until, worked


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_backfill_whose_worker_is_killed_ends_with_every_partition_done_once(
    server: Server, catalog: Path, place: Path
) -> None:
    for copy in range(12):
        shutil.copy(next(catalog.glob("[a-y]*.mp4")), catalog / f"copy_{copy:02d}.mp4")
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    chosen = {"source": str(catalog), "warehouse": warehouse, "partitions": 3}

    def states() -> list[str]:
        return [record[0] for record in open_warehouse(warehouse).query("SELECT state FROM partitions").rows]

    with worked(server, "motionsight", place) as worker:
        first = server.begin("backfill-catalog/backfill", **chosen, concurrency=1)
        until(lambda: Path(warehouse.removeprefix("duckdb:")).exists() and states().count("done") >= 1,
              what=lambda: str(server.log(first)))  # fmt: skip
        server.patch("/work_pools/motionsight", is_paused=True)
        for pid in (worker.pid, *descendants(worker.pid)):
            os.kill(pid, signal.SIGKILL)
    assert states().count("done") < 3
    for run in server.runs("motionsight"):
        # What the automation of deploy/automations does where heartbeats stop.
        if run["state"]["type"] in ("RUNNING", "PENDING") and run["parameters"].get("source") == str(catalog):
            server.post(f"/flow_runs/{run['id']}/set_state", state={"type": "CRASHED"}, force=True)
    server.patch("/work_pools/motionsight", is_paused=False)
    with worked(server, "motionsight", place):
        second = server.begin("backfill-catalog/backfill", **chosen, concurrency=2)
        assert server.ended(second) == "Completed", server.log(second)
    assert states() == ["done"] * 3
    assert open_warehouse(warehouse).query("SELECT count(*) FROM motion").rows == [(16,)]
    completed = [run for run in server.runs("motionsight") if run["parameters"].get("source") == str(catalog)
                 and run["state"]["type"] == "COMPLETED"]  # fmt: skip
    numbers = [run["parameters"]["partition"] for run in completed if "partition" in run["parameters"]]
    assert sorted(numbers) == sorted(set(numbers)), "no partition was done twice"
