"""Staging areas on Google Cloud Storage: one prefix per run.

There are no locks there. What a killed run left is known by its age: an area in which nothing was
written for a day belongs to nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from motionsight_core.errors import MotionSightError, RunError, UsageError
from motionsight_core.stores._gcs_client import gcs_client

if TYPE_CHECKING:
    from google.cloud.storage import Client

    from motionsight_core.settings import StoreSettings

#: Since the last object was written into an area; a run writes one for each bundle of clips.
GRACE = timedelta(days=1)
#: Names of areas: nothing else under the prefix is touched.
_RUN_ID = re.compile(r"[0-9a-f]{32}")


@contextmanager
def cloud_staging_area(root: str, run_id: str, stores: StoreSettings) -> Iterator[str]:
    """The prefix in which a run stages; emptied afterwards, as are those of runs killed long ago.

    Raises:
        UsageError: there is no such bucket.
        RunError: it cannot be reached, or does not let us.
    """
    with bucket_errors(root):
        client = gcs_client(stores)
        _sweep(client, root)
    try:
        yield f"{root}/{run_id}"
    finally:
        # The run's rows are in the warehouse: what cannot be removed now is swept another day.
        with suppress(MotionSightError), bucket_errors(root):
            _delete(client, list(_objects(client, f"{root}/{run_id}/")))


def _sweep(client: Client, root: str) -> None:
    areas: dict[str, list[Any]] = defaultdict(list)
    for blob in _objects(client, f"{root}/"):
        area = blob.name.removeprefix(bucket_and_name(f"{root}/")[1]).partition("/")[0]
        if _RUN_ID.fullmatch(area):
            areas[area].append(blob)
    long_ago = datetime.now(UTC) - GRACE
    for blobs in areas.values():
        if all(blob.updated < long_ago for blob in blobs):
            _delete(client, blobs)


def _objects(client: Client, prefix: str) -> Iterator[Any]:
    bucket, name = bucket_and_name(prefix)
    return iter(client.list_blobs(bucket, prefix=name, fields="items(name,updated),nextPageToken"))


def _delete(client: Client, blobs: list[Any]) -> None:
    from google.cloud.exceptions import NotFound

    for blob in blobs:
        with suppress(NotFound):  # another run sweeps as well
            client.bucket(blob.bucket.name).blob(blob.name).delete()


def bucket_and_name(path: str) -> tuple[str, str]:
    """Of a gs:// path."""
    bucket, _, name = path.removeprefix("gs://").partition("/")
    return bucket, name


@contextmanager
def bucket_errors(root: str) -> Iterator[None]:
    """The client's exceptions as sentences that say what to do."""
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    bucket = f"gs://{bucket_and_name(root)[0]}"
    try:
        yield
    except NotFound:
        raise UsageError(f"There is no bucket {bucket} to stage in.") from None
    except (Forbidden, Unauthorized):
        raise RunError(
            f"Staging in {bucket} is forbidden: it needs storage.objects.create, get, list and delete; "
            "docs/warehouse.md has the roles."
        ) from None
    except GoogleAuthError as error:
        raise RunError(
            f"There are no credentials that work for staging in {bucket} ({type(error).__name__}): run "
            "`gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file."
        ) from None
    except (GoogleAPIError, RequestException, ConnectionError, TimeoutError) as error:
        raise RunError(f"{bucket}, to stage in, does not answer ({type(error).__name__}).") from None
