"""Settings of the stores: what is set wins over the environment, and is all that another store needs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.stores import list_objects, open_object
from motionsight_core.stores._cache import cache_directory, cache_limit
from motionsight_core.stores._gcs_client import gcs_client
from tests.core.stores.conftest import CLOUDS
from tests.core.stores.servers import Place
from tests.core.stores.test_stores import the_video


@pytest.mark.parametrize("kind", CLOUDS)
@pytest.mark.parametrize("elsewhere", [None, "http://127.0.0.1:9"])
def test_an_endpoint_and_keys_are_all_that_another_store_needs(
    kind: str,
    elsewhere: str | None,
    new_place: Callable[[str], Place],
    gcs_url: str,
    s3_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = new_place(kind)
    place.put("a.mp4", b"bytes")
    for name in ("STORAGE_EMULATOR_HOST", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
        if elsewhere:
            monkeypatch.setenv(name, elsewhere)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    toml = f'[stores]\ns3_endpoint = "{s3_url}/"\ngs_endpoint = "{gcs_url}"\n'
    settings = Settings.model_validate(tomllib.loads(toml)).stores
    (video,) = list_objects(place.address, settings=settings)
    assert isinstance(video, VideoObject)
    with open_object(video, settings=settings) as file:
        assert file.read() == b"bytes"


def test_the_cache_is_where_the_settings_say(cache: Path, tmp_path: Path, cloud: Place) -> None:
    cloud.put("a.mp4", b"bytes")
    video = the_video(cloud.address)
    settings = StoreSettings(cache_dir=str(tmp_path / "mine"), cache_mb=7)
    with open_object(video, settings=settings) as file:
        assert file.read() == b"bytes"
    assert not cache.exists()
    assert cache_directory(settings) == tmp_path / "mine"
    assert len(list((tmp_path / "mine").iterdir())) == 2, "the object and the lock"
    assert cache_limit(settings) == 7 << 20


def test_where_objects_come_from_changes_no_row() -> None:
    changed = StoreSettings(s3_endpoint="http://minio:9000", retries=1, stall_s=1, cache_mb=1)
    assert Settings(stores=changed).recipe() == Settings().recipe()


@pytest.mark.parametrize("value", ["minio:9000", "ftp://minio", "http://", "/var/minio"])
def test_an_endpoint_is_a_web_address(value: str) -> None:
    with pytest.raises(UsageError, match=r"stores.s3_endpoint.* such as http://minio:9000"):
        Settings.load(overrides=[f"stores.s3_endpoint={value}"], environment={})


@pytest.mark.parametrize("key", ["s3_endpoint", "gs_endpoint"])
def test_an_endpoint_with_a_password_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(UsageError, match="must not hold a user or password") as failure:
        Settings.load(overrides=[f"stores.{key}=http://me:hush@minio:9000"], environment={})
    assert "hush" not in str(failure.value)


@pytest.mark.parametrize(
    ("endpoint", "asks"),
    [
        ("https://storage-vpc.p.googleapis.com", "with credentials"),
        ("https://storage.googleapis.com", "with credentials"),
        ("http://localhost:4443", "anonymously"),
        ("https://storage.googleapis.com.example.org", "anonymously"),
    ],
)
@pytest.mark.parametrize("said", ["stores.gs_endpoint", "STORAGE_EMULATOR_HOST"])
def test_a_private_endpoint_of_google_s_is_asked_with_credentials(
    endpoint: str, asks: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For videos and for what is staged, which have one client."""
    mine = Credentials(token="mine")  # noqa: S106
    monkeypatch.setattr("google.auth.default", lambda *_, **__: (mine, "project"))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    settings = StoreSettings()
    if said == "stores.gs_endpoint":
        settings = StoreSettings(gs_endpoint=endpoint)
    else:
        monkeypatch.setenv(said, endpoint)
    client = gcs_client(settings)
    assert client._connection is not None
    assert endpoint == client._connection.API_BASE_URL
    assert isinstance(client._credentials, AnonymousCredentials) == (asks == "anonymously")
