"""Google Cloud Storage. A version is the object's generation."""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from motionsight_core.catalog import VideoObject
from motionsight_core.environment.credentials import credentials_epoch
from motionsight_core.errors import StoreUnavailable, VersionGone
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import _cloud
from motionsight_core.stores._cloud import CloudAddress, CloudStore, Entry, Lister, Page
from motionsight_core.stores._gcs_errors import GONE, listing_errors, reading_errors
from motionsight_core.stores._pinned import Pinned
from motionsight_core.stores._retry import Sink

if TYPE_CHECKING:
    from google.cloud.storage import Bucket, Client

#: Else the client asks for the bucket's own properties on the side, which takes a right that reading
#: objects does not: every worker would leave a refusal in the bucket's audit log.
_NO_BUCKET_PROPERTIES = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
#: The longest that a connection may take to be made, seconds.
_CONNECT_S = 10.0


class GcsStore(CloudStore):
    """`gs://` through google-cloud-storage, which honours STORAGE_EMULATOR_HOST."""

    scheme, package, extra = "gs", "google.cloud.storage", "gcp"

    def lister(self, address: CloudAddress) -> Lister:
        return partial(self._page, address.bucket)

    def _page(self, bucket: str, prefix: str, after: str, upcoming: str | None) -> Page:
        with listing_errors(bucket):
            listing = _client(self.settings).list_blobs(
                self._bucket(bucket),
                prefix=prefix or None,
                start_offset=after or None,
                page_token=upcoming,
                page_size=_cloud.PAGE_SIZE,
                fields="items(name,generation,timeCreated),nextPageToken",
                **self._once(),
            )
            entries = tuple(
                Entry(blob.name, str(blob.generation), blob.time_created.timestamp())
                for blob in next(listing.pages, ())
            )
            return Page(entries, listing.next_page_token)

    def find(self, video: VideoObject) -> Pinned:
        address = self.parse(video.uri)
        if not video.version.isdigit():
            raise VersionGone(GONE)
        with reading_errors():
            blob = self._bucket(address.bucket).blob(address.name, generation=int(video.version))
            blob.reload(**self._once())
        # An emulator may give the newest generation whichever is asked for.
        if str(blob.generation) != video.version:
            raise VersionGone(GONE)
        return Pinned(
            size=int(blob.size or 0),
            transfer=partial(self._transfer, video),
            check=partial(_check, blob.crc32c),
            settings=self.settings,
            encoding=blob.content_encoding or "",
        )

    def _transfer(self, video: VideoObject, offset: int, length: int, sink: Sink) -> None:
        address = self.parse(video.uri)
        # A blob of its own, which knows no address to download from but the generation's; raw: the
        # bytes as they are stored, which is what size and checksum speak of.
        with reading_errors():
            blob = self._bucket(address.bucket).blob(address.name, generation=int(video.version))
            blob.download_to_file(
                sink,
                start=offset,
                end=offset + length - 1,
                raw_download=True,
                **self._once(checksum=None),
            )

    def _bucket(self, name: str) -> Bucket:
        """A bucket by its name, with the project that pays for what is asked of it."""
        return _client(self.settings).bucket(name, user_project=self.settings.gs_user_project)

    def _once(self, **options: Any) -> dict[str, Any]:
        """Options of a request that is tried once."""
        limits_s = (min(_CONNECT_S, self.settings.stall_s), self.settings.stall_s)
        return {"retry": None, "timeout": limits_s, **options}


def _check(checksum: str | None, descriptor: int) -> None:
    """Compare a file with the generation's crc32c, as the store writes it: base64 of 4 bytes, big-endian."""
    import google_crc32c

    if not checksum:
        return
    found = google_crc32c.Checksum()
    offset = 0
    while chunk := os.pread(descriptor, 1 << 20, offset):
        found.update(chunk)
        offset += len(chunk)
    if b64encode(found.digest()).decode("ascii") != checksum:
        raise StoreUnavailable("The object's bytes do not have the checksum that the store announced.")


_clients: dict[tuple[int, int, str], Client] = {}
_clients_lock = threading.Lock()


def _client(settings: StoreSettings) -> Client:
    """The client of this process and endpoint, which all threads share."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    endpoint = settings.gs_endpoint or os.environ.get("STORAGE_EMULATOR_HOST", "")
    key = (os.getpid(), credentials_epoch(), endpoint)
    with _clients_lock:
        if key not in _clients:
            os.environ.setdefault(_NO_BUCKET_PROPERTIES, "true")
            # An emulator asks for none, and looking for them takes 20 seconds where there are none.
            credentials = AnonymousCredentials() if endpoint and not _is_googles(endpoint) else None
            options = {"api_endpoint": settings.gs_endpoint} if settings.gs_endpoint else None
            # Reading needs no project, and a machine need not have one.
            _clients[key] = Client(project=None, credentials=credentials, client_options=options)
        return _clients[key]


def _is_googles(endpoint: str) -> bool:
    """Whether it is one of Google's own doors, such as a private one of a network."""
    return (urlsplit(endpoint).hostname or "").endswith(".googleapis.com")
