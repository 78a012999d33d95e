"""AnnotateNotifications and AnnotateSource: from notifications, or from a source, into the warehouse."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.testing.test_stream import TestStream as Stream
from apache_beam.transforms.window import TimestampedValue

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, UnreadableNotification
from motionsight_core.planning.notifications import notified_video
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.warehouse import Manifest, Warehouse, open_warehouse
from motionsight_core.warehouse._duckdb import DuckDBWarehouse
from tests.core.stores.servers import GcsBucket, environment_of
from tests.transforms.notified import notification
from tests.videos import moving_texture, write_video
from transforms import AnnotateNotifications, AnnotateSource, Job, begin_run
from transforms._commit import _attempt_of
from transforms.runners import local_options

SETTINGS = Settings.load(environment={})


@pytest.fixture
def bucket(gcs_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GcsBucket:
    for name, value in environment_of(gcs=gcs_url, s3="").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOTIONSIGHT_CACHE", str(tmp_path / "cache"))
    return GcsBucket(gcs_url, f"bucket-{uuid.uuid4().hex}")


@pytest.fixture
def video(tmp_path: Path) -> Callable[[int], bytes]:
    """The bytes of a video that no other seed gives."""

    def make(seed: int) -> bytes:
        return write_video(tmp_path / f"{seed}.mp4", moving_texture(30, seed=seed)).read_bytes()

    return make


@pytest.fixture
def job(tmp_path: Path) -> Job:
    chosen = Job("run", f"duckdb:{tmp_path / 'motion.duckdb'}", SETTINGS, every_s=60)
    begin_run(chosen, "test")
    return chosen


def put(bucket: GcsBucket, name: str, content: bytes) -> VideoObject:
    """Write an object, and say which one it is."""
    bucket.put(name, content)
    (video,) = list_objects(bucket.address + name)
    assert isinstance(video, VideoObject)
    return video


def told(video: VideoObject, **more: Any) -> PubsubMessage:
    bucket, _, name = video.uri.removeprefix("gs://").partition("/")
    return notification(bucket, name, video.version, **more)


def run(stream: Stream, job: Job) -> Warehouse:
    """Let the stream run to its end; the warehouse with what came of it."""
    # Of Beam's own runners in Python this one plays test streams.
    options = PipelineOptions([], streaming=True)
    with beam.Pipeline(runner=BundleBasedDirectRunner(), options=options) as pipeline:
        _ = pipeline | stream | AnnotateNotifications(job)
    return open_warehouse(job.warehouse)


def waited(stream: Stream) -> Stream:
    """So much later that all that waits to be batched is through."""
    # The stream's clock begins at 0, and waits end at times of this machine's clock.
    stream = stream.advance_processing_time(int(time.time()))
    for _ in range(5):
        stream = stream.advance_processing_time(3600)
    return stream


def ended(stream: Stream) -> Stream:
    return waited(stream).advance_watermark_to_infinity()


def rows_of(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return sorted(warehouse.query("SELECT uri, version FROM motion").rows)


def failures_of(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return sorted(warehouse.query("SELECT uri, version, stage, error FROM failures").rows)


def test_a_stream_of_notifications_ends_in_exact_rows(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    old = put(bucket, "overwritten.mp4", video(1))
    new = put(bucket, "overwritten.mp4", video(2))
    first, late = put(bucket, "first.mp4", video(3)), put(bucket, "late/clip.MOV", video(4))
    hostile = put(bucket, "playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    text = put(bucket, "notes.txt", b"no video")
    stray = PubsubMessage(b'{"hello": "\x00world"}', {"from": "elsewhere"}, message_id="99")
    stream = (
        Stream()
        .advance_watermark_to(1000)
        .add_elements([told(first), told(old, number=2), stray, told(text, number=3)])
        .advance_watermark_to(1060)
        .add_elements([told(first), told(new, number=4), told(hostile, number=5)])
        .advance_watermark_to(9000)  # long after what is late was published
        .add_elements([TimestampedValue(told(late, number=6), 1010), told(first)])
        .add_elements([told(first, event="OBJECT_DELETE", number=7)])
    )
    warehouse = run(ended(stream), job)
    assert rows_of(warehouse) == sorted((item.uri, item.version) for item in (first, new, late))
    taken = warehouse.query("SELECT clip_id, uri FROM fingerprints").rows
    assert sorted(taken) == sorted(warehouse.query("SELECT clip_id, uri FROM motion").rows)
    assert failures_of(warehouse) == sorted(
        [
            (old.uri, old.version, "plan", "VersionGone"),
            (hostile.uri, hostile.version, "plan", "ForbiddenProtocol"),
            ("pubsub:99", "99", "list", "UnreadableNotification"),
        ]
    )
    ((message,),) = warehouse.query("SELECT message FROM failures WHERE uri = 'pubsub:99'").rows
    assert "eventType" in message
    assert '{"hello": "?world"}' in message


@pytest.mark.long
def test_objects_whose_names_say_nothing_are_looked_into_where_that_is_asked_for(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    asking = replace(job, settings=Settings.load(overrides=["stores.all_files=true"], environment={}))
    named, nameless = put(bucket, "in/first.mp4", video(1)), put(bucket, "in/0f3a", video(2))
    text = put(bucket, "in/notes.txt", b"no video")
    stream = Stream().add_elements([told(named), told(nameless, number=2), told(text, number=3)])
    warehouse = run(ended(stream), asking)
    assert rows_of(warehouse) == sorted((item.uri, item.version) for item in (named, nameless))
    assert failures_of(warehouse) == []


@pytest.mark.long
def test_a_source_with_nameless_objects_is_annotated_by_one_job(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    chosen = Settings.load(overrides=["stores.all_files=true"], environment={})
    named, nameless = put(bucket, "in/first.mp4", video(1)), put(bucket, "in/0f3a", video(2))
    put(bucket, "in/notes.txt", b"no video")
    bounded = replace(job, run_id="bounded", every_s=None, settings=chosen)
    begin_run(bounded, f"{bucket.address}in/")
    with beam.Pipeline(runner=FnApiRunner(), options=local_options(chosen)) as pipeline:
        _ = pipeline | AnnotateSource(bounded, f"{bucket.address}in/")
    warehouse = open_warehouse(job.warehouse)
    assert rows_of(warehouse) == sorted((item.uri, item.version) for item in (named, nameless))
    assert failures_of(warehouse) == []


def test_rows_are_committed_while_the_stream_goes_on(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    first, second = (put(bucket, f"{number}.mp4", video(number)) for number in (1, 2))
    stream = Stream().add_elements([told(first)])
    stream = waited(stream).add_elements([told(second, number=2)])
    warehouse = run(ended(stream), job)
    assert len(rows_of(warehouse)) == 2
    # Fingerprints are there before the rows, and may be committed before them.
    assert warehouse.query("SELECT annotated FROM commits WHERE annotated > 0").rows == [(1,), (1,)]


@pytest.mark.long
def test_what_the_warehouse_has_is_left_out(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    first, second = (put(bucket, f"{number}.mp4", video(number)) for number in (1, 2))
    run(ended(Stream().add_elements([told(first)])), job)
    again = Job("again", job.warehouse, SETTINGS, every_s=60)
    warehouse = run(ended(Stream().add_elements([told(first), told(second, number=2)])), again)
    assert sorted(warehouse.query("SELECT uri, run_id FROM motion").rows) == [
        (first.uri, "run"),
        (second.uri, "again"),
    ]
    sums = "SELECT sum(annotated), sum(skipped) FROM commits WHERE run_id = 'again'"
    assert warehouse.query(sums).rows == [(1, 1)]


def test_parts_are_removed_once_they_are_committed(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    first = put(bucket, "first.mp4", video(1))
    run(ended(Stream().add_elements([told(first)])), job)
    assert Path(job.staging()).is_dir()
    assert list(Path(job.staging()).iterdir()) == []


def test_a_source_is_annotated_by_one_job_that_finishes_its_run(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    first, second = put(bucket, "in/first.mp4", video(1)), put(bucket, "in/second.mp4", video(2))
    broken = put(bucket, "in/text.mp4", b"no video")
    put(bucket, "out/other.mp4", video(3))
    warehouse = open_warehouse(job.warehouse)
    for run_id, counts in (("once", (2, 0, 1)), ("again", (0, 3, 0))):
        begin_run(replace(job, run_id=run_id, every_s=None), f"{bucket.address}in/")
        with beam.Pipeline(runner=FnApiRunner(), options=local_options(SETTINGS)) as pipeline:
            _ = pipeline | AnnotateSource(replace(job, run_id=run_id, every_s=None), f"{bucket.address}in/")
        told = "SELECT annotated, skipped, failed, finished_at IS NULL FROM runs WHERE run_id = "
        assert warehouse.query(f"{told} '{run_id}'").rows == [(*counts, False)]
    assert rows_of(warehouse) == sorted((item.uri, item.version) for item in (first, second))
    assert [failure[0] for failure in failures_of(warehouse)] == [broken.uri]


@pytest.mark.long
def test_clips_of_long_videos_are_known_too(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job
) -> None:
    long = put(bucket, "long.mp4", video(1))
    windows = Settings.load(environment={}, overrides=["clips.window_s=0.5"])
    windowed = replace(job, settings=windows)
    warehouse = run(ended(Stream().add_elements([told(long)])), windowed)
    ids = {clip_id for (clip_id,) in warehouse.query("SELECT clip_id FROM motion").rows}
    assert len(ids) == 3
    again = replace(windowed, run_id="again")
    begin_run(again, "test")
    warehouse = run(ended(Stream().add_elements([told(long)])), again)
    counts = "SELECT annotated, skipped FROM runs WHERE run_id = 'again'"
    assert warehouse.query(counts).rows == [(0, 3)]


def test_an_unreachable_warehouse_fails_the_bundle_and_no_clip(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job, tmp_path: Path
) -> None:
    first = put(bucket, "first.mp4", video(1))
    (tmp_path / "motion.duckdb").write_text("no database")
    with pytest.raises(RunError, match=r"Cannot open|failed"):
        run(ended(Stream().add_elements([told(first)])), job)


def test_a_commit_whose_bundle_fails_afterwards_counts_once(
    bucket: GcsBucket, video: Callable[[int], bytes], job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []
    commit = DuckDBWarehouse.commit

    def committing(self: DuckDBWarehouse, manifest: Manifest) -> None:
        commit(self, manifest)
        attempts.append(manifest.attempt_id)
        if len(attempts) == 1:
            raise RunError("The worker went away.")

    monkeypatch.setattr(DuckDBWarehouse, "commit", committing)
    first = put(bucket, "first.mp4", video(1))
    warehouse = run(ended(Stream().add_elements([told(first)])), job)
    assert attempts[0] == attempts[1]
    assert len(rows_of(warehouse)) == 1
    assert warehouse.query("SELECT annotated FROM runs").rows == [(1,)]


def test_the_same_contents_in_any_order_are_the_same_attempt() -> None:
    one, other = (_attempt_of("run", order) for order in (["a", "b"], ["b", "a"]))
    assert one == other != _attempt_of("run", ["a"])
    assert one != _attempt_of("again", ["a", "b"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eventType": None}, "eventType"),
        ({"bucketId": None}, "bucketId"),
        ({"bucketId": "../etc"}, "bucketId"),
        ({"objectId": None}, "objectId"),
        ({"objectGeneration": "latest"}, "objectGeneration"),
        ({"objectGeneration": "٣"}, "objectGeneration"),
    ],
)
def test_a_message_that_names_no_object_says_what_it_lacks(change: dict[str, str | None], said: str) -> None:
    attributes = {**(notification("bucket", "clip.mp4", "12").attributes or {}), **change}
    with pytest.raises(UnreadableNotification, match=said):
        notified_video({name: value for name, value in attributes.items() if value is not None})


@pytest.mark.parametrize("event", ["OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"])
def test_only_written_objects_count(event: str) -> None:
    assert notified_video(notification("bucket", "clip.mp4", "12", event=event).attributes) is None


@pytest.mark.parametrize("name", ["notes.txt", "folder/", ".hidden.mp4", "clips.mp4/readme", "mp4"])
def test_names_of_no_video_are_left_out(name: str) -> None:
    assert notified_video(notification("bucket", name, "12").attributes) is None


def test_a_name_is_data_whatever_characters_it_has() -> None:
    name = "a b/../'\"\n/ü%2F.mp4"
    found = notified_video(notification("bucket", name, "0012").attributes)
    assert found == VideoObject(f"gs://bucket/{name}", "12")
