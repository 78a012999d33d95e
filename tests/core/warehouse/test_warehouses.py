"""One suite for every warehouse; so far DuckDB."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import RunError, UsageError
from motionsight_core.record import (
    FAILURE_SCHEMA,
    MOTION_SCHEMA,
    Box,
    CameraMove,
    Failure,
    MotionRecord,
    ObjectTrack,
    RunRecord,
)
from motionsight_core.warehouse import Manifest, Warehouse, open_warehouse

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")


def record(
    name: str = "a.mp4", *, at: datetime = NOON, recipe: str = "r1", text: str = "Nothing moves."
) -> MotionRecord:
    clip = Clip(f"/clips/{name}", "1-1", 0.0, 2.0)
    track = ObjectTrack(
        1, "moving region", 0.9, 0.0, 1.0, (Box(0.0, 0.1, 0.2, 0.3, 0.4), Box(1.0, 0.2, 0.2, 0.4, 0.4))
    )
    return MotionRecord(
        clip_id=clip.clip_id,
        recipe=recipe,
        uri=clip.uri,
        version=clip.version,
        start_s=0.0,
        end_s=2.0,
        width=320,
        height=180,
        fps=25.0,
        codec="h264",
        object_motion=text,
        camera_motion="The camera pans right.",
        object_names=("ball",),
        camera_moves=(
            CameraMove(0.0, 1.5, "pan_right", 0.1, 0.9),
            CameraMove(1.0, 2.0, "zoom_in", 0.05, 0.8),
        ),
        steadiness="smooth",
        cuts=(0.5,),
        object_tracks=(track,),
        motion_score=0.1,
        clarity=0.8,
        annotator="measured",
        run_id="run",
        annotated_at=at,
    )


def failure(
    name: str = "bad.mp4", *, at: datetime = NOON, clip: bool = True, error: str = "Truncated"
) -> Failure:
    uri = f"/clips/{name}"
    clip_id = Clip(uri, "1-1", 0.0, 2.0).clip_id if clip else None
    return Failure(uri, "1-1", clip_id, "r1", "decode", error, "It ends early.", "run", at)


def manifest(tmp_path: Path, *rows: MotionRecord | Failure, skipped: int = 0) -> Manifest:
    """Stage rows as the pipeline does."""
    attempt = uuid.uuid4().hex
    motion = [row.to_row() for row in rows if isinstance(row, MotionRecord)]
    failures = [row.to_row() for row in rows if isinstance(row, Failure)]
    files: dict[str, tuple[str, ...]] = {"motion": (), "failures": ()}
    for name, staged, schema in (("motion", motion, MOTION_SCHEMA), ("failures", failures, FAILURE_SCHEMA)):
        if staged:
            path = tmp_path / f"{name}-{attempt}.parquet"
            pq.write_table(pa.Table.from_pylist(staged, schema=schema), path)
            files[name] = (str(path),)
    return Manifest(
        attempt, "run", "r1", files["motion"], files["failures"], len(motion), len(failures), skipped
    )


def run_record() -> RunRecord:
    return RunRecord(
        "run", "/clips", "r1", '{"annotator": "measured"}', datetime.now(UTC), None, 0, 0, 0, 0, 0.0
    )


def table(warehouse: Warehouse, name: str) -> list[tuple]:
    return sorted(warehouse.query(f"SELECT * FROM {name}").rows, key=repr)  # noqa: S608


def test_a_row_comes_back_as_it_went_in(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record()))
    answer = warehouse.query("SELECT * FROM motion")
    row = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert list(answer.columns) == MOTION_SCHEMA.names
    assert row == json.loads(json.dumps(record().to_row(), default=str)) | {"annotated_at": NOON}


def test_columns_have_the_types_of_the_contract(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path))
    types = dict(
        warehouse.query(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'motion'"
        ).rows
    )
    assert types["width"] == "INTEGER"
    assert types["object_names"] == "VARCHAR[]"
    assert types["cuts"] == "DOUBLE[]"
    assert types["annotated_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["camera_moves"].endswith("confidence DOUBLE)[]")


def test_a_repeated_commit_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.start_run(run_record())
    once = manifest(tmp_path, record(), failure())
    warehouse.commit(once)
    before = [table(warehouse, name) for name in ("motion", "failures", "runs", "commits")]
    warehouse.commit(once)
    assert [table(warehouse, name) for name in ("motion", "failures", "runs", "commits")] == before


def test_a_second_attempt_with_the_same_clips_leaves_one_row_each(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.commit(manifest(tmp_path, record("a.mp4"), record("b.mp4")))
    later = NOON + timedelta(minutes=1)
    warehouse.commit(manifest(tmp_path, record("a.mp4", at=later, text="new"), record("b.mp4", at=later)))
    rows = warehouse.query("SELECT object_motion FROM motion ORDER BY uri").rows
    assert rows == [("new",), ("Nothing moves.",)]


def test_a_late_commit_of_older_rows_does_not_overwrite_newer_ones(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    warehouse.commit(manifest(tmp_path, record(at=NOON + timedelta(hours=1), text="new")))
    warehouse.commit(manifest(tmp_path, record(at=NOON, text="old")))
    assert warehouse.query("SELECT object_motion FROM motion").rows == [("new",)]


def test_duplicates_inside_one_attempt_become_one_row(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(
        manifest(tmp_path, record(text="old"), record(at=NOON + timedelta(seconds=1), text="new"))
    )
    assert warehouse.query("SELECT object_motion FROM motion").rows == [("new",)]


def test_another_recipe_or_version_adds_a_row(warehouse: Warehouse, tmp_path: Path) -> None:
    other = replace(record(), version="2-2", clip_id=Clip("/clips/a.mp4", "2-2", 0.0, 2.0).clip_id)
    warehouse.commit(manifest(tmp_path, record(), record(recipe="r2"), other))
    assert len(warehouse.query("SELECT * FROM motion").rows) == 3


def test_a_later_success_deletes_the_failure_and_no_other(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, failure("a.mp4"), failure("b.mp4"), failure("a.mp4", clip=False)))
    assert len(warehouse.query("SELECT * FROM failures").rows) == 3
    warehouse.commit(manifest(tmp_path, record("a.mp4", at=NOON + timedelta(minutes=1))))
    assert warehouse.query("SELECT uri FROM failures").rows == [("/clips/b.mp4",)]


def test_the_newest_failure_of_a_key_wins_also_where_the_clip_is_unknown(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    for at, error in ((NOON, "TimedOut"), (NOON + timedelta(minutes=1), "Truncated"), (NOON, "Corrupt")):
        warehouse.commit(
            manifest(tmp_path, failure(clip=False, at=at, error=error), failure(at=at, error=error))
        )
    assert warehouse.query("SELECT error, clip_id IS NULL FROM failures ORDER BY 2").rows == [
        ("Truncated", False),
        ("Truncated", True),
    ]


def test_a_late_commit_of_a_failure_does_not_follow_a_success(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record("a.mp4", at=NOON + timedelta(minutes=1))))
    warehouse.commit(manifest(tmp_path, failure("a.mp4", at=NOON), failure("a.mp4", at=NOON, clip=False)))
    assert warehouse.query("SELECT * FROM failures").rows == []


def test_a_failure_after_a_success_keeps_both(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record("a.mp4")))
    warehouse.commit(manifest(tmp_path, failure("a.mp4", at=NOON + timedelta(minutes=1))))
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1
    assert len(warehouse.query("SELECT * FROM failures").rows) == 1


def test_what_is_known_tells_rows_lasting_failures_and_unusable_objects_apart(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    videos = [VideoObject(f"/clips/{name}.mp4", "1-1") for name in ("a", "bad", "timeout", "unusable", "new")]
    assert warehouse.known(videos, "r1") == {}
    warehouse.commit(
        manifest(
            tmp_path,
            record("a.mp4"),
            failure("bad.mp4", error="Corrupt"),
            failure("timeout.mp4", error="TimedOut"),
            failure("unusable.mp4", error="NotAVideo", clip=False),
        )
    )
    known = warehouse.known(videos, "r1")
    assert set(known) == {videos[0], videos[1], videos[3]}, "what timed out is tried again"
    assert known[videos[0]].annotated == {record("a.mp4").clip_id}
    assert known[videos[1]].failed == {failure("bad.mp4").clip_id}
    assert known[videos[3]].unusable
    assert warehouse.known(videos, "another recipe") == {}
    assert warehouse.known([VideoObject("/clips/a.mp4", "2-2")], "r1") == {}


def test_a_run_counts_what_its_commits_hold(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.start_run(run_record())
    warehouse.commit(manifest(tmp_path, record("a.mp4"), record("b.mp4"), failure(), skipped=3))
    warehouse.commit(manifest(tmp_path, record("c.mp4")))
    done = warehouse.finish_run("run")
    assert (done.annotated, done.failed, done.skipped, done.planned) == (3, 1, 3, 7)
    assert done.finished_at is not None
    assert done.throughput > 0


def test_views_have_a_row_per_move_and_per_track(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record()))
    moves = warehouse.query(
        "SELECT clip_id, uri, annotator, label, rate FROM camera_moves ORDER BY start_s"
    ).rows
    assert moves == [
        (record().clip_id, "/clips/a.mp4", "measured", "pan_right", 0.1),
        (record().clip_id, "/clips/a.mp4", "measured", "zoom_in", 0.05),
    ]
    tracks = warehouse.query("SELECT uri, annotator, track_id, label, len(boxes) FROM object_tracks").rows
    assert tracks == [("/clips/a.mp4", "measured", 1, "moving region", 2)]


def test_latest_motion_shows_the_most_recently_annotated_version_and_recipe(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    later = NOON + timedelta(hours=1)
    second_window = replace(
        record(recipe="r2", at=later),
        start_s=2.0,
        end_s=4.0,
        clip_id=Clip("/clips/a.mp4", "1-1", 2.0, 4.0).clip_id,
    )
    warehouse.commit(
        manifest(tmp_path, record("a.mp4"), record("a.mp4", recipe="r2"), second_window, record("b.mp4"))
    )
    rows = warehouse.query("SELECT uri, recipe, start_s FROM latest_motion ORDER BY uri, start_s").rows
    assert rows == [("/clips/a.mp4", "r2", 0.0), ("/clips/a.mp4", "r2", 2.0), ("/clips/b.mp4", "r1", 0.0)]


def test_hostile_text_is_data(warehouse: Warehouse, tmp_path: Path) -> None:
    hostile = "'; DROP TABLE motion; -- \x1b[31m \U0001f4a3 \u202e"
    warehouse.commit(manifest(tmp_path, record("q'uo\"te\n.mp4", text=hostile)))
    assert warehouse.query("SELECT uri, object_motion FROM motion").rows == [
        ("/clips/q'uo\"te\n.mp4", hostile)
    ]


def test_a_query_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record()))
    with pytest.raises(UsageError, match="read-only"):
        warehouse.query("DELETE FROM motion")
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


def test_a_wrong_query_is_one_sentence(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record()))
    with pytest.raises(UsageError) as caught:
        warehouse.query("SELECT colour FROM motion")
    assert "colour" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_asking_before_anything_was_annotated_says_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"no warehouse at .* yet; `motionsight annotate` makes one"):
        warehouse.query("SELECT 1")


def test_a_file_that_is_no_warehouse_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("not a database")
    with pytest.raises(RunError, match="Cannot open"):
        open_warehouse(f"duckdb:{path}").query("SELECT 1")


@pytest.mark.parametrize("url", ["sqlite:x", "duckdb", "duckdb:", "bigquery:p.d", "motion.duckdb"])
def test_other_warehouses_are_refused_by_name(url: str) -> None:
    with pytest.raises(UsageError, match="duckdb:FILE"):
        open_warehouse(url)


def test_a_commit_waits_for_another_process_to_let_go(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.commit(manifest(tmp_path, record("a.mp4")))
    program = (
        "import duckdb, sys, time\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "time.sleep(1.5)\n"
    )
    path = warehouse.url.partition(":")[2]
    holder = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    warehouse.commit(manifest(tmp_path, record("b.mp4")))
    holder.wait()
    assert len(warehouse.query("SELECT * FROM motion").rows) == 2


def test_a_warehouse_held_for_too_long_names_the_holder(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motionsight_core.warehouse import _duckdb

    monkeypatch.setattr(_duckdb, "_LOCK_WAIT_S", 0.3)
    warehouse.commit(manifest(tmp_path, record("a.mp4")))
    path = warehouse.url.partition(":")[2]
    program = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(RunError, match=rf"in use by .*PID {holder.pid}.*; end that process or wait"):
            warehouse.commit(manifest(tmp_path, record("b.mp4")))
    finally:
        holder.communicate()


def test_a_warehouse_of_before_a_column_gets_it_with_the_first_commit(tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "motion.duckdb"
    warehouse = open_warehouse(f"duckdb:{file}")
    warehouse.commit(manifest(tmp_path, record("old.mp4")))
    with duckdb.connect(str(file)) as connection:
        for view in ("latest_motion", "camera_moves", "object_tracks"):
            connection.execute(f"DROP VIEW {view}")
        for column in ("camera_agreement", "notes"):
            connection.execute(f"ALTER TABLE motion DROP COLUMN {column}")
    new = replace(record("new.mp4"), camera_agreement=0.5, notes=("names_unreadable",))
    warehouse.commit(manifest(tmp_path, new))
    rows = warehouse.query("SELECT uri, camera_agreement, notes FROM latest_motion ORDER BY uri").rows
    assert rows == [("/clips/new.mp4", 0.5, ["names_unreadable"]), ("/clips/old.mp4", None, None)]
