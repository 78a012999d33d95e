"""The Prefect flow, on a real (temporary) server."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowFilter, FlowFilterName
from prefect.client.schemas.sorting import TaskRunSort

from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.core.mllm.scripted import ScriptedEndpoint, fails, obliging

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    return f"duckdb:{tmp_path / 'motion.duckdb'}"


@pytest.fixture
def retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards are tried again without a pause; the pauses are the subject of test_retries.py."""
    from flows import shards

    monkeypatch.setattr(shards, "retried", partial(shards.retried, pause_s=0))


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


def test_the_flow_annotates_shard_by_shard_and_leaves_a_table_artifact(scenes: Path, warehouse: str) -> None:
    from flows.annotate import annotate_catalog

    result = annotate_catalog(str(scenes), warehouse=warehouse, settings=settings("runtime.shard_size=3"))
    assert (result.record.planned, result.record.annotated, result.record.failed) == (4, 4, 0)
    assert len(open_warehouse(warehouse).query("SELECT * FROM motion").rows) == 4
    with get_client(sync_client=True) as client:
        newest = TaskRunSort.END_TIME_DESC
        task_names = {run.name for run in client.read_task_runs(sort=newest)}
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["motionsight-run"]))
        )
    assert {"shard-0", "shard-1"} <= task_names
    (artifact,) = [item for item in artifacts if result.record.run_id in str(item.data)]
    assert artifact.type == "table"
    assert f"annotated 4 of 4 clips of {scenes}" in str(artifact.description)


@pytest.mark.long
def test_the_flow_writes_captions_of_single_objects_once(scenes: Path, warehouse: str) -> None:
    from flows.annotate import annotate_catalog

    chosen = settings("instances.captions=true", "runtime.shard_size=3")
    told = "SELECT clip_id, recipe, track_id, appearance, motion, checked, run_id FROM instances ORDER BY ALL"
    first = annotate_catalog(str(scenes), warehouse=warehouse, settings=chosen)
    rows = open_warehouse(warehouse).query(told).rows
    tracks = open_warehouse(warehouse).query("SELECT clip_id, track_id FROM object_tracks ORDER BY ALL").rows
    assert [(row[0], row[2]) for row in rows] == tracks
    assert rows
    assert {(row[1], row[6]) for row in rows} == {(chosen.recipe(), first.record.run_id)}
    again = annotate_catalog(str(scenes), warehouse=warehouse, settings=chosen)
    assert (again.record.annotated, again.record.skipped) == (0, 4)
    assert open_warehouse(warehouse).query(told).rows == rows


@pytest.mark.long
def test_the_flow_takes_settings_as_plain_json_as_the_ui_sends_them(scenes: Path, warehouse: str) -> None:
    from flows.annotate import annotate_catalog

    result = annotate_catalog(str(scenes), warehouse=warehouse, settings={"clips": {"window_s": 1.0}})  # type: ignore[arg-type]
    assert result.record.annotated == 8


@pytest.mark.long
def test_the_flow_says_what_was_passed_over_and_looks_into_it_where_the_settings_say_so(
    scenes: Path, warehouse: str, tmp_path: Path
) -> None:
    from flows.annotate import annotate_catalog

    folder = tmp_path / "clips"
    folder.mkdir()
    for number, video in enumerate(sorted(scenes.glob("*.mp4"))[:2]):
        shutil.copy(video, folder / ("named.mp4" if number else "nameless"))
    (folder / "notes.txt").write_text("Nothing moved.")
    result = annotate_catalog(str(folder), warehouse=warehouse, settings=settings())
    assert result.record.annotated == 1
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["motionsight-summary"]))
        )
    (text,) = [str(item.data) for item in artifacts if result.record.run_id in str(item.data)]
    assert "2 files passed over: names that are not a video's (none 1, .txt 1)" in text
    result = annotate_catalog(str(folder), warehouse=warehouse, settings=settings("stores.all_files=true"))
    assert (result.record.annotated, result.record.skipped, result.record.failed) == (1, 1, 0)
    assert result.plan.passed_over.contents == {".txt": 1}


@pytest.mark.long
def test_the_flow_and_the_command_line_write_the_same_rows(
    scenes: Path, warehouse: str, tmp_path: Path
) -> None:
    from flows.annotate import annotate_catalog
    from flows.runs.run import run_catalog

    annotate_catalog(str(scenes), warehouse=warehouse)
    plain = f"duckdb:{tmp_path / 'plain.duckdb'}"
    run_catalog(str(scenes), warehouse=plain, settings=Settings())
    rows = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"
    assert open_warehouse(warehouse).query(rows) == open_warehouse(plain).query(rows)


