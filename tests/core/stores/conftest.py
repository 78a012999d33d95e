from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.settings import StoreSettings
from tests.core.stores.proxy import Proxy, proxy_to
from tests.core.stores.servers import (
    Folder,
    GcsBucket,
    Place,
    S3Bucket,
    environment_of,
)
from tests.core.stores.ways import Way

CLOUDS = ("gs", "s3", "s3_versioned")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty cache, which is the one in use."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("MOTIONSIGHT_CACHE", str(directory))
    monkeypatch.delenv("MOTIONSIGHT_CACHE_MB", raising=False)
    return directory


@pytest.fixture
def new_place(
    cache: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Place]:
    """Makes an empty folder or bucket by the kind of its store."""

    def make(kind: str) -> Place:
        if kind == "local":
            folder = tmp_path / "folder"
            folder.mkdir()
            return Folder(folder)
        gcs, s3 = (request.getfixturevalue(name) for name in ("gcs_url", "s3_url"))
        for name, value in environment_of(gcs=gcs, s3=s3).items():
            monkeypatch.setenv(name, value)
        bucket = f"bucket-{uuid.uuid4().hex}"
        if kind == "gs":
            return GcsBucket(gcs, bucket)
        return S3Bucket(s3, bucket, versioned=kind == "s3_versioned")

    return make


@pytest.fixture(params=("local", *CLOUDS))
def place(request: pytest.FixtureRequest, new_place: Callable[[str], Place]) -> Place:
    """Every kind of store in turn."""
    return new_place(request.param)


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest, new_place: Callable[[str], Place]) -> Place:
    """Every remote kind of store in turn."""
    return new_place(request.param)


@pytest.fixture(scope="session")
def gcs_proxy(gcs_url: str) -> Iterator[Proxy]:
    with proxy_to(gcs_url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def s3_proxy(s3_url: str) -> Iterator[Proxy]:
    with proxy_to(s3_url) as proxy:
        yield proxy


@pytest.fixture(params=CLOUDS)
def way(
    request: pytest.FixtureRequest,
    new_place: Callable[[str], Place],
    gcs_proxy: Proxy,
    s3_proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Way]:
    place = new_place(request.param)
    for variable in ("STORAGE_EMULATOR_HOST", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(variable)
    proxy = gcs_proxy if request.param == "gs" else s3_proxy
    yield Way(place, proxy, StoreSettings(s3_endpoint=s3_proxy.url, gs_endpoint=gcs_proxy.url, retries=2))
    proxy.renew()


@pytest.fixture
def requests_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Method and path of every HTTP request that this process sends."""
    sent: list[str] = []
    put = http.client.HTTPConnection.putrequest

    def spy(self: Any, method: str, url: str, *args: Any, **options: Any) -> None:
        sent.append(f"{method} {url}")
        put(self, method, url, *args, **options)

    monkeypatch.setattr(http.client.HTTPConnection, "putrequest", spy)
    return sent
