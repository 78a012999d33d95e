"""Amazon S3 and what speaks its protocol (MinIO, Ceph, R2, ...).

A version is the VersionId where the bucket keeps versions, otherwise the ETag without its quotes.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, StoreUnavailable, UsageError, VersionGone
from motionsight_core.stores._cache import Download
from motionsight_core.stores._cloud import PAGE_SIZE, CloudAddress, CloudStore

_CHUNK_BYTES = 1 << 20
#: Broken connections after which a download is given up; each goes on where the last one stopped.
_BREAKS = 5
_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")
#: What the store says of a version that it does not hold; 405: it is the mark of a deletion.
_GONE_STATUS = frozenset([404, 405, 412])
_GONE = "The object was deleted or overwritten after it was listed."
_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class S3Store(CloudStore):
    """`s3://` through boto3, which honours AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_PROFILE."""

    scheme, package, extra = "s3", "boto3", "aws"

    def versions(self, address: CloudAddress) -> Iterator[tuple[str, str]]:
        with _listing_errors(address.bucket):
            client = _client()
            paging = {"PageSize": PAGE_SIZE}
            if _keeps_versions(client, address.bucket):
                pages = client.get_paginator("list_object_versions").paginate(
                    Bucket=address.bucket, Prefix=address.name, PaginationConfig=paging
                )
                for page in pages:
                    for item in page.get("Versions", ()):
                        if item["IsLatest"]:
                            yield item["Key"], _version(item)
            else:
                pages = client.get_paginator("list_objects_v2").paginate(
                    Bucket=address.bucket, Prefix=address.name, PaginationConfig=paging
                )
                for page in pages:
                    for item in page.get("Contents", ()):
                        yield item["Key"], _version(item)

    def ask(self, video: VideoObject) -> Download:
        address = self.parse(video.uri)
        by_etag = {"IfMatch": f'"{video.version}"'}
        by_id = {"VersionId": video.version}
        # The version does not say which it is. Some stores' ids look like ETags, so try both.
        pins = [by_etag, by_id] if _ETAG.fullmatch(video.version) else [by_id, by_etag]
        refused: Exception | None = None
        gone = False
        with _reading_errors():
            client = _client()
            for pin in pins:
                request = {"Bucket": address.bucket, "Key": address.name, **pin}
                try:
                    head = client.head_object(**request)
                except client.exceptions.ClientError as error:
                    if _status(error) == 400:  # no version id to this store; or it lets nobody in
                        refused = error
                        continue
                    if _status(error) not in _GONE_STATUS:
                        raise
                    gone = True
                    continue
                # Some stores take no notice of a condition that they do not know.
                if video.version in (head.get("VersionId"), head.get("ETag", "").strip('"')):
                    return Download(int(head["ContentLength"]), partial(_save, client, request))
                gone = True
            if refused is not None and not gone:
                raise refused
        raise VersionGone(_GONE)


def _save(client: Any, request: dict[str, str], file: BinaryIO) -> None:
    """Download one version, going on where the connection broke."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    for breaks in range(_BREAKS + 1):
        have = file.tell()
        rest = {"Range": f"bytes={have}-"} if have else {}
        with _reading_errors():
            body = client.get_object(**request, **rest)["Body"]
            try:
                with closing(body):
                    for chunk in body.iter_chunks(_CHUNK_BYTES):
                        file.write(chunk)
                return
            except (HTTPClientError, IncompleteReadError):
                if breaks == _BREAKS:
                    raise


def _version(item: dict[str, Any]) -> str:
    """What pins a listed object. "null" pins nothing: it is overwritten in place."""
    version_id = item.get("VersionId", "null")
    return item["ETag"].strip('"') if version_id == "null" else version_id


def _keeps_versions(client: Any, bucket: str) -> bool:
    """Whether versions can be listed; who may only read a bucket gets ETags."""
    from botocore.exceptions import ClientError

    try:
        if not client.get_bucket_versioning(Bucket=bucket).get("Status"):
            return False
        client.list_object_versions(Bucket=bucket, MaxKeys=1)
        return True
    except ClientError as error:
        if _status(error) in (403, 405, 501):
            return False
        raise


@contextmanager
def _listing_errors(bucket: str) -> Iterator[None]:
    """The client's exceptions as sentences that say what to do."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
    )

    login = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    try:
        yield
    except ParamValidationError:
        raise UsageError(f"s3://{bucket} is no valid bucket name.") from None
    except (NoCredentialsError, PartialCredentialsError):
        raise RunError(f"There are no credentials to list s3://{bucket}: {login}.") from None
    except ClientError as error:
        if _status(error) == 404:
            raise UsageError(f"There is no bucket s3://{bucket}.") from None
        if _status(error) in (401, 403):
            raise RunError(
                f"Listing s3://{bucket} is forbidden: it takes s3:ListBucket; {login} of an account that "
                "has it."
            ) from None
        raise RunError(f"s3://{bucket} cannot be listed: the store answered {_status(error)}.") from None
    except (HTTPClientError, ConnectionError) as error:
        raise RunError(
            f"s3://{bucket} cannot be listed, the store does not answer ({type(error).__name__})."
        ) from None
    except BotoCoreError as error:
        raise RunError(f"s3://{bucket} cannot be listed ({type(error).__name__}): {login}.") from None


@contextmanager
def _reading_errors() -> Iterator[None]:
    """The client's exceptions as ClipErrors."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    try:
        yield
    except ClientError as error:
        if _status(error) in _GONE_STATUS:
            raise VersionGone(_GONE) from None
        raise StoreUnavailable(f"The object cannot be read: the store answered {_status(error)}.") from None
    except (HTTPClientError, ConnectionError) as error:
        raise StoreUnavailable(f"The store does not answer ({type(error).__name__}).") from None
    except BotoCoreError as error:
        raise StoreUnavailable(f"The object cannot be read ({type(error).__name__}).") from None


def _status(error: Any) -> int:
    """HTTP status only: the store's own text may repeat addresses and accounts."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


_clients: dict[tuple[int, str], Any] = {}
_clients_lock = threading.Lock()


def _client() -> Any:
    """The client of this process, which all threads share; sessions cannot be shared."""
    from boto3.session import Session
    from botocore.config import Config

    endpoint = next((os.environ[name] for name in _ENDPOINT_VARIABLES if os.environ.get(name)), "")
    key = (os.getpid(), endpoint)
    with _clients_lock:
        if key not in _clients:
            # A store of one's own seldom has a name in the DNS for each bucket.
            style = {"addressing_style": "path"} if endpoint else {}
            _clients[key] = Session().client("s3", config=Config(s3=style or None, max_pool_connections=64))
        return _clients[key]
