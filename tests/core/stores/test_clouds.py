"""What is particular to remote stores: prefixes, pages, hostile names, and what goes wrong there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.decoding import decode
from motionsight_core.errors import NotAVideo, RunError, StoreUnavailable, UsageError, VersionGone
from motionsight_core.guard import GuardedDecoder
from motionsight_core.settings import Settings
from motionsight_core.stores import _gcs, _s3, list_objects, open_object, store_for
from motionsight_core.stores._cloud import CloudStore
from tests.core.stores.conftest import CLOUDS
from tests.core.stores.servers import Place, S3Bucket, environment_of
from tests.core.stores.test_stores import content, names, the_video
from tests.videos import moving_texture, write_video

HOSTILE_NAMES = (
    "new\nline.mp4",
    "quo'te\".mp4",
    "../../etc/passwd.mp4",
    "a//b.mp4",
    "/slash.mp4",
    "#?&=%2F%00.mp4",
    "[brackets]*.mp4",
    "ünïcode ✓.mp4",
    "x" * 996 + ".mp4",
)


def test_a_prefix_need_not_end_at_a_slash(cloud: Place) -> None:
    for name in ("2024/a.mp4", "2025/a.mp4", "2025/b.mp4", "2025-b/a.mp4", "placeholder.mp4/"):
        cloud.put(name, b"x")
    assert names(cloud.address + "2025/") == ["a.mp4", "b.mp4"]
    assert names(cloud.address + "2025") == ["-b/a.mp4", "/a.mp4", "/b.mp4"]
    assert names(cloud.address.rstrip("/")) == [
        f"/{name}" for name in ("2024/a.mp4", "2025-b/a.mp4", "2025/a.mp4", "2025/b.mp4")
    ]


def test_a_listing_asks_for_the_next_page_only_when_it_is_needed(
    cloud: Place, requests_sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_gcs, "PAGE_SIZE", 3)
    monkeypatch.setattr(_s3, "PAGE_SIZE", 3)
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
    # The S3 server's own routes end at a line's end.
    hostile = [name for name in HOSTILE_NAMES if cloud.address.startswith("gs") or "\n" not in name]
    for name in hostile:
        cloud.put(name, name.encode())
    assert names(cloud.address) == sorted(hostile, key=str.encode)
    for item in list_objects(cloud.address):
        assert isinstance(item, VideoObject)
        assert content(item) == item.uri.removeprefix(cloud.address).encode()
    assert all(path.parent == cache for path in cache.rglob("*"))


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
    download = store.ask(video)
    cloud.put("a.mp4", b"other")
    with (tmp_path / "downloaded").open("w+b") as file:
        if not cloud.keeps_versions:
            with pytest.raises(VersionGone):
                download.save(file)
            return
        download.save(file)
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
    client = _s3._client()
    with Stubber(client) as stub:
        stub.add_client_error("get_bucket_versioning", "AccessDenied", http_status_code=403)
        assert not _s3._keeps_versions(client, "bucket")


@pytest.mark.parametrize("kind", CLOUDS)
def test_a_guarded_process_decodes_it_like_a_local_file_without_knowing_the_store(
    kind: str, new_place: Callable[[str], Place], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "clip.mp4", moving_texture(30))
    (local,) = list_objects(str(path))
    assert isinstance(local, VideoObject)
    settings = Settings.load(overrides=["runtime.decode_processes=1"], environment={})
    with GuardedDecoder(settings) as decoder:
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


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The url of a server that answers everything in this way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_HEAD(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def lead_to(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a url both clouds' address."""

    def lead(url: str) -> None:
        for name, value in environment_of(gcs=url, s3=url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(_gcs, "_RETRY_S", 0.1)

    return lead


ANYWHERE = (VideoObject("gs://bucket/a.mp4", "1"), VideoObject("s3://bucket/a.mp4", "0" * 32))


@pytest.mark.parametrize("video", ANYWHERE, ids=lambda video: video.uri)
@pytest.mark.parametrize("status", [401, 403])
def test_forbidden_is_said_with_what_to_do_and_without_credentials(
    video: VideoObject, status: int, lead_to: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda request: request.send_error(status)) as url:
        lead_to(url)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
        with pytest.raises(RunError, match=r"(forbidden|no credentials).*(gcloud|AWS_PROFILE)") as listing:
            names(video.uri)
        with pytest.raises(StoreUnavailable, match=f"{status}|credentials") as reading:
            content(video)
    assert "hush" not in f"{listing.value}{reading.value}"


@pytest.mark.parametrize("video", ANYWHERE, ids=lambda video: video.uri)
def test_a_store_that_fails_is_unavailable(video: VideoObject, lead_to: Callable[[str], None]) -> None:
    with answering(lambda request: request.send_error(503)) as url:
        lead_to(url)
        with pytest.raises(RunError, match="bucket cannot be listed"):
            names(video.uri)
        with pytest.raises(StoreUnavailable):
            content(video)
    # Nobody listens there any more.
    with pytest.raises(RunError, match="does not answer"):
        names(video.uri)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        content(video)


def test_an_s3_download_goes_on_where_the_connection_broke(lead_to: Callable[[str], None]) -> None:
    whole = bytes(range(100))
    ranges: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked = request.headers["Range"]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        request.send_response(206 if asked else 200)
        request.send_header("ETag", f'"{"0" * 32}"')
        request.send_header("Content-Length", str(len(whole) - start))
        request.end_headers()
        if request.command == "GET":
            ranges.append(asked)
            assert request.headers["If-Match"] == f'"{"0" * 32}"'
            request.wfile.write(whole[start : start + 40])

    with answering(answer) as url:
        lead_to(url)
        assert content(VideoObject("s3://bucket/a.mp4", "0" * 32)) == whole
    assert ranges == [None, "bytes=40-", "bytes=80-"]


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
    for store in (_gcs, _s3):
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


def test_neither_client_library_is_imported_for_local_files() -> None:
    program = (
        "import sys, motionsight_core.stores\n"
        "assert not {'google.cloud.storage', 'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
