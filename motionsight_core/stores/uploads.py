"""Files of ours in a bucket: written whole, with a note of what they are, and the note read again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores._retry import Broken, with_retries

T = TypeVar("T")

#: The name of the note among an object's metadata.
_NOTE = "motionsight"
#: The longest time for a request to be made and answered, seconds, beside what its bytes take.
_CONNECT_S = 10.0


def is_in_bucket(path: str) -> bool:
    """Whether a path is an address in a bucket rather than a file of this machine.

    Raises:
        UsageError: it is an address in a store that cannot be written to.
    """
    scheme, separator, _ = path.partition("://")
    if separator and scheme not in ("gs", "s3"):
        raise UsageError(f"Files cannot be written to {scheme}:// addresses; give a path, gs:// or s3://.")
    return bool(separator)


def upload(path: Path, uri: str, *, content_type: str, note: str, stores: StoreSettings) -> None:
    """Write a file to an address; whoever reads it sees all of it or none.

    Args:
        path: of at most 5 GiB, which is what S3 takes at once.
        uri: `gs://bucket/name` or `s3://bucket/name`.
        note: ASCII, at most 1,500 characters.

    Raises:
        RunError: the store refused or failed to take it; one sentence says why.
    """
    put = _put_gcs if uri.startswith("gs://") else _put_s3
    _with_retries(lambda: put(path, uri, content_type, note, stores), uri, stores)


def note_of(uri: str, *, stores: StoreSettings) -> str | None:
    """The note of the object at an address; None where there is no object, or it has none.

    Raises:
        RunError: the store refused or failed to answer.
    """
    ask = _note_gcs if uri.startswith("gs://") else _note_s3
    return _with_retries(lambda: ask(uri, stores), uri, stores)


def _with_retries(attempt: Callable[[], T], uri: str, stores: StoreSettings) -> T:
    try:
        return with_retries(attempt, retries=stores.retries)
    except Broken as broken:
        raise RunError(f"{uri} cannot be written: {broken}.") from None


def _parsed(uri: str) -> tuple[str, str]:
    bucket, _, name = uri.partition("://")[2].partition("/")
    if not bucket or not name:
        raise UsageError(f"{uri!r} names no object; write gs://bucket/name or s3://bucket/name.")
    return bucket, name


def _blob(uri: str, stores: StoreSettings) -> Any:
    from motionsight_core.stores._gcs_client import gcs_client

    bucket, name = _parsed(uri)
    return gcs_client(stores).bucket(bucket, user_project=stores.gs_user_project).blob(name)


def _put_gcs(path: Path, uri: str, content_type: str, note: str, stores: StoreSettings) -> None:
    from motionsight_core.stores._gcs_errors import writing_errors

    with writing_errors(uri):
        blob = _blob(uri, stores)
        blob.metadata = {_NOTE: note}
        limits_s = (_CONNECT_S, stores.stall_s)
        blob.upload_from_filename(
            str(path), content_type=content_type, checksum="md5", retry=None, timeout=limits_s
        )


def _note_gcs(uri: str, stores: StoreSettings) -> str | None:
    from google.api_core.exceptions import NotFound

    from motionsight_core.stores._gcs_errors import writing_errors

    with writing_errors(uri):
        blob = _blob(uri, stores)
        try:
            blob.reload(retry=None, timeout=(_CONNECT_S, stores.stall_s))
        except NotFound:
            return None
        return (blob.metadata or {}).get(_NOTE)


def _put_s3(path: Path, uri: str, content_type: str, note: str, stores: StoreSettings) -> None:
    from motionsight_core.stores._s3_client import s3_client
    from motionsight_core.stores._s3_errors import writing_errors

    bucket, name = _parsed(uri)
    with path.open("rb") as file, writing_errors(uri):
        digest = hashlib.file_digest(file, "md5").digest()
        file.seek(0)
        s3_client(stores).put_object(
            Bucket=bucket,
            Key=name,
            Body=file,
            ContentType=content_type,
            ContentMD5=base64.b64encode(digest).decode(),
            Metadata={_NOTE: note},
            **_payer(stores),
        )


def _note_s3(uri: str, stores: StoreSettings) -> str | None:
    from botocore.exceptions import ClientError

    from motionsight_core.stores._s3_client import s3_client
    from motionsight_core.stores._s3_errors import status_of, writing_errors

    bucket, name = _parsed(uri)
    with writing_errors(uri):
        try:
            head = s3_client(stores).head_object(Bucket=bucket, Key=name, **_payer(stores))
        except ClientError as error:
            if status_of(error) == 404:
                return None
            raise
        return head.get("Metadata", {}).get(_NOTE)


def _payer(stores: StoreSettings) -> dict[str, str]:
    return {"RequestPayer": "requester"} if stores.s3_requester_pays else {}
