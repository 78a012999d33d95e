"""The deployments of deploy/prefect.yaml, on a real Prefect server with a real process worker."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.warehouse import open_warehouse
from tests.core.mllm.scripted import ScriptedEndpoint, begins_with
from tests.flows.evaluating import own_questions
from tests.plugin.serving import Server, descendants, until, worked

ROWS = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"


def rows(warehouse: str) -> list[tuple[Any, ...]]:
    return open_warehouse(warehouse).query(ROWS).rows


@pytest.mark.timeout(900)
def test_every_deployment_runs_and_says_what_came_of_it(server: Server, catalog: Path, place: Path) -> None:
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    backfilled = f"duckdb:{place / 'backfilled.duckdb'}"
    with worked(server, "motionsight", place):
        annotating = server.begin("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse,
                                  settings={"runtime": {"shard_size": 3}})  # fmt: skip
        backfill = server.begin("backfill-catalog/backfill", source=str(catalog), warehouse=backfilled,
                                partitions=2, concurrency=2)  # fmt: skip
        assert server.ended(annotating) == "Completed", server.log(annotating)
        assert server.ended(backfill) == "Completed", server.log(backfill)
        shutil.copy(next(catalog.glob("*.mp4")), catalog / "zz_new.mp4")
        watching = server.begin("watch-catalog/watch", source=str(catalog), warehouse=warehouse, settle_s=0)
        assert server.ended(watching) == "Completed", server.log(watching)
        annotations = own_questions(place / "own.jsonl", [next(catalog.glob("*.mp4")).name], each=1)
        evaluating = server.begin("evaluate-benchmark/benchmark", benchmark="jsonl", videos=str(catalog),
                                  annotations=str(annotations), warehouse=warehouse)  # fmt: skip
        assert server.ended(evaluating) == "Completed", server.log(evaluating)
        reporting = server.begin("refresh-report/report", warehouse=warehouse, out=str(place / "report.html"))
        assert server.ended(reporting) == "Completed", server.log(reporting)
        with ScriptedEndpoint() as endpoint:
            endpoint.answers = [begins_with({"Yes": 0.75, "No": 0.25})]
            scoring = server.begin("score-descriptions/score", warehouse=warehouse,
                                   scorer=endpoint.settings().annotator)  # fmt: skip
            assert server.ended(scoring) == "Completed", server.log(scoring)
        source = {"prefix": str(catalog), "name": "clips", "high_object": 0.6, "high_camera": 0.6}
        building = server.begin("build-dataset/dataset", warehouse=warehouse, folder=str(place / "data"),
                                media="reference", settings={"dataset": {"sources": [source]}})  # fmt: skip
        assert server.ended(building) == "Completed", server.log(building)
        # Real training is the subject of tests/flows/test_train_flow.py.
        training = server.begin("train-model/train", folder=str(catalog), out=str(place / "trained"),
                                processes=1)  # fmt: skip
        assert server.ended(training) == "Failed", server.log(training)

    assert server.run(annotating)["name"] == f"annotate {catalog}"
    assert {task["name"] for task in server.tasks(annotating)} >= {"shard-0", "shard-1"}
    shown = {artifact["key"]: artifact for artifact in server.artifacts(annotating) if artifact["key"]}
    assert "annotated 4 of 5 clips" in shown["motionsight-run"]["description"]
    assert "NotAVideo" in shown["motionsight-summary"]["data"]
    progress = [artifact for artifact in server.artifacts(annotating) if artifact["type"] == "progress"]
    assert {artifact["data"] for artifact in progress} == {100.0}
    assert any("3 of 3 videos" in artifact["description"] for artifact in progress)

    assert server.run(evaluating)["name"] == "evaluate jsonl"
    assert [task["name"] for task in server.tasks(evaluating)] == ["questions-0"]
    (table,) = [item for item in server.artifacts(evaluating) if item["key"] == "motionsight-evaluation"]
    assert "1 questions, percent right by the score strict" in table["description"]

    assert len(rows(warehouse)) == 5
    assert rows(backfilled) == [row for row in rows(warehouse) if row in rows(backfilled)]
    assert len(rows(backfilled)) == 4
    (tag,) = [tag for tag in server.run(backfill)["tags"] if tag.startswith("motionsight-backfill:")]
    children = [run for run in server.runs(tag) if run["id"] != str(backfill)]
    assert {run["state"]["name"] for run in children} == {"Completed"}
    assert all(f"partition:{run['parameters']['partition']}" in run["tags"] for run in children)
    *_, table = [item for item in server.artifacts(backfill) if item["key"] == "motionsight-partitions"]
    assert "2 of 2 partitions are done" in table["description"]

    assert (place / "report.html").stat().st_size > 1000
    (report,) = [item for item in server.artifacts(reporting) if item["key"] == "motionsight-report"]
    assert "report.html" in report["data"]

    assert open_warehouse(warehouse).query("SELECT count(*), avg(score) FROM scores").rows == [
        (10, pytest.approx(0.75))
    ]
    assert (place / "data" / "README.md").exists()
    built = {artifact["key"]: artifact for artifact in server.artifacts(building) if artifact["key"]}
    # The new video is a copy of another one.
    assert "4 clips" in built["motionsight-dataset-grades"]["description"]

    assert server.run(training)["name"] == f"train sft: {place / 'trained'}"
    assert f"{catalog} is not a data set" in server.run(training)["state"]["message"]
    assert [task["run_count"] for task in server.tasks(training)] == [1], "it was not tried again"


@pytest.mark.timeout(900)
def test_a_cancelled_run_leaves_no_process_and_a_rerun_completes(
    server: Server, catalog: Path, place: Path
) -> None:
    for copy in range(30):
        shutil.copy(next(catalog.glob("[a-y]*.mp4")), catalog / f"copy_{copy:02d}.mp4")
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    with worked(server, "motionsight", place) as worker:
        run = server.begin("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse,
                           settings={"runtime": {"shard_size": 10, "decode_processes": 1}})  # fmt: skip
        until(lambda: any(item["type"] == "progress" for item in server.artifacts(run)))
        begun = descendants(worker.pid)
        server.post(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"}, force=False)
        assert server.ended(run) == "Cancelled"
        until(lambda: not [pid for pid in begun if pid in descendants(worker.pid)])
        again = server.begin("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse)
        assert server.ended(again) == "Completed", server.log(again)
    assert not [pid for pid in begun if Path(f"/proc/{pid}").exists()]
    assert len(rows(warehouse)) == 34
    assert not list(place.glob("*.staging/*")), "what the cancelled run staged is swept"


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
    assert len(rows(warehouse)) == 16
    completed = [run for run in server.runs("motionsight") if run["parameters"].get("source") == str(catalog)
                 and run["state"]["type"] == "COMPLETED"]  # fmt: skip
    numbers = [run["parameters"]["partition"] for run in completed if "partition" in run["parameters"]]
    assert sorted(numbers) == sorted(set(numbers)), "no partition was done twice"
