"""The client of Amazon S3 and of what speaks its protocol: which endpoint, in which style."""

from __future__ import annotations

import os
import threading
from typing import Any

from motionsight_core.environment.credentials import credentials_epoch
from motionsight_core.settings import StoreSettings

#: The longest that a connection may take to be made, seconds.
_CONNECT_S = 10.0
_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

_clients: dict[tuple[object, ...], Any] = {}
_clients_lock = threading.Lock()


def s3_client(settings: StoreSettings) -> Any:
    """The client of this process and these settings, which all threads share; sessions cannot be shared."""
    from boto3.session import Session
    from botocore.config import Config

    inherited = next((os.environ[name] for name in _ENDPOINT_VARIABLES if os.environ.get(name)), "")
    endpoint = settings.s3_endpoint or inherited
    key = (
        os.getpid(),
        credentials_epoch(),
        endpoint,
        settings.s3_region,
        settings.s3_addressing,
        settings.stall_s,
    )
    with _clients_lock:
        if key not in _clients:
            style = settings.s3_addressing
            options: dict[str, Any] = {}
            if endpoint:
                # A store of one's own seldom has a name in the DNS for each bucket, and need not know
                # the checksums that Amazon added later.
                style = "path" if style == "auto" else style
                options["response_checksum_validation"] = "when_required"
                options["request_checksum_calculation"] = "when_required"
            config = Config(
                s3={"addressing_style": style},
                connect_timeout=min(_CONNECT_S, settings.stall_s),
                read_timeout=settings.stall_s,
                max_pool_connections=64,
                # Tries are repeated here, bodies that break off included.
                retries={"total_max_attempts": 1},
                **options,
            )
            # None: what boto3 finds in its environment and files.
            _clients[key] = Session().client(
                "s3", endpoint_url=settings.s3_endpoint, region_name=settings.s3_region, config=config
            )
        return _clients[key]
