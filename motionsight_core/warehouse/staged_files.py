"""Staged files, on this machine or in a bucket: written whole, read, removed.

A bucket is reached as for videos: `stores.gs_endpoint` and the credentials are the same.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from motionsight_core.errors import RunError
from motionsight_core.settings import StoreSettings

if TYPE_CHECKING:
    from google.cloud.storage import Blob


def write_staged(path: str, content: bytes, *, content_type: str, stores: StoreSettings) -> None:
    """Write all of it or nothing, even if another process writes the same path.

    A runner that lost a worker may run a step again while the first is still at it.

    Raises:
        RunError: a disk is full, or whatever else stands against it; one sentence says where.
    """
    if _in_bucket(path):
        from google.cloud.storage.retry import DEFAULT_RETRY

        from motionsight_core.warehouse._cloud_staging import bucket_errors

        with bucket_errors(path):
            _blob(path, stores).upload_from_string(content, content_type=content_type, retry=DEFAULT_RETRY)
        return
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        with _created(unfinished) as file:
            file.write(content)
        os.replace(unfinished, target)  # noqa: PTH105
    except OSError as error:
        raise RunError(
            f"Rows cannot be staged in {target.parent}: {error.strerror or error}; make room there, then run "
            "this again."
        ) from None


def append_whole(file: int, content: bytes) -> None:
    """Append all of it or nothing to a file of this machine that nobody else writes.

    Half a line would damage the next one.

    Args:
        file: a descriptor, opened with O_APPEND.
        content: such as a line with its end.

    Raises:
        OSError: a disk is full, or whatever else stands against it.
    """
    before = os.fstat(file).st_size
    try:
        while content:
            content = content[os.write(file, content) :]
    except OSError:
        os.ftruncate(file, before)
        raise


def read_staged(path: str, *, stores: StoreSettings) -> bytes:
    """What was written there.

    Raises:
        OSError, RunError: it is not there, or cannot be read.
    """
    if _in_bucket(path):
        from google.cloud.exceptions import NotFound

        from motionsight_core.warehouse._cloud_staging import bucket_errors

        with bucket_errors(path):
            try:
                return _blob(path, stores).download_as_bytes()
            except NotFound:
                raise FileNotFoundError(errno.ENOENT, "There is no staged file", path) from None
    return Path(path).read_bytes()


def list_staged(directory: str, *, stores: StoreSettings) -> list[str]:
    """The paths of the files in a directory or right below a prefix, by name; none where there is none.

    Raises:
        RunError: it cannot be listed.
    """
    if _in_bucket(directory):
        from motionsight_core.stores._gcs_client import gcs_client
        from motionsight_core.warehouse._cloud_staging import bucket_and_name, bucket_errors

        bucket, prefix = bucket_and_name(f"{directory}/")
        with bucket_errors(directory):
            blobs = gcs_client(stores).list_blobs(bucket, prefix=prefix, delimiter="/")
            return sorted(f"gs://{bucket}/{blob.name}" for blob in blobs)
    try:
        return sorted(str(path) for path in Path(directory).iterdir() if path.is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"What is staged in {directory} cannot be listed: {error.strerror}.") from None


def remove_staged(paths: Iterable[str], *, stores: StoreSettings) -> None:
    """Remove files; what cannot be removed is left to a later sweep or the bucket's life cycle."""
    for path in paths:
        with suppress(Exception):
            if _in_bucket(path):
                _blob(path, stores).delete()
            else:
                Path(path).unlink()


def _created(path: Path) -> BinaryIO:
    return path.open("xb")


def _in_bucket(path: str) -> bool:
    return path.startswith("gs://")


def _blob(path: str, stores: StoreSettings) -> Blob:
    from motionsight_core.stores._gcs_client import gcs_client
    from motionsight_core.warehouse._cloud_staging import bucket_and_name

    bucket, name = bucket_and_name(path)
    return gcs_client(stores).bucket(bucket).blob(name)
