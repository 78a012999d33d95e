"""The client of Google Cloud Storage: which endpoint, with which credentials."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from motionsight_core.environment.credentials import credentials_epoch
from motionsight_core.settings import StoreSettings

if TYPE_CHECKING:
    from google.cloud.storage import Client

#: Else the client asks for the bucket's own properties on the side, which takes a right that reading
#: objects does not: every worker would leave a refusal in the bucket's audit log.
_NO_BUCKET_PROPERTIES = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"

_clients: dict[tuple[int, int, str], Client] = {}
_clients_lock = threading.Lock()


def gcs_client(settings: StoreSettings) -> Client:
    """The client of this process and endpoint, which all threads share: for videos and for what is staged."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    endpoint = settings.gs_endpoint or os.environ.get("STORAGE_EMULATOR_HOST", "")
    key = (os.getpid(), credentials_epoch(), endpoint)
    with _clients_lock:
        if key not in _clients:
            os.environ.setdefault(_NO_BUCKET_PROPERTIES, "true")
            # An emulator asks for none, and looking for them takes 20 seconds where there are none.
            credentials = AnonymousCredentials() if is_emulator(endpoint) else None
            options = {"api_endpoint": settings.gs_endpoint} if settings.gs_endpoint else None
            # Objects need no project, and a machine need not have one.
            _clients[key] = Client(project=None, credentials=credentials, client_options=options)
        return _clients[key]


def is_emulator(endpoint: str) -> bool:
    """Whether an address stands in for Google's service, and is asked without credentials.

    Google's own other doors, such as a private one of a network, take them.
    """
    return bool(endpoint) and not (urlsplit(endpoint).hostname or "").endswith(".googleapis.com")
