"""What is particular to remote stores: prefixes, pages, hostile names, and what goes wrong there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import NotAVideo, RunError, UsageError, VersionGone
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.stores import _cloud, _gcs_client, _s3, _s3_client, list_objects, open_object, store_for
from motionsight_core.stores._cloud import CloudAddress, CloudStore
from motionsight_core.video.decoding import decode
from tests.core.stores.conftest import CLOUDS
from tests.core.stores.servers import Place, S3Bucket, environment_of
from tests.core.stores.test_stores import content, names, the_video
from tests.videos import moving_texture, write_video

DEPLOY = Path(__file__).parents[3] / "deploy"
CONTROLS = set(map(chr, range(32)))
HOSTILE_NAMES = (
    "new\nline.mp4",
    "quo'te\".mp4",
    "../../etc/passwd.mp4",
    "a//b.mp4",
    "/slash.mp4",
    "#?&=%2F%00.mp4",
    "a%2Fb.mp4",
    "a+b c.mp4",
    "[brackets]*.mp4",
    "ünïcode ✓.mp4",
    "e\u0301 is not \xe9.mp4",
    "\U0001f600.mp4",
    "\u202egnp.mp4",
    "tab\tbell\x07.mp4",
    "-rf.mp4",
    "s3://elsewhere/a.mp4",
    "x" * 996 + ".mp4",
)


def test_an_address_is_an_object_or_a_folder_or_else_the_beginning_of_names(cloud: Place) -> None:
    for name in ("2024/a.mp4", "2025/a.mp4", "2025/b.mp4", "2025-b/a.mp4", "placeholder.mp4/"):
        cloud.put(name, b"x")
    assert names(cloud.address + "2025/") == ["a.mp4", "b.mp4"]
    assert names(cloud.address + "2025") == ["/a.mp4", "/b.mp4"]
    assert names(cloud.address + "2025/a.mp4") == [""]
    assert names(cloud.address + "202") == ["4/a.mp4", "5-b/a.mp4", "5/a.mp4", "5/b.mp4"]
    assert names(cloud.address.rstrip("/")) == [
        f"/{name}" for name in ("2024/a.mp4", "2025-b/a.mp4", "2025/a.mp4", "2025/b.mp4")
    ]


def test_a_listing_asks_for_the_next_page_only_when_it_is_needed(
    cloud: Place, requests_sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cloud, "PAGE_SIZE", 3)
    expected = [f"{number:02}.mp4" for number in range(10)]
    for name in expected:
        cloud.put(name, b"x")
    requests_sent.clear()
    listing = list_objects(cloud.address)
    assert requests_sent == []
    first = list(islice(listing, 3))
    before = list(requests_sent)
    rest = list(listing)
    assert [item.uri.removeprefix(cloud.address) for item in first + rest] == expected
    # 10 objects are 4 pages of 3. Before the first, S3 is asked whether the bucket keeps versions, and
    # whether they may be listed; a page ahead, or one asked for twice, is still a stream.
    assert len(before) <= 4, requests_sent
    assert len(requests_sent[len(before) :]) >= 2, requests_sent


def test_hostile_names_are_only_names(cloud: Place, cache: Path) -> None:
    # The S3 server's own routes end at a line's end, and its XML holds no control characters.
    hostile = [name for name in HOSTILE_NAMES if cloud.address.startswith("gs") or not CONTROLS & set(name)]
    for name in hostile:
        cloud.put(name, name.encode())
    assert names(cloud.address) == sorted(hostile, key=str.encode)
    for item in list_objects(cloud.address):
        assert isinstance(item, VideoObject)
        assert content(item) == item.uri.removeprefix(cloud.address).encode()
    kept = list(cache.rglob("*"))
    assert len(kept) >= len(hostile)
    assert all(path.parent == cache for path in kept)


def test_a_listing_begins_after_any_text_and_asks_for_nothing_before_it(
    cloud: Place, requests_sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cloud, "PAGE_SIZE", 3)
    for number in range(10):
        cloud.put(f"{number:02}.mp4", b"x")
    cloud.delete("05.mp4")
    assert names(cloud.address, after=cloud.address + "04.mp5") == [
        f"0{number}.mp4" for number in (6, 7, 8, 9)
    ]
    assert names(cloud.address + "0", after=cloud.address) == [f"{n}.mp4" for n in range(10) if n != 5]
    requests_sent.clear()
    assert names(cloud.address, after=cloud.address + "07.mp4") == ["08.mp4", "09.mp4"]
    pages = [
        request for request in requests_sent if "delimiter" not in request and "versioning" not in request
    ]
    assert len([page for page in pages if "max-keys=1&" not in page]) == 1, requests_sent


def test_since_is_inclusive_and_until_is_not_by_the_stores_clock(cloud: Place) -> None:
    cloud.put("a.mp4", b"x")
    store = store_for(cloud.address)
    assert isinstance(store, CloudStore)
    (entry,) = store.lister(store.parse(cloud.address))("", "", None).entries
    then = datetime.fromtimestamp(entry.modified_s, UTC)
    assert names(cloud.address, since=then, until=then + timedelta(seconds=1)) == ["a.mp4"]
    assert names(cloud.address, until=then) == []
    assert names(cloud.address, since=then + timedelta(seconds=1)) == []


def test_an_object_is_downloaded_once(cloud: Place, requests_sent: list[str]) -> None:
    cloud.put("a.mp4", b"bytes")
    video = the_video(cloud.address)
    assert content(video) == b"bytes"
    requests_sent.clear()
    assert content(video) == b"bytes"
    assert requests_sent == []


def test_what_changes_between_asking_and_downloading_is_not_taken(cloud: Place, tmp_path: Path) -> None:
    cloud.put("a.mp4", b"first")
    video = the_video(cloud.address)
    store = store_for(video.uri)
    assert isinstance(store, CloudStore)
    pinned = store.pin(video)
    cloud.put("a.mp4", b"other")
    with (tmp_path / "downloaded").open("w+b") as file:
        if not cloud.keeps_versions:
            with pytest.raises(VersionGone):
                pinned.save(file)
            return
        pinned.save(file)
        file.seek(0)
        assert file.read() == b"first"


def test_a_bucket_that_keeps_versions_lists_the_newest_ones_only(new_place: Callable[[str], Place]) -> None:
    bucket = new_place("s3_versioned")
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        bucket.put(name, b"old")
    bucket.put("b.mp4", b"new")
    bucket.delete("c.mp4")
    assert names(bucket.address) == ["a.mp4", "b.mp4"]
    assert [content(item) for item in list_objects(bucket.address) if isinstance(item, VideoObject)] == [
        b"old",
        b"new",
    ]


def test_a_version_that_is_overwritten_in_place_is_pinned_by_its_etag(
    new_place: Callable[[str], Place],
) -> None:
    bucket = new_place("s3")
    assert isinstance(bucket, S3Bucket)
    bucket.put("a.mp4", b"first")
    unversioned = the_video(bucket.address)
    bucket.set_versioning("Enabled")
    assert the_video(bucket.address) == unversioned, "its version id would be null"
    bucket.put("a.mp4", b"other")
    with pytest.raises(VersionGone):
        content(unversioned)


def test_who_may_not_list_versions_gets_etags(new_place: Callable[[str], Place]) -> None:
    from botocore.stub import Stubber

    new_place("s3")
    client = _s3_client.s3_client(StoreSettings())
    with Stubber(client) as stub:
        stub.add_client_error("get_bucket_versioning", "AccessDenied", http_status_code=403)
        assert not _s3._keeps_versions(client, CloudAddress("bucket", ""))


@pytest.mark.parametrize("kind", CLOUDS)
@pytest.mark.parametrize("read", ["downloaded", "by ranges"])
def test_a_guarded_process_decodes_it_like_a_local_file_without_knowing_the_store(
    kind: str, read: str, new_place: Callable[[str], Place], tmp_path: Path, cache: Path
) -> None:
    path = write_video(tmp_path / "clip.mp4", moving_texture(30))
    (local,) = list_objects(str(path))
    assert isinstance(local, VideoObject)
    limit_mb = 256 if read == "downloaded" else 0
    settings = Settings.load(
        overrides=["runtime.decode_processes=1", f"stores.range_reads_above_mb={limit_mb}"], environment={}
    )
    with DecoderPool(settings) as decoder:
        duration_s = decoder.probe(local)  # the process starts, before there is a way to the store
        place = new_place(kind)
        place.put("clip.mp4", path.read_bytes())
        place.put("text.mp4", b"no video at all")
        remote, text = list_objects(place.address)
        assert isinstance(remote, VideoObject)
        assert isinstance(text, VideoObject)
        assert decoder.probe(remote) == duration_s
        found = decoder.decode(Clip(remote.uri, remote.version, 0.0, duration_s))
        with pytest.raises(NotAVideo):
            decoder.probe(text)
        with pytest.raises(VersionGone):
            decoder.probe(VideoObject(remote.uri, "12345"))
    expected = decode(Clip(local.uri, local.version, 0.0, duration_s), settings)
    for ours, theirs in ((found.sampled, expected.sampled), (found.blurred, expected.blurred)):
        assert ours is not None
        assert theirs is not None
        assert (ours.pixels == theirs.pixels).all()
        assert (ours.times_s == theirs.times_s).all()
    assert found.motion is not None
    assert expected.motion is not None
    assert found.motion.camera_moves == expected.motion.camera_moves
    assert found.clip.uri == remote.uri
    kept = [path for path in cache.iterdir() if path.name != "space.lock"]
    assert bool(kept) == (read == "downloaded")


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_without_credentials_it_says_how_to_get_some(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in environment_of(gcs="", s3=""):
        monkeypatch.delenv(name, raising=False)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    nowhere = {"HOME", "CLOUDSDK_CONFIG", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    for name in nowhere:
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    # Else both ask the cloud's own machine for its account.
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for store in (_gcs_client, _s3_client):
        monkeypatch.setattr(store, "_clients", {})
    with pytest.raises(RunError, match=rf"no credentials to list {scheme}://bucket: (run `gcloud|set AWS)"):
        names(f"{scheme}://bucket/clips")


@pytest.mark.parametrize(
    ("scheme", "package", "extra"), [("gs", "google.cloud.storage", "gcp"), ("s3", "boto3", "aws")]
)
def test_without_its_package_it_says_what_to_install(
    scheme: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RunError, match=rf"pip install 'motionsight\[{extra}\]'"):
        names(f"{scheme}://bucket/clips")
    with pytest.raises(RunError), open_object(VideoObject(f"{scheme}://bucket/a.mp4", "1")):
        pass


def test_an_address_without_a_bucket_is_a_usage_error() -> None:
    for source in ("gs://", "s3:///a.mp4"):
        with pytest.raises(UsageError, match="names no bucket"):
            names(source)


@pytest.mark.parametrize("source", ["gs://-no-bucket-/a.mp4", "s3://no bucket/a.mp4"])
def test_a_bucket_that_cannot_be_is_a_usage_error(source: str, new_place: Callable[[str], Place]) -> None:
    new_place("gs")
    with pytest.raises(UsageError, match="not a valid bucket"):
        names(source)


def test_neither_client_library_is_imported_for_local_files() -> None:
    program = (
        "import sys, motionsight_core.stores\n"
        "assert not {'google.cloud.storage', 'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_roles_that_are_handed_out_allow_what_the_sentences_ask_for_and_no_more() -> None:
    policy = json.loads((DEPLOY / "aws" / "read-bucket.json").read_text())
    actions = {
        action
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert actions == {
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetBucketVersioning",
        "s3:GetObject",
        "s3:GetObjectVersion",
    }
    role = (DEPLOY / "gcp" / "storage-reader.yaml").read_text()
    assert {line.strip("- ") for line in role.splitlines() if line.startswith("  - ")} == {
        "storage.objects.get",
        "storage.objects.list",
    }
