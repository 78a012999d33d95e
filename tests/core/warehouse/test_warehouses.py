"""One suite that every warehouse passes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import RunError, UsageError
from motionsight_core.record import MOTION_SCHEMA, Box, Exchange, ObjectTrack
from motionsight_core.warehouse import Warehouse, _bigquery
from motionsight_core.warehouse._migrations import MIGRATIONS
from tests.core.warehouse.rows import (
    NOON,
    Stage,
    failure,
    fingerprint,
    instance,
    partition,
    prediction,
    preference,
    record,
    run_record,
    score,
    split,
    table,
)


def test_a_row_comes_back_as_it_went_in(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    answer = warehouse.query("SELECT * FROM motion")
    row = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert list(answer.columns) == MOTION_SCHEMA.names
    assert row == json.loads(json.dumps(record().to_row(), default=str)) | {"annotated_at": NOON}


@pytest.mark.in_gate("duckdb")
def test_a_dialogue_comes_back_word_for_word(warehouse: Warehouse, stage: Stage) -> None:
    said = 'a\tb\r\n\x1b[2J \u202e "quoted" \\ {"groups": []} \N{REPLACEMENT CHARACTER}'
    stage.commit(replace(record(), dialogue=(Exchange("names", said, ""), Exchange("camera", "?", said))))
    ((dialogue,),) = warehouse.query("SELECT dialogue FROM latest_motion").rows
    assert dialogue == [
        {"about": "names", "question": said, "reply": ""},
        {"about": "camera", "question": "?", "reply": said},
    ]


def test_a_repeated_commit_changes_nothing(warehouse: Warehouse, stage: Stage) -> None:
    warehouse.start_run(run_record())
    once = stage.manifest(record(), failure())
    warehouse.commit(once)
    before = [table(warehouse, name) for name in ("motion", "failures", "runs", "commits")]
    warehouse.commit(once)
    assert [table(warehouse, name) for name in ("motion", "failures", "runs", "commits")] == before


@pytest.mark.in_gate("duckdb")
def test_a_second_attempt_with_the_same_clips_leaves_one_row_each(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4"), record("b.mp4"))
    later = NOON + timedelta(minutes=1)
    stage.commit(record("a.mp4", at=later, text="new"), record("b.mp4", at=later))
    rows = warehouse.query("SELECT object_motion FROM motion ORDER BY uri").rows
    assert rows == [("new",), ("Nothing moves.",)]


def test_a_late_commit_of_older_rows_does_not_overwrite_newer_ones(
    warehouse: Warehouse, stage: Stage
) -> None:
    stage.commit(record(at=NOON + timedelta(hours=1), text="new"))
    stage.commit(record(at=NOON, text="old"))
    assert warehouse.query("SELECT object_motion FROM motion").rows == [("new",)]


@pytest.mark.in_gate("duckdb")
def test_duplicates_inside_one_attempt_become_one_row(warehouse: Warehouse, stage: Stage) -> None:
    warehouse.commit(stage.manifest(record(text="old"), record(at=NOON + timedelta(seconds=1), text="new")))
    assert warehouse.query("SELECT object_motion FROM motion").rows == [("new",)]


@pytest.mark.in_gate("duckdb")
def test_another_recipe_or_version_adds_a_row(warehouse: Warehouse, stage: Stage) -> None:
    other = replace(record(), version="2-2", clip_id=Clip("/clips/a.mp4", "2-2", 0.0, 2.0).clip_id)
    stage.commit(record(), record(recipe="r2"), other)
    assert len(warehouse.query("SELECT * FROM motion").rows) == 3


def test_a_later_success_deletes_the_failure_and_no_other(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(failure("a.mp4"), failure("b.mp4"), failure("a.mp4", clip=False))
    assert len(warehouse.query("SELECT * FROM failures").rows) == 3
    stage.commit(record("a.mp4", at=NOON + timedelta(minutes=1)))
    assert warehouse.query("SELECT uri FROM failures").rows == [("/clips/b.mp4",)]


@pytest.mark.in_gate("duckdb")
def test_the_newest_failure_of_a_key_wins_also_where_the_clip_is_unknown(
    warehouse: Warehouse, stage: Stage
) -> None:
    for at, error in ((NOON, "TimedOut"), (NOON + timedelta(minutes=1), "Truncated"), (NOON, "Corrupt")):
        warehouse.commit(stage.manifest(failure(clip=False, at=at, error=error), failure(at=at, error=error)))
    assert warehouse.query("SELECT error, clip_id IS NULL FROM failures ORDER BY 2").rows == [
        ("Truncated", False),
        ("Truncated", True),
    ]


@pytest.mark.in_gate("duckdb")
def test_a_late_commit_of_a_failure_does_not_follow_a_success(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4", at=NOON + timedelta(minutes=1)))
    stage.commit(failure("a.mp4", at=NOON), failure("a.mp4", at=NOON, clip=False))
    assert warehouse.query("SELECT * FROM failures").rows == []


@pytest.mark.in_gate("duckdb")
def test_a_failure_after_a_success_keeps_both(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4"))
    stage.commit(failure("a.mp4", at=NOON + timedelta(minutes=1)))
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1
    assert len(warehouse.query("SELECT * FROM failures").rows) == 1


def test_what_is_known_tells_rows_lasting_failures_and_unusable_objects_apart(
    new_warehouse: Warehouse,
) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    videos = [VideoObject(f"/clips/{name}.mp4", "1-1") for name in ("a", "bad", "timeout", "unusable", "new")]
    assert warehouse.known(videos, "r1") == {}
    warehouse.commit(
        stage.manifest(
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


def test_an_answer_of_a_benchmark_is_one_row_however_often_it_is_committed(
    warehouse: Warehouse, stage: Stage
) -> None:
    first = prediction(reply=None)
    second = prediction(reply="A. it's 'left' {x}\n")
    stage.commit(first, prediction("q2"), prediction(recipe="r2"), prediction(route="model"))
    stage.commit(second, prediction("q2", answered_at=first.answered_at - timedelta(days=1), reply="C"))
    rows = warehouse.query(
        "SELECT question_id, recipe, route, reply, error FROM predictions ORDER BY question_id, recipe, route"
    ).rows
    assert rows == [
        ("q1", "r1", "label", "A. it's 'left' {x}\n", None),
        ("q1", "r1", "model", "B", None),
        ("q1", "r2", "label", "B", None),
        ("q2", "r1", "label", "B", None),
    ]


@pytest.mark.in_gate("duckdb")
def test_a_score_is_one_row_for_each_scorer_and_aspect(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(score(value=0.25), score(value=0.5, aspect="object"), score(value=0.1, scorer="other"))
    stage.commit(score(value=0.75))
    rows = warehouse.query("SELECT scorer, aspect, score FROM scores ORDER BY score").rows
    assert rows == [
        ("other", "camera", 0.1),
        ("transformers:scorer", "object", 0.5),
        ("transformers:scorer", "camera", 0.75),
    ]


def test_of_fingerprints_instances_and_preferences_the_newest_of_a_key_stays(
    warehouse: Warehouse, stage: Stage
) -> None:
    stage.commit(fingerprint(bits="00"), instance(1), instance(2), preference("p1"), preference("p2"))
    stage.commit(
        fingerprint(bits="ff"),
        instance(1, checked=False),
        preference("p1", "cannot_tell"),
        preference("p2", "b", chosen_at=NOON - timedelta(days=1)),
        preference("p2", "equal", annotator="ben"),
    )
    assert warehouse.query("SELECT clip_id, bits FROM fingerprints").rows == [("c" * 32, "ff")]
    instances = "SELECT track_id, checked, appearance FROM instances ORDER BY track_id"
    assert warehouse.query(instances).rows == [(1, False, "a brown dog"), (2, True, "a brown dog")]
    chosen = "SELECT pair_id, annotator, choice FROM preferences ORDER BY pair_id, annotator"
    assert warehouse.query(chosen).rows == [
        ("p1", "ann", "cannot_tell"),
        ("p2", "ann", "a"),
        ("p2", "ben", "equal"),
    ]


@pytest.mark.in_gate("duckdb")
def test_a_run_counts_what_its_commits_hold(warehouse: Warehouse, stage: Stage) -> None:
    warehouse.start_run(run_record())
    stage.commit(record("a.mp4"), record("b.mp4"), failure(), skipped=3)
    stage.commit(record("c.mp4"))
    done = warehouse.finish_run("run")
    assert (done.annotated, done.failed, done.skipped, done.planned) == (3, 1, 3, 7)
    assert done.finished_at is not None
    assert done.throughput > 0


@pytest.mark.in_gate("duckdb")
def test_views_have_a_row_per_move_and_per_track(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    moves = warehouse.query(
        "SELECT clip_id, uri, annotator, label, rate FROM camera_moves ORDER BY start_s"
    ).rows
    assert moves == [
        (record().clip_id, "/clips/a.mp4", "measured", "pan_right", 0.1),
        (record().clip_id, "/clips/a.mp4", "measured", "zoom_in", 0.05),
    ]
    tracks = warehouse.query("SELECT uri, annotator, track_id, label, boxes, speed FROM object_tracks").rows
    boxes = record().to_row()["object_tracks"][0]["boxes"]
    assert tracks == [("/clips/a.mp4", "measured", 1, "moving region", list(boxes), None)]


@pytest.mark.in_gate("duckdb")
def test_a_tracks_speed_is_the_median_over_stretches_of_three_boxes(
    warehouse: Warehouse, stage: Stage
) -> None:
    places = [0.0, 0.1, 0.2, 0.3, 0.4, 0.7]  # moved by .3, .3 and .5 in 3 steps of .5 s
    boxes = tuple(Box(0.5 * i, x, 0.5 + x, x + 0.2, 0.6 + x) for i, x in enumerate(places))
    track = ObjectTrack(1, "ball", 0.9, 0.0, 2.5, boxes)
    still = ObjectTrack(2, "at one moment", 0.9, 0.0, 0.0, boxes[:1] * 4)
    stage.commit(replace(record(), width=100, height=100, object_tracks=(track, still)))
    rows = warehouse.query("SELECT track_id, speed FROM object_tracks ORDER BY track_id").rows
    assert rows[0][1] == pytest.approx(2**0.5 * 0.3 / 1.5)
    assert rows[1][1] is None


@pytest.mark.in_gate("duckdb")
def test_latest_motion_shows_the_most_recently_annotated_version_and_recipe(
    warehouse: Warehouse, stage: Stage
) -> None:
    later = NOON + timedelta(hours=1)
    second_window = replace(
        record(recipe="r2", at=later),
        start_s=2.0,
        end_s=4.0,
        clip_id=Clip("/clips/a.mp4", "1-1", 2.0, 4.0).clip_id,
    )
    warehouse.commit(
        stage.manifest(record("a.mp4"), record("a.mp4", recipe="r2"), second_window, record("b.mp4"))
    )
    rows = warehouse.query("SELECT uri, recipe, start_s FROM latest_motion ORDER BY uri, start_s").rows
    assert rows == [("/clips/a.mp4", "r2", 0.0), ("/clips/a.mp4", "r2", 2.0), ("/clips/b.mp4", "r1", 0.0)]


def test_hostile_text_is_data(warehouse: Warehouse, stage: Stage) -> None:
    hostile = "'; DROP TABLE motion; -- \x1b[31m \U0001f4a3 \u202e"
    stage.commit(record("q'uo\"te\n.mp4", text=hostile))
    assert warehouse.query("SELECT uri, object_motion FROM motion").rows == [
        ("/clips/q'uo\"te\n.mp4", hostile)
    ]


def test_a_query_changes_nothing(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    with pytest.raises(UsageError, match="read-only"):
        warehouse.query("DELETE FROM motion")
    assert len(warehouse.query("SELECT * FROM motion").rows) == 1


def test_a_wrong_query_is_one_sentence(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    with pytest.raises(UsageError) as caught:
        warehouse.query("SELECT colour FROM motion")
    assert "colour" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)


def test_asking_before_anything_was_annotated_says_what_to_do(new_warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"no warehouse at .* yet; `motionsight annotate` makes one"):
        new_warehouse.query("SELECT 1")


@pytest.mark.in_gate("duckdb")
def test_clips_of_a_split_are_known(warehouse: Warehouse, stage: Stage) -> None:
    long, short, other = (VideoObject(f"/clips/{name}.mp4", "1-1") for name in ("long", "short", "other"))
    stage.commit(record("long.mp4"), split("long.mp4", 7), split("short.mp4", 2), split("short.mp4", 2))
    known = warehouse.known([long, short, other], "r1")
    assert set(known) == {long, short}
    assert (known[long].clips, known[long].annotated) == (7, {record("long.mp4").clip_id})
    assert (known[short].clips, known[short].annotated) == (2, frozenset())
    stage.commit(record("other.mp4"), split("long.mp4", 7))
    assert warehouse.known([other], "r1")[other].clips is None
    assert warehouse.query("SELECT count(*) FROM splits").rows == [(2,)]


@pytest.mark.in_gate("duckdb")
def test_a_pass_that_broke_off_is_healed_by_the_split_of_a_whole_one_not_by_its_own_clips(
    warehouse: Warehouse, stage: Stage
) -> None:
    later = NOON + timedelta(minutes=1)
    broken = failure("film.mp4", clip=False, stage="decode", error="TimedOut")
    # The scenes before are described after the pass broke off, in the same commit or in one after it.
    warehouse.commit(stage.manifest(record("film.mp4", at=later), broken))
    stage.commit(record("film.mp4", at=later), split("other.mp4", 2))
    assert warehouse.query("SELECT error FROM failures").rows == [("TimedOut",)]
    stage.commit(split("film.mp4", 1))
    assert warehouse.query("SELECT * FROM failures").rows == []


def test_failures_to_be_tried_again_are_not_known(warehouse: Warehouse, stage: Stage) -> None:
    corrupt, unusable = VideoObject("/clips/bad.mp4", "1-1"), VideoObject("/clips/not.mp4", "1-1")
    stage.commit(failure("bad.mp4", error="Corrupt"), failure("not.mp4", error="NotAVideo", clip=False))
    assert set(warehouse.known([corrupt, unusable], "r1")) == {corrupt, unusable}
    assert set(warehouse.known([corrupt, unusable], "r1", retry=["Corrupt"])) == {unusable}
    assert warehouse.known([corrupt, unusable], "r1", retry={"Corrupt", "NotAVideo"}) == {}


@pytest.mark.parametrize(
    ("count", "most_bytes"), [(1_000, 50_000), pytest.param(20_000, 2_000_000, marks=pytest.mark.long)]
)
def test_what_is_known_of_many_objects_is_found_among_them(
    warehouse: Warehouse, stage: Stage, count: int, most_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bigquery, "_NAMES_BYTES", most_bytes)  # more than one question in either case
    names = [f"a'long name/{'x' * 80}/{i:05d}.mp4" for i in range(count)]
    middle = count * 5 // 8
    stage.commit(record(names[0]), record(names[middle]), record(names[-1]))
    asked = [VideoObject(f"/clips/{name}", "1-1") for name in names]
    assert set(warehouse.known(asked, "r1")) == {asked[0], asked[middle], asked[-1]}


@pytest.mark.in_gate("duckdb")
def test_partitions_are_read_back_in_order_and_written_over(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse
    assert warehouse.partitions("b1") == []
    warehouse.save_partitions([])
    fresh = [partition(number) for number in (2, 0, 10, 1)]
    warehouse.save_partitions([*fresh, partition(0, backfill="another")])
    assert [part.partition for part in warehouse.partitions("b1")] == [0, 1, 2, 10]
    done = replace(
        partition(1, state="done", annotated=8, failed=2),
        run_id="run",
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=1.5),
        message='It\'s "done".\n',
    )
    warehouse.save_partitions([done])
    assert warehouse.partitions("b1") == [partition(0), done, partition(2), partition(10)]
    assert warehouse.query("SELECT count(*) FROM partitions WHERE state = 'pending'").rows == [(4,)]
    assert warehouse.partitions("unheard of") == []


@pytest.mark.in_gate("duckdb")
def test_failures_of_a_run_are_counted_by_their_error(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(failure("b.mp4"), failure("a.mp4"), failure("c.mp4", error="TimedOut"))
    assert warehouse.failures_of("run") == [
        ("Truncated", 2, "/clips/a.mp4", "It ends early."),
        ("TimedOut", 1, "/clips/c.mp4", "It ends early."),
    ]
    assert warehouse.failures_of("another") == []


def test_a_run_that_was_never_begun_cannot_be_finished(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit()
    with pytest.raises(RunError, match="nobody is not in"):
        warehouse.finish_run("nobody")


def test_a_run_keeps_its_settings(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse  # that a run begins with
    settings = {"annotator": "measured", "sampling": {"seconds": 0.1, "frames": 32}, "text": "\u00fc'\n\""}
    warehouse.start_run(replace(run_record(), settings=json.dumps(settings)))
    done = warehouse.finish_run("run")
    assert json.loads(done.settings) == settings
    assert done.finished_at is not None
    assert done.finished_at >= done.started_at


@pytest.mark.in_gate("duckdb")
def test_a_staged_row_without_its_key_commits_nothing_of_its_attempt(
    warehouse: Warehouse, stage: Stage
) -> None:
    stage.commit(record("a.mp4"))
    whole, lacking = stage.manifest(record("b.mp4"), split("b.mp4", 1)), record("c.mp4").to_row()
    files = stage.file("motion", [lacking | {"uri": None}], MOTION_SCHEMA)
    with pytest.raises(RunError, match=r"uri") as caught:
        warehouse.commit(replace(whole, motion_files=whole.motion_files + files, annotated=2))
    assert "\n" not in str(caught.value)
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/a.mp4",)]
    assert warehouse.query("SELECT * FROM splits").rows == []


@pytest.mark.in_gate("duckdb")
def test_a_staged_file_that_is_gone_commits_nothing_of_its_attempt(
    warehouse: Warehouse, stage: Stage
) -> None:
    whole = stage.manifest(record("b.mp4"))
    gone = whole.motion_files[0].replace("motion-", "gone-")
    with pytest.raises(RunError) as caught:
        warehouse.commit(replace(whole, motion_files=(*whole.motion_files, gone), annotated=2))
    assert "\n" not in str(caught.value)
    assert warehouse.query("SELECT * FROM motion").rows == []


@pytest.mark.in_gate("duckdb")
def test_commits_side_by_side_all_arrive(warehouse: Warehouse, stage: Stage) -> None:
    warehouse.start_run(run_record())
    manifests = [stage.manifest(record(f"{i}.mp4"), split(f"{i}.mp4", 1)) for i in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(warehouse.commit, manifests))
    assert warehouse.finish_run("run").annotated == 6
    assert len(warehouse.query("SELECT * FROM motion").rows) == 6


@pytest.mark.in_gate("duckdb")
def test_tracks_have_the_checked_captions_of_the_run_that_wrote_them(
    warehouse: Warehouse, stage: Stage
) -> None:
    tracks = tuple(replace(record().object_tracks[0], track_id=number) for number in range(1, 5))
    row = replace(record(), object_tracks=tracks)
    of_row: dict[str, Any] = {"clip_id": row.clip_id, "uri": row.uri}
    stage.commit(
        row,
        instance(1, **of_row),
        instance(2, checked=False, **of_row),
        instance(3, run_id="before", **of_row),
        instance(4, recipe="r2", **of_row),
    )
    told = "SELECT track_id, appearance, motion_caption FROM object_tracks ORDER BY track_id"
    assert warehouse.query(told).rows == [
        (1, "a brown dog", "It runs in from the right."),
        (2, None, None),
        (3, None, None),
        (4, None, None),
    ]


def test_migrations_are_numbered_and_each_is_applied_once(new_warehouse: Warehouse) -> None:
    warehouse, stage = new_warehouse, Stage(new_warehouse)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: warehouse.save_partitions([partition(0)]), range(4)))
    stage.commit(record())
    rows = warehouse.query("SELECT number, name FROM migrations ORDER BY number").rows
    assert rows == [(migration.number, migration.name) for migration in MIGRATIONS]
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