def test_a_source_that_does_not_exist_fails_the_flow_in_one_sentence(tmp_path: Path, warehouse: str) -> None:
    from flows.annotate import annotate_catalog

    with pytest.raises(UsageError, match="no file, directory or glob match"):
        annotate_catalog(str(tmp_path / "absent"), warehouse=warehouse)


@pytest.mark.usefixtures("retries_at_once")
def test_a_shard_that_fails_is_retried_and_the_others_commit(
    scenes: Path, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import shards
    from flows.annotate import annotate_catalog
    from flows.runs.run import Run, stage_shard
    from motionsight_core.planning.shards import Shard

    tries: list[int] = []

    def unlucky(run: Run, shard: Shard):
        tries.append(shard.index)
        if shard.index == 0:
            raise OSError("the staging disk is full")
        return stage_shard(run, shard)

    knobs = settings("runtime.shard_size=2", "runtime.shard_retries=1")
    with (
        monkeypatch.context() as patch,
        pytest.raises(RunError, match=r"Shard 0 failed: .*the staging disk is full"),
    ):
        patch.setattr(shards, "stage_shard", unlucky)
        annotate_catalog(str(scenes), warehouse=warehouse, settings=knobs)
    assert tries == [0, 0, 1]
    assert len(open_warehouse(warehouse).query("SELECT * FROM motion").rows) == 2
    result = annotate_catalog(str(scenes), warehouse=warehouse, settings=knobs)
    assert (result.record.annotated, result.record.skipped) == (2, 2)


def test_a_shard_whose_mistake_would_be_the_same_again_is_not_retried(
    scenes: Path, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import shards
    from flows.annotate import annotate_catalog
    from flows.runs.run import Run
    from motionsight_core.planning.shards import Shard

    tries: list[int] = []

    def mistaken(run: Run, shard: Shard):
        tries.append(shard.index)
        raise UsageError("The runner is not there.")

    monkeypatch.setattr(shards, "stage_shard", mistaken)
    with pytest.raises(RunError, match="Shard 0 failed: The runner is not there"):
        annotate_catalog(str(scenes), warehouse=warehouse, settings=settings("runtime.shard_retries=3"))
    assert tries == [0]


@pytest.mark.long
@pytest.mark.usefixtures("retries_at_once")
def test_a_shard_whose_endpoint_is_away_fails_in_one_sentence_and_the_others_commit(
    scenes: Path, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import shards
    from flows.annotate import annotate_catalog
    from flows.runs.run import Run, stage_shard
    from motionsight_core.planning.shards import Shard

    with ScriptedEndpoint() as endpoint:

        def away_for_the_first(run: Run, shard: Shard):
            endpoint.answers = [fails(429, "busy") if shard.index == 0 else obliging]
            return stage_shard(run, shard)

        knobs = settings(
            f"annotator={endpoint.settings().annotator}",
            "endpoint.retries=0",
            "endpoint.concurrency=1",
            "runtime.shard_size=1",
            "runtime.shard_retries=1",
        )
        with (
            monkeypatch.context() as patch,
            pytest.raises(RunError, match=r"^Shard 0 failed: The endpoint http[^\n]*429[^\n]*$"),
        ):
            patch.setattr(shards, "stage_shard", away_for_the_first)
            annotate_catalog(str(scenes), warehouse=warehouse, settings=knobs)
        assert len(open_warehouse(warehouse).query("SELECT * FROM motion").rows) == 3
        assert open_warehouse(warehouse).query("SELECT * FROM failures").rows == []
        result = annotate_catalog(str(scenes), warehouse=warehouse, settings=knobs)
    assert (result.record.annotated, result.record.skipped) == (1, 3)
    with get_client(sync_client=True) as client:
        # The newest of this flow, since other tests use the server as well.
        annotating = FlowFilter(name=FlowFilterName(any_=["annotate-catalog"]))
        runs = client.read_task_runs(flow_filter=annotating, sort=TaskRunSort.END_TIME_DESC)
    tagged = [run for run in runs if shards.CAPTION_TAG in run.tags]
    assert {run.name for run in tagged} == {"shard-0", "shard-1", "shard-2", "shard-3"}
    assert {run.name for run in tagged if run.run_count > 1} == {"shard-0"}
