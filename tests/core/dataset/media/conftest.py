from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.core.stores.servers import GcsBucket, Place, S3Bucket, environment_of


@pytest.fixture(params=["gs", "s3"])
def bucket(
    request: pytest.FixtureRequest,
    gcs_url: str,
    s3_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    for name, value in environment_of(gcs=gcs_url, s3=s3_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOTIONSIGHT_CACHE", str(tmp_path / "cache"))
    name = f"media-{uuid.uuid4().hex}"
    return GcsBucket(gcs_url, name) if request.param == "gs" else S3Bucket(s3_url, name)
