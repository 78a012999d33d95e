from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.stores.servers import (
    Folder,
    GcsBucket,
    Place,
    S3Bucket,
    environment_of,
    gcs_emulator,
    s3_server,
)

CLOUDS = ("gs", "s3", "s3_versioned")


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    with gcs_emulator() as url:
        yield url


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


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
