"""The deployments of deploy/prefect.yaml, on a real Prefect server with a real process worker."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flows.runs.run import run_catalog
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.core.mllm.scripted import ScriptedEndpoint, begins_with
from tests.flows.evaluating import own_questions
from tests.plugin.conftest import Run
from tests.plugin.serving import Server, descendants, until

ROWS = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"


def rows(warehouse: str) -> list[tuple[Any, ...]]:
    return open_warehouse(warehouse).query(ROWS).rows


@pytest.mark.timeout(900)
def test_every_deployment_runs_and_says_what_came_of_it(
    server: Server, run: Run, catalog: Path, place: Path
) -> None:
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    annotating = run("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse,
                     settings={"runtime": {"shard_size": 3}})  # fmt: skip
    assert server.state(annotating) == "Completed", server.log(annotating)
    shutil.copy(next(catalog.glob("*.mp4")), catalog / "zz_new.mp4")
    watching = run("watch-catalog/watch", source=str(catalog), warehouse=warehouse, settle_s=0)
    assert server.state(watching) == "Completed", server.log(watching)
    annotations = own_questions(place / "own.jsonl", [next(catalog.glob("*.mp4")).name], each=1)
    evaluating = run("evaluate-benchmark/benchmark", benchmark="jsonl", videos=str(catalog),
                     annotations=str(annotations), warehouse=warehouse)  # fmt: skip
    assert server.state(evaluating) == "Completed", server.log(evaluating)
    reporting = run("refresh-report/report", warehouse=warehouse, out=str(place / "report.html"))
    assert server.state(reporting) == "Completed", server.log(reporting)
    with ScriptedEndpoint() as endpoint:
        endpoint.answers = [begins_with({"Yes": 0.75, "No": 0.25})]
        scoring = run("score-descriptions/score", warehouse=warehouse, scorer=endpoint.settings().annotator)
        assert server.state(scoring) == "Completed", server.log(scoring)
    source = {"prefix": str(catalog), "name": "clips", "high_object": 0.6, "high_camera": 0.6}
    building = run("build-dataset/dataset", warehouse=warehouse, folder=str(place / "data"),
                   media="reference", settings={"dataset": {"sources": [source]}})  # fmt: skip
    assert server.state(building) == "Completed", server.log(building)
    # Real training is the subject of tests/flows/test_train_flow.py.
    training = run("train-model/train", folder=str(catalog), out=str(place / "trained"), processes=1)
    assert server.state(training) == "Failed", server.log(training)

    assert server.run(annotating)["name"] == f"annotate {catalog}"
    assert {task["name"] for task in server.tasks(annotating)} >= {"shard-0", "shard-1"}
    shown = {artifact["key"]: artifact for artifact in server.artifacts(annotating) if artifact["key"]}
    assert "annotated 4 of 5 clips" in shown["motionsight-run"]["description"]
    assert "NotAVideo" in shown["motionsight-summary"]["data"]
    progress = [artifact for artifact in server.artifacts(annotating) if artifact["type"] == "progress"]
    assert {artifact["data"] for artifact in progress} == {100.0}
    assert any("3 of 3 videos" in artifact["description"] for artifact in progress)
    assert len(rows(warehouse)) == 5

    assert server.run(evaluating)["name"] == "evaluate jsonl"
    assert [task["name"] for task in server.tasks(evaluating)] == ["questions-0"]
    (table,) = [item for item in server.artifacts(evaluating) if item["key"] == "motionsight-evaluation"]
    assert "1 questions, percent right by the score strict" in table["description"]

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


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("worker")
def test_a_backfill_has_a_run_on_a_worker_for_each_partition_and_the_rows_of_a_whole_run(
    server: Server, run: Run, catalog: Path, place: Path
) -> None:
    whole, warehouse = (f"duckdb:{place / name}.duckdb" for name in ("whole", "backfilled"))
    run_catalog(str(catalog), warehouse=whole, settings=Settings())
    backfill = run("backfill-catalog/backfill", source=str(catalog), warehouse=warehouse,
                   partitions=2, concurrency=2)  # fmt: skip
    assert server.state(backfill) == "Completed", server.log(backfill)
    assert rows(warehouse) == rows(whole)
    assert len(rows(warehouse)) == 4
    (tag,) = [tag for tag in server.run(backfill)["tags"] if tag.startswith("motionsight-backfill:")]
    children = [one for one in server.runs(tag) if one["id"] != str(backfill)]
    assert {child["state"]["name"] for child in children} == {"Completed"}
    assert all(f"partition:{child['parameters']['partition']}" in child["tags"] for child in children)
    *_, table = [item for item in server.artifacts(backfill) if item["key"] == "motionsight-partitions"]
    assert "2 of 2 partitions are done" in table["description"]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_cancelled_run_leaves_no_process_and_a_rerun_completes(
    server: Server, worker: subprocess.Popen[bytes], catalog: Path, place: Path
) -> None:
    for copy in range(16):
        shutil.copy(next(catalog.glob("[a-y]*.mp4")), catalog / f"copy_{copy:02d}.mp4")
    warehouse = f"duckdb:{place / 'motion.duckdb'}"
    run = server.begin("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse,
                       settings={"runtime": {"shard_size": 5, "decode_processes": 1}})  # fmt: skip
    until(lambda: any(item["type"] == "progress" for item in server.artifacts(run)))
    begun = descendants(worker.pid)
    server.post(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"}, force=False)
    assert server.ended(run) == "Cancelled"
    until(lambda: not [pid for pid in begun if pid in descendants(worker.pid)])
    again = server.begin("annotate-catalog/nightly", source=str(catalog), warehouse=warehouse)
    assert server.ended(again) == "Completed", server.log(again)
    assert not [pid for pid in begun if Path(f"/proc/{pid}").exists()]
    assert len(rows(warehouse)) == 20
    assert not list(place.glob("*.staging/*")), "what the cancelled run staged is swept"
    assert server.run(again)["name"] == f"annotate {catalog}"
    shown = {artifact["key"]: artifact for artifact in server.artifacts(again) if artifact["key"]}
    assert "NotAVideo" in shown["motionsight-summary"]["data"]
