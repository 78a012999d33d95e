"""Which videos may be named: those below a root, and nothing else, however an address is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motionsight_core.errors import UsageError
from motionsight_core.serving import RequestError, Roots
from motionsight_core.settings import StoreSettings

INSIDE, OUTSIDE = b"inside", b"outside"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a video, and a secret beside it that links and steps up may lead to."""
    place = tmp_path_factory.mktemp("place")
    (place / "root" / "sub").mkdir(parents=True)
    (place / "root-of-others").mkdir()
    for path in (place / "root" / "a.mp4", place / "root" / "sub" / "b c%20d#1?.mp4"):
        path.write_bytes(INSIDE)
    for path in (place / "secret.mp4", place / "root-of-others" / "a.mp4"):
        path.write_bytes(OUTSIDE)
    (place / "root" / "out.mp4").symlink_to(place / "secret.mp4")
    (place / "root" / "up").symlink_to(place)
    (place / "root" / "in.mp4").symlink_to("sub/../a.mp4")
    (place / "root" / "loop").symlink_to("loop")
    (place / "linked").symlink_to("root")
    os.mkfifo(place / "root" / "pipe.mp4")
    return place


def content(roots: Roots, address: str) -> bytes:
    with roots.opened(address) as opened:
        assert opened.file is not None
        return opened.file.read()


@pytest.fixture(scope="module")
def roots(place: Path) -> Roots:
    return Roots([str(place / "root")], StoreSettings())


@pytest.mark.parametrize(
    "named",
    [
        "file://{}/root/a.mp4",
        "FILE://localhost{}/root/a.mp4",
        "file://{}/root/in.mp4",  # a link that stays below the root
        "file://{}/root//sub/./b c%20d#1?.mp4",
        "file://{}/root/sub/b c%20d#1?.mp4",  # as programs write it that do not encode
    ],
)
def test_a_video_below_a_root_is_opened(named: str, place: Path, roots: Roots) -> None:
    assert content(roots, named.format(place)) == INSIDE


def test_an_encoded_address_is_decoded(place: Path, roots: Roots) -> None:
    path = quote(str(place / "root" / "sub" / "b c%20d#1?.mp4"))
    assert content(roots, f"file://{path}") == INSIDE


def test_a_root_may_be_a_link(place: Path) -> None:
    roots = Roots([str(place / "linked")], StoreSettings())
    assert content(roots, f"file://{place}/linked/a.mp4") == INSIDE
    assert content(roots, f"file://{place}/root/a.mp4") == INSIDE


@pytest.mark.parametrize(
    "named",
    [
        "file://{}/secret.mp4",
        "file://{}/root/../secret.mp4",
        "file://{}/root/%2e%2e/secret.mp4",
        "file://{}/root/..%2fsecret.mp4",
        "file://{}/root/sub/../../secret.mp4",
        "file://{}/root-of-others/a.mp4",  # only its name begins as the root's
        "file://{}/root/out.mp4",
        "file://{}/root/up/secret.mp4",
        "file://{}/root/up/root/../secret.mp4",
        "file://{}/root/loop",
        "file://{}/root/pipe.mp4",
        "file://{}/root/sub",
        "file://{}/root",
        "file://{}/root/",
        "file://{}/root/a.mp4\0",
        "file://{}/root/a.mp4%00",
        "file://{}/root/\ud800.mp4",
        "file://{}/root/" + "x" * 300,
        "file://other-host{}/root/a.mp4",
        "file://127.0.0.1{}/root/a.mp4",
        "file:////etc/passwd",
        "file:///proc/self/environ",
        "file:///",
        "file://",
        "gs://bucket/a.mp4",
    ],
)
def test_nothing_else_is_opened_and_all_is_refused_in_the_same_words(
    named: str, place: Path, roots: Roots
) -> None:
    address = named.format(place)
    with pytest.raises(RequestError) as refused:
        content(roots, address)
    assert refused.value.status == 404
    assert refused.value.message == f"There is no video at {address!r} below a root of this server."


@pytest.mark.parametrize(
    "address", ["/root/a.mp4", "a.mp4", "", "http:/x", "file:/root/a.mp4", "file://" + "x" * 5000]
)
def test_an_address_of_no_form_that_is_known_is_refused(address: str, roots: Roots) -> None:
    with pytest.raises(RequestError) as refused:
        content(roots, address)
    assert refused.value.status == 400


def test_other_schemes_are_not_followed(roots: Roots) -> None:
    for address in ("http://127.0.0.1/a.mp4", "https://x/a", "concat://a", "s3://bucket/a", "ftp://x/y"):
        with pytest.raises(RequestError) as refused:
            content(roots, address)
        assert refused.value.status == 404


_PIECES = (
    *("..", ".", "", "root", "sub", "a.mp4", "up", "out.mp4", "secret.mp4"),
    *("%2e%2e", "%2f", "\0", "~", "\\"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=7), encoded=st.booleans())
def test_no_path_leads_outside(parts: list[str], encoded: bool, place: Path, roots: Roots) -> None:
    path = "/".join(["root", *parts])
    if encoded:
        path = quote(path, errors="replace")
    try:
        assert content(roots, f"file://{place}/{path}") == INSIDE
    except RequestError as error:
        assert error.status in (400, 404)


def test_a_link_that_is_put_there_after_the_look_leads_nowhere(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.mp4").write_bytes(INSIDE)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.mp4").write_bytes(OUTSIDE)
    roots = Roots([str(root)], StoreSettings())
    look: Any = os.path.realpath

    def swapped_after(path: str, **options: bool) -> str:
        found = look(path, **options)
        if path.endswith("a.mp4"):
            (root / "sub").rename(root / "old")
            (root / "sub").symlink_to(tmp_path / "elsewhere")
        return found

    monkeypatch.setattr(os.path, "realpath", swapped_after)
    with pytest.raises(RequestError):
        content(roots, f"file://{root}/sub/a.mp4")


def test_a_root_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        Roots([str(tmp_path / "nothing")], StoreSettings())
    with pytest.raises(UsageError, match="There is no object store for ftp"):
        Roots(["ftp://host/videos"], StoreSettings())


def test_objects_below_a_prefix_are_found_and_no_others(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=s3_url, region_name="us-east-1")
    client.create_bucket(Bucket="served")
    for name in ("clips/a.mp4", "clips/sub/b[1].mp4", "clips-of-others/a.mp4", "secret.mp4"):
        client.put_object(Bucket="served", Key=name, Body=b"x")
    roots = Roots(["s3://served/clips"], StoreSettings(s3_endpoint=s3_url, retries=0))
    for name in ("clips/a.mp4", "clips/sub/b[1].mp4"):
        with roots.opened(f"s3://served/{name}") as opened:
            assert opened.video.uri == f"s3://served/{name}"
            assert opened.video.version
            assert opened.file is None
    for name in (
        "clips-of-others/a.mp4",
        "secret.mp4",
        "clips/../secret.mp4",
        "clips/./a.mp4",
        "clips//a.mp4",
        "clips/a.mp",
        "clips/*.mp4",
        "clips/sub",
        "clips/",
        "clips",
        "clips/a\n.mp4",
        "",
    ):
        with pytest.raises(RequestError) as refused, roots.opened(f"s3://served/{name}"):
            pass
        assert refused.value.status == 404, name
