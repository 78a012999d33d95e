"""Amazon S3 and what speaks its protocol (MinIO, Ceph, R2, ...).

A version is the VersionId where the bucket keeps versions, otherwise the ETag without its quotes.
"""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from typing import Any

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError, VersionGone
from motionsight_core.stores import _cloud
from motionsight_core.stores._cloud import CloudAddress, CloudStore, Entry, Lister, Page
from motionsight_core.stores._pinned import Pinned
from motionsight_core.stores._retry import Sink
from motionsight_core.stores._s3_client import s3_client
from motionsight_core.stores._s3_errors import GONE, GONE_STATUS, listing_errors, reading_errors, status_of

_PIECE_BYTES = 64 * 1024
_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")
#: How the names of S3 Express buckets end, which list in no order.
_UNORDERED = "--x-s3"


class S3Store(CloudStore):
    """`s3://` through boto3, which honours AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_PROFILE."""

    scheme, package, extra = "s3", "boto3", "aws"

    def lister(self, address: CloudAddress) -> Lister:
        with listing_errors(address.bucket):
            keeps_versions = _keeps_versions(s3_client(self.settings), address, **self._payer())
        return partial(self._page_of_versions if keeps_versions else self._page, address.bucket)

    def _page(self, bucket: str, prefix: str, after: str, upcoming: str | None) -> Page:
        if after and bucket.endswith(_UNORDERED):
            raise UsageError(f"s3://{bucket} is a directory bucket, which lists in no order: list all of it.")
        start = {"ContinuationToken": upcoming} if upcoming else {"StartAfter": after} if after else {}
        with listing_errors(bucket):
            page = s3_client(self.settings).list_objects_v2(
                Bucket=bucket, Prefix=prefix, MaxKeys=_cloud.PAGE_SIZE, **start, **self._payer()
            )
        entries = tuple(_entry(item) for item in page.get("Contents", ()))
        return Page(entries, page.get("NextContinuationToken") if page.get("IsTruncated") else None)

    def _page_of_versions(
        self, bucket: str, prefix: str, after: str, upcoming: dict[str, str] | None
    ) -> Page:
        start = upcoming or ({"KeyMarker": after} if after else {})
        with listing_errors(bucket):
            page = s3_client(self.settings).list_object_versions(
                Bucket=bucket, Prefix=prefix, MaxKeys=_cloud.PAGE_SIZE, **start, **self._payer()
            )
        entries = tuple(_entry(item) for item in page.get("Versions", ()) if item["IsLatest"])
        if not page.get("IsTruncated"):
            return Page(entries, None)
        markers = {"KeyMarker": page["NextKeyMarker"]}
        if page.get("NextVersionIdMarker"):
            markers["VersionIdMarker"] = page["NextVersionIdMarker"]
        return Page(entries, markers)

    def _payer(self) -> dict[str, str]:
        """The parameter of a request with which we take its cost on us."""
        return {"RequestPayer": "requester"} if self.settings.s3_requester_pays else {}

    def find(self, video: VideoObject) -> Pinned:
        address = self.parse(video.uri)
        by_etag = {"IfMatch": f'"{video.version}"'}
        by_id = {"VersionId": video.version}
        # The version does not say which it is. Some stores' ids look like ETags, so try both.
        pins = [by_etag, by_id] if _ETAG.fullmatch(video.version) else [by_id, by_etag]
        refused: Exception | None = None
        gone = False
        with reading_errors():
            client = s3_client(self.settings)
            for pin in pins:
                request = {"Bucket": address.bucket, "Key": address.name, **pin, **self._payer()}
                try:
                    head = client.head_object(**request)
                except client.exceptions.ClientError as error:
                    if status_of(error) == 400:  # no version id to this store; or it lets nobody in
                        refused = error
                        continue
                    if status_of(error) not in GONE_STATUS:
                        raise
                    gone = True
                    continue
                # Some stores take no notice of a condition that they do not know.
                if video.version in (head.get("VersionId"), head.get("ETag", "").strip('"')):
                    size = int(head["ContentLength"])
                    return Pinned(
                        size=size,
                        transfer=partial(self._transfer, request, size),
                        check=_unchecked,
                        settings=self.settings,
                        encoding=head.get("ContentEncoding", ""),
                    )
                gone = True
            if refused is not None and not gone:
                raise refused
        raise VersionGone(GONE)

    def _transfer(self, request: dict[str, str], size: int, offset: int, length: int, sink: Sink) -> None:
        part = {} if length == size else {"Range": f"bytes={offset}-{offset + length - 1}"}
        with reading_errors():
            body = s3_client(self.settings).get_object(**request, **part)["Body"]
            with closing(body):
                while piece := body.read(_PIECE_BYTES):
                    sink.write(piece)


def _unchecked(_: int) -> None:
    """boto3 compares checksums itself, where an object has one."""


def _entry(item: dict[str, Any]) -> Entry:
    # "null" pins nothing: it is overwritten in place.
    version_id = item.get("VersionId", "null")
    version = item["ETag"].strip('"') if version_id == "null" else version_id
    return Entry(item["Key"], version, item["LastModified"].timestamp())


def _keeps_versions(client: Any, address: CloudAddress, **payer: str) -> bool:
    """Whether versions can be listed; who may only read a bucket gets ETags."""
    from botocore.exceptions import ClientError

    try:
        if not client.get_bucket_versioning(Bucket=address.bucket).get("Status"):
            return False
        client.list_object_versions(Bucket=address.bucket, Prefix=address.name, MaxKeys=1, **payer)
        return True
    except ClientError as error:
        if status_of(error) in (403, 405, 501):
            return False
        raise
