"""Captions of single objects through Beam: on either path to a row, committed beside it, and once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from motionsight_core import MotionSight, Settings
from motionsight_core.planning.plan import clips_of, plan_catalog
from motionsight_core.planning.shards import Shard
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import catalog, render
from motionsight_core.warehouse import Manifest, Warehouse, open_warehouse
from tests.core.mllm.scripted import Answer, ScriptedEndpoint, fails, obliging, said, says
from tests.core.warehouse.rows import run_record
from transforms import AnnotateMotion, AnnotateSource, Job, begin_run
from transforms.runners import local_options
from transforms.shard import annotate_shard

ROWS = "SELECT clip_id, recipe, run_id, track_id, appearance, motion, checked FROM instances ORDER BY ALL"
TRACKS = "SELECT clip_id, recipe, track_id, appearance, motion_caption FROM object_tracks ORDER BY ALL"


def describing(request: dict[str, Any]) -> Answer:
    """A model that understands questions about objects as well: the object of number 1 is itself."""
    text = said(request)
    if "What is it?" in text:
        return says("ball")
    if "Describe its look" in text:
        return says("a shiny ball")
    if "The light follows" in text:
        return says("It rolls to the right.")
    if "Which of the numbered objects" in text:
        return says("1")
    return obliging(request)


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [describing]
        yield running


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    for scene in catalog(count=4, seed=0, width=240, height=136, duration_s=1.0):
        render(scene, folder / f"{scene.name}.mp4")
    return folder


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    opened = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    opened.start_run(run_record())
    return opened


def settings(*more: str) -> Settings:
    chosen = ("instances.captions=true", "sampling.frames=4", "endpoint.retries=0", *more)
    return Settings.load(environment={}, overrides=chosen)


def planned(scenes: Path, chosen: Settings, warehouse: Warehouse) -> Shard:
    (shard,) = plan_catalog(list_objects(str(scenes)), chosen, warehouse, run_id="run").shards
    return shard


def annotated(scenes: Path, chosen: Settings, warehouse: Warehouse) -> Manifest:
    manifest = annotate_shard(planned(scenes, chosen, warehouse), chosen, warehouse, run_id="run")
    warehouse.commit(manifest)
    return manifest


@pytest.mark.in_gate("clips.scenes=true")
@pytest.mark.parametrize("way", ["clips.window_s=1", "clips.scenes=true"])
def test_the_measured_path_writes_what_the_method_says(scenes: Path, warehouse: Warehouse, way: str) -> None:
    chosen = settings(way)
    manifest = annotated(scenes, chosen, warehouse)
    assert len(manifest.instance_files) >= 1
    rows = warehouse.query(ROWS).rows
    assert {row[1:3] for row in rows} == {(chosen.recipe(), "run")}
    if way == "clips.window_s=1":
        described = MotionSight(chosen).describe_with_instances(clips_of(str(scenes)))
        expected = [
            (one.clip_id, one.recipe, "run", one.track_id, one.appearance, one.motion, one.checked)
            for clip in described
            for one in clip.instances
        ]
        assert rows == sorted(expected)
    told = {(clip_id, track_id): words for clip_id, _, track_id, *words in warehouse.query(TRACKS).rows}
    for clip_id, _, _, track_id, appearance, motion, checked in rows:
        assert told[clip_id, track_id] == ([appearance, motion] if checked else [None, None])


def test_the_path_of_models_writes_captions_and_verdicts(
    scenes: Path, warehouse: Warehouse, endpoint: ScriptedEndpoint
) -> None:
    chosen = settings(f"annotator={endpoint.settings().annotator}")
    manifest = annotated(scenes, chosen, warehouse)
    assert manifest.annotated == 4
    rows = warehouse.query(ROWS).rows
    assert rows
    assert {row[4:6] for row in rows} == {("a shiny ball", "It rolls to the right.")}
    for row in rows:
        assert row[6] == (row[3] == 1), "the model takes every caption for that of object 1"
    unnamed = sum("What is it?" in said(request) for request in endpoint.requests)
    assert len(endpoint.requests) == 4 * 3 + unnamed + 3 * len(rows)


def test_a_rerun_asks_nothing_and_writes_nothing_twice(
    scenes: Path, warehouse: Warehouse, endpoint: ScriptedEndpoint
) -> None:
    chosen = settings(f"annotator={endpoint.settings().annotator}")
    shard = planned(scenes, chosen, warehouse)
    manifest = annotate_shard(shard, chosen, warehouse, run_id="run")
    warehouse.commit(manifest)
    rows, asked = warehouse.query(ROWS).rows, len(endpoint.requests)
    again = annotate_shard(shard, chosen, warehouse, run_id="run")
    warehouse.commit(again)
    assert (again.annotated, again.skipped, again.instance_files) == (0, 4, ())
    warehouse.commit(manifest)
    assert (warehouse.query(ROWS).rows, len(endpoint.requests)) == (rows, asked)


@pytest.mark.long
def test_an_outage_in_the_middle_of_captions_commits_neither_rows_nor_captions(
    scenes: Path, warehouse: Warehouse, endpoint: ScriptedEndpoint
) -> None:
    def out_of_order(request: dict[str, Any]) -> Answer:
        if "The light follows" in said(request):
            endpoint.models = fails(503)
            return fails(503)
        return describing(request)

    endpoint.answers = [out_of_order]
    chosen = settings(f"annotator={endpoint.settings().annotator}")
    shard = planned(scenes, chosen, warehouse)
    with pytest.raises(RuntimeError, match="cannot be reached"):
        annotate_shard(shard, chosen, warehouse, run_id="run")
    assert warehouse.query("SELECT * FROM instances").rows == []
    assert warehouse.query("SELECT * FROM motion").rows == []


def test_the_transform_for_pipelines_of_one_s_own_gives_rows_as_before(scenes: Path) -> None:
    chosen = settings()
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=local_options(chosen))
    with pipeline as p:
        annotated: Any = p | beam.Create(list(clips_of(str(scenes)))) | AnnotateMotion(chosen, run_id="run")
        kinds: Any = annotated.rows | beam.Map(lambda row: type(row).__name__)
        assert_that(kinds, equal_to(["MotionRecord"] * 4))


@pytest.mark.long
def test_a_job_that_commits_by_itself_commits_captions_with_their_rows(
    scenes: Path, warehouse: Warehouse
) -> None:
    for run_id in ("once", "again"):
        job = Job(run_id, warehouse.url, settings())
        begin_run(job, str(scenes))
        with beam.Pipeline(runner=FnApiRunner(), options=local_options(job.settings)) as pipeline:
            _ = pipeline | AnnotateSource(job, str(scenes))
    rows = warehouse.query(ROWS).rows
    assert {row[2] for row in rows} == {"once"}
    tracks = warehouse.query("SELECT clip_id, track_id FROM object_tracks ORDER BY ALL").rows
    assert [(row[0], row[3]) for row in rows] == tracks
    parts = [path.name for path in Path(re.sub("^duckdb:", "", warehouse.url)).parent.rglob("*.parquet")]
    assert parts == [], "staged parts are removed after their commit"
