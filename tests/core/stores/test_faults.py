"""Stores that fail, break off, stall and answer nonsense: what is retried, and what is said in the end."""

from __future__ import annotations

import random
import time
import traceback

import pytest
from tenacity import RetryCallState

from motionsight_core.errors import MotionSightError, RunError, StoreUnavailable, VersionGone
from motionsight_core.stores import (
    _cloud,
    _pinned,
    _retry,
    list_objects,
)
from tests.core.stores.proxy import (
    Answer,
    Fault,
    Request,
    breaks_off,
    busy,
    drops,
    passes,
    silent,
    throttled,
    trickles,
)
from tests.core.stores.test_stores import ranges_of
from tests.core.stores.ways import Way

CONTENT = bytes(range(256)) * 4 * 300  # 300 KiB: some pieces of 64 KiB


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tries after which somebody paused; nobody waits."""
    taken: list[int] = []

    def wait(state: RetryCallState) -> float:
        taken.append(state.attempt_number - 1)
        return 0.0

    monkeypatch.setattr(_retry, "PAUSES", wait)
    return taken


def is_listing(request: Request) -> bool:
    return any(word in request.path for word in ("list-type", "maxResults", "max-keys"))


def is_anything(_: Request) -> bool:
    return True


def is_media(request: Request) -> bool:
    """Whether an object's bytes are asked for, not what there is to say about it."""
    path = request.path.partition("?")[0]
    return request.command == "GET" and path.endswith("a.mp4") and not path.startswith("/storage")


@pytest.mark.parametrize("fault", [busy, throttled, drops, breaks_off])
def test_a_store_that_fails_twice_is_asked_a_third_time(way: Way, fault: Fault, pauses: list[int]) -> None:
    way.place.put("a.mp4", CONTENT)
    way.proxy.go_wrong(fault, fault)
    video = way.video()
    assert pauses == [0, 1]
    pauses.clear()
    way.proxy.go_wrong(fault, fault)
    assert way.content(video) == CONTENT
    assert len(pauses) == 2


@pytest.mark.parametrize("fault", [busy, drops, breaks_off])
def test_a_download_that_fails_in_the_middle_is_asked_for_again(
    way: Way, fault: Fault, pauses: list[int]
) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    way.proxy.go_wrong(fault, fault, on=is_media)
    assert way.content(video) == CONTENT
    assert pauses == [0, 1]


