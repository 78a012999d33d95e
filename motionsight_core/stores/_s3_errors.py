"""What boto3 raises, as sentences that say what to do; never the store's own words.

Those may repeat addresses, accounts and what was sent with the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from motionsight_core.errors import Archived, RunError, StoreUnavailable, UsageError, VersionGone
from motionsight_core.stores._retry import Broken

GONE = "The object was deleted or overwritten after it was listed."
#: What the store says of a version that it does not hold; 405: it is the mark of a deletion.
GONE_STATUS = frozenset([404, 405, 412])
ARCHIVED = (
    "The object is in an archive such as S3 Glacier, and must be restored before it can be read. Restore it, "
    "then annotate it with --force, or run backfill with --retry-failures --error Archived."
)
_ARCHIVED_CODE = "InvalidObjectState"
_PAYER = ", and stores.s3_requester_pays=true where the requester pays"
_LOGIN = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
#: The store is busy or out of order: worth another try.
_BUSY = frozenset([408, 429, 500, 502, 503, 504])
#: The same, said with another status.
_BUSY_CODES = frozenset(["RequestTimeout", "SlowDown", "Throttling", "RequestLimitExceeded"])


@contextmanager
def listing_errors(bucket: str) -> Iterator[None]:
    """For requests that list."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
    )

    try:
        yield
    except ParamValidationError:
        raise UsageError(f"s3://{bucket} is not a valid bucket name.") from None
    except (NoCredentialsError, PartialCredentialsError):
        raise RunError(f"There are no credentials to list s3://{bucket}: {_LOGIN}.") from None
    except ClientError as error:
        _raise_if_broken(error)
        if status_of(error) == 404:
            raise UsageError(f"There is no bucket s3://{bucket}.") from None
        if status_of(error) in (401, 403):
            raise RunError(
                f"Listing s3://{bucket} is forbidden: it needs s3:ListBucket{_PAYER}; {_LOGIN} of an account "
                "that has it."
            ) from None
        raise RunError(f"s3://{bucket} cannot be listed: the store answered {status_of(error)}.") from None
    except BotoCoreError as error:
        _raise_if_broken(error)
        raise RunError(f"s3://{bucket} cannot be listed ({type(error).__name__}): {_LOGIN}.") from None


@contextmanager
def reading_errors() -> Iterator[None]:
    """For requests that read one object."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        _raise_if_broken(error)
        if status_of(error) in GONE_STATUS:
            raise VersionGone(GONE) from None
        if _code_of(error) == _ARCHIVED_CODE:
            raise Archived(ARCHIVED) from None
        need = f"; it needs s3:GetObject{_PAYER}" if status_of(error) in (401, 403) else ""
        raise StoreUnavailable(
            f"The object cannot be read: the store answered {status_of(error)}{need}."
        ) from None
    except BotoCoreError as error:
        _raise_if_broken(error)
        raise StoreUnavailable(f"The object cannot be read ({type(error).__name__}): {_LOGIN}.") from None


@contextmanager
def writing_errors(uri: str) -> Iterator[None]:
    """For requests that write one object, or ask whether it is there."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        _raise_if_broken(error)
        need = f"; it needs s3:PutObject{_PAYER}" if status_of(error) in (401, 403) else ""
        raise RunError(f"{uri} cannot be written: the store answered {status_of(error)}{need}.") from None
    except BotoCoreError as error:
        _raise_if_broken(error)
        raise RunError(f"{uri} cannot be written ({type(error).__name__}): {_LOGIN}.") from None


def _raise_if_broken(error: Any) -> None:
    """Raise Broken where another try may go better."""
    from botocore.exceptions import (
        ClientError,
        ConnectionError,
        HTTPClientError,
        IncompleteReadError,
    )
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        status = status_of(error)
        if status in _BUSY or _code_of(error) in _BUSY_CODES:
            raise Broken(f"the store answered {status}") from None
    elif isinstance(error, (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)):
        raise Broken(f"the store does not answer ({type(error).__name__})") from None


def _code_of(error: Any) -> str:
    """The store's short name of what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: Any) -> int:
    """HTTP status only: the store's own text may repeat addresses and accounts."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
