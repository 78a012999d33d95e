"""Object stores to test with: a folder, a GCS emulator and an S3 server, both on loopback."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, cast


class Place(Protocol):
    """Somewhere to put objects."""

    address: str
    """What is listed: ends with a slash."""
    keeps_versions: bool
    """Whether what was overwritten or deleted can still be read by its version."""

    def put(self, name: str, content: bytes) -> None: ...

    def delete(self, name: str) -> None: ...

    def vanish(self) -> None: ...


class Folder:
    keeps_versions = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self.address = f"{path}/"

    def put(self, name: str, content: bytes) -> None:
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def delete(self, name: str) -> None:
        (self._path / name).unlink()

    def vanish(self) -> None:
        import shutil

        shutil.rmtree(self._path)


class GcsBucket:
    keeps_versions = False

    def __init__(self, url: str, name: str) -> None:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.storage import Client

        client = Client(
            project="test", credentials=AnonymousCredentials(), client_options={"api_endpoint": url}
        )
        self._bucket: Any = client.create_bucket(name)
        self.address = f"gs://{name}/"

    def put(self, name: str, content: bytes, *, encoding: str | None = None) -> None:
        blob = self._bucket.blob(name)
        blob.content_encoding = encoding
        blob.upload_from_string(content)

    def delete(self, name: str) -> None:
        self._bucket.blob(name).delete()

    def vanish(self) -> None:
        self._bucket.delete(force=True)


class S3Bucket:
    def __init__(self, url: str, name: str, *, versioned: bool = False) -> None:
        self._client = _s3_client(url)
        self._name = name
        self._client.create_bucket(Bucket=name)
        if versioned:
            self.set_versioning("Enabled")
        self.keeps_versions = versioned
        self.address = f"s3://{name}/"

    def set_versioning(self, status: str) -> None:
        self._client.put_bucket_versioning(Bucket=self._name, VersioningConfiguration={"Status": status})

    def put(
        self, name: str, content: bytes, *, encoding: str | None = None, storage_class: str = "STANDARD"
    ) -> None:
        options = {"ContentEncoding": encoding} if encoding else {}
        self._client.put_object(
            Bucket=self._name, Key=name, Body=content, StorageClass=storage_class, **options
        )

    def restore(self, name: str) -> None:
        """Bring an object back from the archive."""
        self._client.restore_object(Bucket=self._name, Key=name, RestoreRequest={"Days": 1})

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._name, Key=name)

    def vanish(self) -> None:
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._name):
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                self._client.delete_object(Bucket=self._name, Key=item["Key"], VersionId=item["VersionId"])
        self._client.delete_bucket(Bucket=self._name)


@cache
def _s3_client(url: str) -> Any:
    """For as many buckets as there are: to make one reads megabytes of descriptions of the service."""
    from boto3.session import Session

    return Session().client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 the server takes any
    )


@contextmanager
def gcs_emulator(folder: Path | None = None) -> Iterator[str]:
    """The url of a GCS emulator that keeps its objects in memory, whatever they are called.

    With a folder it keeps them there, as `gcs_root(folder) / bucket / name`, for others to read; then
    they must have names that files can have.
    """
    from gcp_storage_emulator import server
    from gcp_storage_emulator.exceptions import NotFound
    from gcp_storage_emulator.handlers import objects

    def paged(request: Any, response: Any, storage: Any, *args: Any, **kwargs: Any) -> None:
        # The emulator gives everything at once; the service gives pages, from a name on.
        objects.ls(request, response, storage, *args, **kwargs)
        if not response._content:
            return
        answer = json.loads(response._content)
        first = request.query.get("startOffset", [""])[0]
        items = [item for item in answer["items"] if item["name"] >= first]
        start = int(request.query.get("pageToken", ["0"])[0])
        end = start + int(request.query.get("maxResults", [1000])[0])
        if end < len(items):
            answer["nextPageToken"] = str(end)
        answer["items"] = items[start:end]
        response.json(answer)

    def exact(read: Any) -> Any:
        def answer(request: Any, response: Any, storage: Any, *args: Any, **kwargs: Any) -> None:
            # The emulator gives the newest generation whichever is asked for; the service has no other.
            asked = request.query.get("generation", [None])[0]
            try:
                there = storage.get_file_obj(request.params["bucket_name"], request.params["object_id"])
            except NotFound:
                there = {}
            if asked in (None, there.get("generation")):
                read(request, response, storage, *args, **kwargs)
            else:
                response.status = HTTPStatus.NOT_FOUND

        return answer

    def path(bucket: str, name: str) -> str:
        # Names are paths to the emulator: it refuses "../" and takes a//b for a/b.
        return f"{bucket}/{hashlib.sha256(name.encode()).hexdigest()}"

    handlers = cast(Any, server.HANDLERS)
    listing = r"^/storage/v1/b/(?P<bucket_name>[-.\w]+)/o$"
    assert any(re.fullmatch(pattern, "/storage/v1/b/x/o") for pattern, _ in handlers)
    reads = {objects.get: exact(objects.get), objects.download: exact(objects.download)}
    routes = [
        (pattern, {method: reads.get(do, do) for method, do in answers.items()})
        for pattern, answers in handlers
    ]
    server.HANDLERS = cast(Any, ((listing, {"GET": paged, "POST": objects.insert}), *routes))
    emulator = server.create_server(
        "127.0.0.1", 0, in_memory=folder is None, data_dir=str(folder) if folder else None
    )
    if folder is None:
        cast(Any, emulator._storage)._object_path = path
    with emulator:
        httpd = emulator._api._httpd
        assert httpd is not None
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    server.HANDLERS = handlers


def gcs_root(folder: Path) -> Path:
    """The folder of the buckets of an emulator with a folder."""
    from gcp_storage_emulator.settings import STORAGE_DIR

    return folder / STORAGE_DIR


@contextmanager
def s3_server() -> Iterator[str]:
    """The url of an S3 server that keeps its objects in memory."""
    from moto.s3.models import S3Backend
    from moto.server import ThreadedMotoServer

    if not hasattr(S3Backend, "begins_at_any_name"):
        backend = cast(Any, S3Backend)
        backend.list_object_versions = _from_a_name_on(S3Backend.list_object_versions)
        backend.begins_at_any_name = True
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _from_a_name_on(list_versions: Any) -> Any:
    """The server passes over one name too many where the marker is no object's; the service does not."""

    def answer(
        self: Any,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        **options: Any,
    ) -> Any:
        if key_marker and not options.get("version_id_marker"):
            earlier = [name for name in self.get_bucket(bucket_name).keys if name <= key_marker]
            key_marker = max(earlier, default=None)
        return list_versions(self, bucket_name, delimiter=delimiter, key_marker=key_marker, **options)

    return answer


def environment_of(*, gcs: str, s3: str) -> dict[str, str]:
    """Variables that lead MotionSight to these servers."""
    return {
        "STORAGE_EMULATOR_HOST": gcs,
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
