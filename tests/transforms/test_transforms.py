"""The Beam transforms on the runner that local runs use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.motionsight import MotionSight
from motionsight_core.planning.plan import clips_of, plan_catalog
from motionsight_core.planning.shards import Shard
from motionsight_core.record import MOTION_SCHEMA, Failure, MotionRecord
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.warehouse import Known, Manifest, open_warehouse
from tests.core.warehouse.rows import run_record
from tests.videos import moving_texture, write_video
from transforms import AnnotateMotion, Attempt, MotionSightHandler, PlanClips
from transforms._plan import with_known
from transforms.runners import local_options
from transforms.shard import annotate_shard

SETTINGS = Settings.load(environment={})


def pipeline() -> beam.Pipeline:
    return beam.Pipeline(runner=FnApiRunner(), options=local_options(SETTINGS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clips = tmp_path / "clips"
    clips.mkdir()
    write_video(clips / "good.mp4", moving_texture(60))
    write_video(clips / "other.mp4", moving_texture(60, seed=1))
    (clips / "text.mp4").write_text("no video")
    return clips


@pytest.fixture
def videos(folder: Path) -> list[VideoObject]:
    return [item for item in list_objects(str(folder)) if isinstance(item, VideoObject)]


def test_planning_splits_what_opens_and_reports_what_does_not(videos: list[VideoObject]) -> None:
    settings = Settings.load(overrides=["clips.window_s=1"], environment={})
    with pipeline() as p:
        planned: Any = p | beam.Create(videos) | with_known(None) | PlanClips(settings, run_id="run")
        spans = planned.clips | beam.Map(lambda clip: (Path(clip.uri).name, clip.start_s, clip.end_s))
        assert_that(
            spans,
            equal_to(
                [
                    (name, *span)
                    for name in ("good.mp4", "other.mp4")
                    for span in ((0.0, 1.0), (1.0, 2.0), (2.0, 2.4))
                ]
            ),
        )
        errors = planned.failures | beam.Map(
            lambda row: (Path(row.uri).name, row.stage, row.error, row.clip_id)
        )
        assert_that(errors, equal_to([("text.mp4", "plan", "NotAVideo", None)]), label="failures")


def test_planning_leaves_out_clips_that_are_known(videos: list[VideoObject]) -> None:
    settings = Settings.load(overrides=["clips.window_s=1"], environment={})
    good = next(video for video in videos if video.uri.endswith("good.mp4"))
    first = Clip(good.uri, good.version, 0.0, 1.0)
    last = Clip(good.uri, good.version, 2.0, 2.4)
    known = {good: Known(frozenset({first.clip_id}), frozenset({last.clip_id}), unusable=False)}
    with pipeline() as p:
        planned: Any = p | beam.Create([good]) | with_known(known) | PlanClips(settings, run_id="run")
        assert_that(planned.clips | beam.Map(lambda clip: clip.start_s), equal_to([1.0]))
        assert_that(planned.skipped, equal_to([2]), label="skipped")


def test_annotating_gives_a_row_or_a_failure_for_each_clip(folder: Path) -> None:
    (good,) = clips_of(str(folder / "good.mp4"))
    gone = Clip(str(folder / "gone.mp4"), "1-1", 0.0, 1.0)
    with pipeline() as p:
        annotated: Any = p | beam.Create([good, gone]) | AnnotateMotion()
        rows, failures = annotated
        assert_that(
            rows | beam.Map(lambda row: (row.clip_id, row.camera_moves[0].label)),
            equal_to([(good.clip_id, "pan_right")]),
        )
        assert_that(
            failures | beam.Map(lambda row: (row.clip_id, row.stage, row.error)),
            equal_to([(gone.clip_id, "decode", "VersionGone")]),
            label="failures",
        )


def test_one_clip_that_cannot_be_described_does_not_fail_its_batch(folder: Path) -> None:
    from motionsight_core.video.decoding import decode

    clips = clips_of(str(folder / "good.mp4"))
    sound = decode(clips[0], SETTINGS, products=("motion",))
    unmeasured = decode(clips[0], SETTINGS, products=("sampled",))
    handler = MotionSightHandler(SETTINGS, "run")
    model = handler.load_model()
    assert isinstance(model, MotionSight)
    first, second, third = handler.run_inference([sound, unmeasured, sound], model)
    assert isinstance(second, Failure)
    rows = [row.clip_id for row in (first, third) if isinstance(row, MotionRecord)]
    assert rows == [clips[0].clip_id] * 2
    assert (second.stage, second.error) == ("caption", "AnnotatorFailed")
    assert unmeasured.sampled is not None
    assert handler.get_num_bytes([sound, unmeasured]) == unmeasured.sampled.pixels.nbytes


def test_a_shard_stages_parquet_in_the_schema_and_a_manifest_that_names_it(
    folder: Path, tmp_path: Path
) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    plan = plan_catalog(list_objects(str(folder)), SETTINGS, warehouse, run_id="run")
    (shard,) = plan.shards
    manifest = annotate_shard(shard, SETTINGS, warehouse, run_id="run")
    assert (manifest.annotated, manifest.failed, manifest.skipped) == (2, 1, 0)
    rows = [row for file in manifest.motion_files for row in pq.read_table(file).to_pylist()]
    assert pq.read_schema(manifest.motion_files[0]).equals(MOTION_SCHEMA)
    assert sorted(Path(row["uri"]).name for row in rows) == ["good.mp4", "other.mp4"]
    assert {row["run_id"] for row in rows} == {"run"}
    on_disk = Path(Attempt(str(Path(manifest.motion_files[0]).parent), "", "", "").manifest_path)
    assert Manifest.from_json(on_disk.read_text()) == manifest
    assert not Path(warehouse.url.partition(":")[2]).exists(), "workers stage, only the committer commits"


@pytest.mark.parametrize("clips", ["clips.window_s=1", "clips.scenes=true"])
def test_a_shard_stages_a_fingerprint_of_each_clip_that_was_decoded(
    folder: Path, tmp_path: Path, clips: str
) -> None:
    settings = Settings.load(overrides=[clips], environment={})
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    (shard,) = plan_catalog(list_objects(str(folder)), settings, warehouse, run_id="run").shards
    warehouse.start_run(run_record())
    warehouse.commit(annotate_shard(shard, settings, warehouse, run_id="run"))
    taken = warehouse.query(
        "SELECT clip_id, uri, length(bits) FROM fingerprints WHERE taken_at IS NOT NULL"
    ).rows
    annotated = warehouse.query("SELECT clip_id, uri, 128 FROM motion").rows
    assert len(annotated) > 0
    assert sorted(taken) == sorted(annotated)


def test_a_shard_of_nothing_but_unlisted_names_stages_their_failures(tmp_path: Path) -> None:
    from motionsight_core.errors import UnusableName

    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    failure = Failure.of(
        UnusableName("Not UTF-8."),
        stage="list",
        uri="/x",
        version="1-1",
        clip_id=None,
        recipe="r",
        run_id="run",
    )
    manifest = annotate_shard(Shard(0, (), (failure,)), SETTINGS, warehouse, run_id="run")
    assert (manifest.annotated, manifest.failed) == (0, 1)
    warehouse.commit(manifest)
    assert warehouse.query("SELECT uri, error FROM failures").rows == [("/x", "UnusableName")]


def test_a_shard_that_was_committed_before_is_skipped_when_it_is_tried_again(
    folder: Path, tmp_path: Path
) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    (shard,) = plan_catalog(list_objects(str(folder)), SETTINGS, warehouse, run_id="run").shards
    warehouse.commit(annotate_shard(shard, SETTINGS, warehouse, run_id="run"))
    again = annotate_shard(shard, SETTINGS, warehouse, run_id="run")
    assert (again.annotated, again.failed, again.skipped) == (0, 0, 3)


@pytest.mark.long
def test_what_annotates_without_weights_loads_no_model_library() -> None:
    code = (
        "import sys\n"
        "import apache_beam as beam\n"
        "from motionsight_core import Settings\n"
        "from transforms import AnnotateMotion\n"
        "for annotator in ('measured', 'openai:http://127.0.0.1:9/v1#m'):\n"
        "    with beam.Pipeline() as pipeline:\n"
        "        clips = pipeline | beam.Create([], reshuffle=False)\n"
        "        AnnotateMotion(Settings(annotator=annotator)).expand(clips)\n"
        "import transforms\n"
        "assert transforms.MotionSightHandler.__name__ == 'MotionSightHandler'\n"
        "assert not {'torch', 'transformers', 'onnxruntime'} & set(sys.modules), sys.modules.keys()\n"
        "import importlib.util\n"
        "manager = 'apache_beam.ml.inference.model_manager'\n"
        "assert importlib.util.find_spec(manager), 'whoever wants that still gets it'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
