"""Objects that a store treats in a way of its own: archived, compressed, or paid for by their readers."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from motionsight_core.errors import (
    Archived,
    NotAVideo,
    RunError,
    StoreUnavailable,
    UsageError,
    permanent_names,
)
from motionsight_core.planning.candidates import is_video
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import Candidate, list_objects, open_object, read_head
from tests.core.stores.proxy import Answer, Request
from tests.core.stores.servers import GcsBucket, Place, S3Bucket
from tests.core.stores.test_stores import content, ranges_of, the_video
from tests.core.stores.ways import Way


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
@pytest.mark.parametrize("kind", ["s3", "s3_versioned"])
def test_an_archived_object_is_a_failure_of_its_own_until_it_is_restored(
    kind: str, storage_class: str, new_place: Callable[[str], Place]
) -> None:
    bucket = new_place(kind)
    assert isinstance(bucket, S3Bucket)
    bucket.put("a.mp4", b"bytes", storage_class=storage_class)
    video = the_video(bucket.address)
    by_ranges = StoreSettings(range_reads_above_mb=0)
    for settings in (StoreSettings(), by_ranges):
        with (
            pytest.raises(Archived, match="must be restored before it can be read") as refused,
            open_object(video, settings=settings) as file,
        ):
            file.read()
        assert "s3:GetObject" not in str(refused.value)
        assert "--retry-failures --error Archived" in str(refused.value)
    bucket.restore("a.mp4")
    assert content(video) == b"bytes"


def test_an_archived_object_is_not_tried_again_by_itself() -> None:
    assert "Archived" in permanent_names()


@pytest.mark.parametrize("storage_class", ["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"])
def test_storage_classes_that_are_read_at_once_are_read(
    storage_class: str, new_place: Callable[[str], Place]
) -> None:
    bucket = new_place("s3")
    assert isinstance(bucket, S3Bucket)
    bucket.put("a.mp4", b"bytes", storage_class=storage_class)
    assert content(the_video(bucket.address)) == b"bytes"


def pays(request: Request) -> bool:
    return request.headers.get("x-amz-request-payer") == "requester" or "userProject=payer" in request.path


def asks_for_payer(request: Request, answer: Answer) -> None:
    """What a bucket answers whose requester pays, to a request that takes no cost on itself."""
    if request.path.startswith("/storage"):
        body = (
            b'{"error": {"code": 400, "message": "Bucket is a requester pays bucket but no user project '
            b'provided.", "errors": [{"reason": "required", "domain": "global", "message": "Bucket is a '
            b'requester pays bucket but no user project provided."}]}}'
        )
        request.send_response(400)
        request.send_header("Content-Type", "application/json")
    else:
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        request.send_response(403)
        request.send_header("Content-Type", "application/xml")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def concerns_payment(request: Request) -> bool:
    # Amazon knows no payer for this one request; who is not the owner may not ask it at all.
    return not pays(request) and "versioning" not in request.path


def test_a_bucket_whose_requester_pays_is_listed_and_read_where_the_settings_say_so(way: Way) -> None:
    way.place.put("a.mp4", b"bytes")
    way.proxy.go_wrong(*[asks_for_payer] * 100, on=concerns_payment)
    paying = way.with_settings(s3_requester_pays=True, gs_user_project="payer")
    video = paying.video()
    with ranges_of(video, paying.settings) as ranges:
        assert ranges.read(1, 2) == b"yt"
    assert paying.content(video) == b"bytes"


def test_without_the_setting_the_sentence_names_it(way: Way) -> None:
    way.place.put("a.mp4", b"bytes")
    video = way.video()
    way.proxy.go_wrong(*[asks_for_payer] * 100, on=concerns_payment)
    setting = r"stores\.(s3_requester_pays=true|gs_user_project)"
    with pytest.raises((RunError, UsageError), match=setting):
        way.names()
    if isinstance(way.place, GcsBucket):  # the head of an S3 object has no body to say why
        with pytest.raises(StoreUnavailable, match=setting):
            way.content(video)


def test_nobody_pays_who_was_not_told_to(way: Way) -> None:
    way.place.put("a.mp4", b"bytes")
    assert way.content(way.video()) == b"bytes"
    assert not any(pays(request) for request in way.proxy.seen)


@pytest.mark.parametrize("encoding", ["gzip", "aws-chunked,gzip"])
def test_a_compressed_object_is_one_sentence(cloud: Place, encoding: str) -> None:
    assert isinstance(cloud, GcsBucket | S3Bucket)
    cloud.put("a.mp4", gzip.compress(b"bytes" * 1000), encoding=encoding)
    video = the_video(cloud.address)
    with pytest.raises(NotAVideo, match=r"is stored compressed .*; store it uncompressed"):
        content(video)
    with pytest.raises(NotAVideo), ranges_of(video):
        pass


def test_the_beginning_of_a_compressed_object_says_that_it_is_no_video(cloud: Place) -> None:
    assert isinstance(cloud, GcsBucket | S3Bucket)
    compressed = gzip.compress(b"{}")
    cloud.put("log.json", compressed, encoding="gzip")
    (candidate,) = list_objects(cloud.address, settings=StoreSettings(all_files=True))
    assert isinstance(candidate, Candidate)
    assert read_head(candidate.object, 4) == compressed[:4]
    assert not is_video(candidate, StoreSettings())


@pytest.mark.parametrize("stored", [b"", b"\x1f", b"bytes of a video"])
def test_an_object_that_is_only_said_to_be_compressed_is_read(cloud: Place, stored: bytes) -> None:
    assert isinstance(cloud, GcsBucket | S3Bucket)
    cloud.put("a.mp4", stored, encoding="gzip")
    assert content(the_video(cloud.address)) == stored


def test_compressed_bytes_without_a_word_about_it_are_bytes_like_others(cloud: Place) -> None:
    stored = gzip.compress(b"bytes")
    cloud.put("a.mp4", stored)
    assert list(list_objects(cloud.address)) == [the_video(cloud.address)]
    assert content(the_video(cloud.address)) == stored
