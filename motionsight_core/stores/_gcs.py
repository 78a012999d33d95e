"""Google Cloud Storage. A version is the object's generation."""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, RunError, StoreUnavailable, UsageError, VersionGone
from motionsight_core.stores._cache import Download
from motionsight_core.stores._cloud import PAGE_SIZE, CloudAddress, CloudStore

if TYPE_CHECKING:
    from google.cloud.storage import Client

#: How long the client library tries one request again, seconds.
_RETRY_S = 120.0
_GONE = "The object was deleted or overwritten after it was listed."


class GcsStore(CloudStore):
    """`gs://` through google-cloud-storage, which honours STORAGE_EMULATOR_HOST."""

    scheme, package, extra = "gs", "google.cloud.storage", "gcp"

    def versions(self, address: CloudAddress) -> Iterator[tuple[str, str]]:
        with _listing_errors(address.bucket):
            blobs = _client().list_blobs(
                address.bucket,
                prefix=address.name or None,
                page_size=PAGE_SIZE,
                fields="items(name,generation),nextPageToken",
                retry=_retry(),
            )
            for blob in blobs:
                yield blob.name, str(blob.generation)

    def ask(self, video: VideoObject) -> Download:
        address = self.parse(video.uri)
        with _reading_errors():
            client = _client()
            blob = client.bucket(address.bucket).blob(address.name, generation=int(video.version))
            blob.reload(retry=_retry())
        # The emulator gives the newest generation whichever is asked for.
        if str(blob.generation) != video.version:
            raise VersionGone(_GONE)
        size, checksum = int(blob.size or 0), blob.crc32c

        def save(file: BinaryIO) -> None:
            # A blob of its own, which knows no address to download from but the generation's; raw:
            # the bytes as they are stored, which is what size and checksum speak of.
            with _reading_errors():
                exact = client.bucket(address.bucket).blob(address.name, generation=int(video.version))
                exact.download_to_file(file, raw_download=True, retry=_retry())
            file.flush()
            if checksum and _crc32c(file.fileno()) != checksum:
                raise VersionGone("The object was overwritten while it was read.")

        return Download(size, save)


def _crc32c(descriptor: int) -> str:
    """Checksum of a whole file, as the store writes it: base64 of 4 bytes, big-endian."""
    import google_crc32c

    checksum = google_crc32c.Checksum()
    offset = 0
    while chunk := os.pread(descriptor, 1 << 20, offset):
        checksum.update(chunk)
        offset += len(chunk)
    return b64encode(checksum.digest()).decode("ascii")


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_RETRY_S)


@contextmanager
def _listing_errors(bucket: str) -> Iterator[None]:
    """The client's exceptions as sentences that say what to do."""
    from google.api_core.exceptions import (
        BadRequest,
        Forbidden,
        GoogleAPIError,
        NotFound,
        RetryError,
        Unauthorized,
    )
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from requests.exceptions import RequestException

    login = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file"
    try:
        yield
    except NotFound:
        raise UsageError(f"There is no bucket gs://{bucket}.") from None
    except BadRequest:
        raise UsageError(f"gs://{bucket} is no valid bucket or prefix.") from None
    except DefaultCredentialsError:
        raise RunError(f"There are no credentials to list gs://{bucket}: {login}.") from None
    except (Forbidden, Unauthorized):
        raise RunError(
            f"Listing gs://{bucket} is forbidden: it takes storage.objects.list; {login} of an account "
            "that has it."
        ) from None
    except (RetryError, RequestException, ConnectionError, TimeoutError) as error:
        raise RunError(
            f"gs://{bucket} cannot be listed, the store does not answer ({type(error).__name__})."
        ) from None
    except GoogleAuthError as error:
        raise RunError(
            f"The credentials to list gs://{bucket} do not work ({type(error).__name__}): {login}."
        ) from None
    except GoogleAPIError as error:
        raise RunError(f"gs://{bucket} cannot be listed: {_answer(error)}.") from None


@contextmanager
def _reading_errors() -> Iterator[None]:
    """The client's exceptions as ClipErrors."""
    from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    from requests.exceptions import RequestException

    try:
        yield
    except ClipError:
        raise
    except (NotFound, PreconditionFailed):
        raise VersionGone(_GONE) from None
    except (RetryError, RequestException, ConnectionError, TimeoutError) as error:
        raise StoreUnavailable(f"The store does not answer ({type(error).__name__}).") from None
    except GoogleAuthError as error:
        raise StoreUnavailable(f"The credentials do not work ({type(error).__name__}).") from None
    except DataCorruption:
        raise StoreUnavailable("The object's bytes do not have its checksum.") from None
    except (GoogleAPIError, InvalidResponse) as error:
        raise StoreUnavailable(f"The object cannot be read: {_answer(error)}.") from None


def _answer(error: Exception) -> str:
    """Status only: the store's own text may repeat addresses and accounts."""
    code = getattr(error, "code", None)
    return f"the store answered {int(code)}" if code is not None else type(error).__name__


_clients: dict[tuple[int, str], Client] = {}
_clients_lock = threading.Lock()


def _client() -> Client:
    """The client of this process, which all threads share."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
    key = (os.getpid(), emulator)
    with _clients_lock:
        if key not in _clients:
            # An emulator asks for none, and looking for them takes 20 seconds where there are none.
            credentials = AnonymousCredentials() if emulator else None
            # Reading needs no project, and a machine need not have one.
            _clients[key] = Client(project=None, credentials=credentials)
        return _clients[key]