def test_a_download_goes_on_where_the_connection_broke(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    way.proxy.go_wrong(breaks_off, on=is_media)
    way.proxy.seen.clear()
    assert way.content(video) == CONTENT
    whole, rest = [request.headers["Range"] for request in way.proxy.seen if is_media(request)]
    assert whole in (None, f"bytes=0-{len(CONTENT) - 1}")
    start = int(rest.removeprefix("bytes=").split("-")[0])
    assert 0 < start <= len(CONTENT) // 2


def test_tries_that_bring_something_are_not_counted_as_failed(
    way: Way, pauses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pinned, "_HEADWAY_BYTES", 1)
    content = CONTENT * 8  # so that each half is more than the pieces of 64 KiB that are lost with it
    way.place.put("a.mp4", content)
    video = way.video()
    way.proxy.go_wrong(*[breaks_off] * 4, on=is_media)
    assert way.content(video) == content
    assert pauses == [0, 0, 0, 0]


def test_a_store_that_goes_on_failing_is_unavailable(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    way.proxy.go_wrong(*[busy] * 100)
    way.proxy.seen.clear()
    with pytest.raises(StoreUnavailable, match="the store answered 503") as reading:
        way.content(video)
    assert not reading.value.permanent
    assert len(way.proxy.seen) == 3
    with pytest.raises(RunError, match=r"bucket-.* cannot be listed: the store answered 503"):
        way.names()


def test_a_store_where_nobody_listens_does_not_answer(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    nobody = "http://127.0.0.1:9"
    nowhere = way.with_settings(s3_endpoint=nobody, gs_endpoint=nobody)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        nowhere.content(video)
    with pytest.raises(RunError, match="does not answer"):
        nowhere.names()


GIVEN_UP = (
    r"store (sent less than 64 KiB in 0\.3 s|gave no whole answer in 0\.3 s|does not answer \(\w+\))\.$"
)


@pytest.mark.parametrize("fault", [trickles, silent])
def test_what_stalls_is_given_up_in_one_sentence(way: Way, fault: Fault) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    impatient = way.with_settings(stall_s=0.3, retries=0)
    for where in (is_media, is_anything):
        way.proxy.go_wrong(*[fault] * 9, on=where)
        with pytest.raises(StoreUnavailable, match=GIVEN_UP):
            impatient.content(video)
    with pytest.raises(RunError, match=GIVEN_UP):
        impatient.names()


def test_what_stalls_once_is_read_by_another_connection(way: Way, pauses: list[int]) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    way.proxy.go_wrong(trickles, on=is_media)
    assert way.with_settings(stall_s=1.0, retries=9).content(video) == CONTENT
    assert pauses


def test_a_listing_that_fails_half_way_goes_on_by_itself(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cloud, "PAGE_SIZE", 3)
    expected = [f"{number:02}.mp4" for number in range(10)]
    for name in expected:
        way.place.put(name, b"x")
    way.proxy.go_wrong(passes, passes, busy, breaks_off, passes, drops, on=is_listing)
    assert way.names() == expected


def test_a_listing_that_fails_half_way_for_good_says_where_it_can_go_on(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cloud, "PAGE_SIZE", 3)
    expected = [f"{number:02}.mp4" for number in range(10)]
    for name in expected:
        way.place.put(name, b"x")
    listing = list_objects(way.place.address, settings=way.settings)
    found = [next(listing)]
    way.proxy.go_wrong(*[busy] * 100)
    with pytest.raises(RunError, match="the store answered 503") as failure:
        found += listing
    last = found[-1].uri
    assert f"The listing can go on after {last!r}." in str(failure.value)
    way.proxy.go_wrong()
    got = [item.uri.removeprefix(way.place.address) for item in found]
    assert got + way.names(after=got[-1]) == expected


def test_ranges_outlast_broken_connections_and_end_with_the_version(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    way.proxy.go_wrong(busy, breaks_off, on=is_media)
    with ranges_of(video, way.settings) as ranges:
        assert ranges.read(1000, 100_000) == CONTENT[1000:101_000]
    with ranges_of(video, way.settings) as ranges:
        way.place.put("a.mp4", b"other")
        if way.place.keeps_versions:
            assert ranges.read(0, 10) == CONTENT[:10]
        else:
            with pytest.raises(VersionGone):
                ranges.read(0, 10)


@pytest.mark.parametrize("way", ["gs"], indirect=True)
def test_bytes_that_are_not_those_of_the_checksum_are_not_taken(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()

    def spoils(request: Request, answer: Answer) -> None:
        answer.body = answer.body[:-1] + b"!"
        passes(request, answer)

    way.proxy.go_wrong(spoils, on=is_media)
    with pytest.raises(StoreUnavailable, match="checksum"):
        way.content(video)
    assert way.content(video) == CONTENT, "and not kept"


def test_a_store_that_takes_no_notice_of_ranges_is_not_believed(way: Way) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()

    def half_and_then_all(request: Request, answer: object) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        request.wfile.write(CONTENT)

    way.proxy.go_wrong(breaks_off, half_and_then_all, on=is_media)
    with pytest.raises(StoreUnavailable, match="more of the object than was asked for"):
        way.content(video)


@pytest.mark.parametrize("status", [400, 401, 403, 418, 500])
def test_what_was_sent_to_a_store_that_repeats_it_is_in_no_message(
    way: Way, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.place.put("a.mp4", CONTENT)
    video = way.video()
    monkeypatch.setattr("motionsight_core.stores._s3_client._clients", {})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUSHHUSH")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hushhush")

    def repeats(request: Request, _: object) -> None:
        said = "<Error><Code>Hm</Code><Message>" + str(request.headers) + "</Message></Error>"
        request.send_response(status, "You said: " + " ".join(map(str, request.headers.values())))
        request.send_header("Content-Length", str(len(said.encode())))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(said.encode())

    for fail in (way.names, lambda: way.content(video)):
        way.proxy.go_wrong(*[repeats] * 20)
        with pytest.raises(MotionSightError) as failure:
            fail()
        told = "".join(traceback.format_exception(failure.value)).lower()
        assert "hush" not in told
        assert "authorization" not in told
        assert "signature" not in told


def test_pauses_double_up_to_twenty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise _retry.Broken

    monkeypatch.undo()
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    with pytest.raises(_retry.Broken):
        _retry.with_retries(broken, retries=7)
    assert slept == [1, 2, 4, 8, 16, 20, 20]
