"""What google-cloud-storage raises, as sentences that say what to do; never the store's own words.

Those may repeat addresses, accounts and what was sent with the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from motionsight_core.errors import ClipError, RunError, StoreUnavailable, UsageError, VersionGone
from motionsight_core.stores._retry import Broken, TooMuch

GONE = "The object was deleted or overwritten after it was listed."
_PAYER = "set stores.gs_user_project to the project that is to be billed"
_LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file"
#: The store is busy or out of order: worth another try.
_BUSY = frozenset([408, 429, 500, 502, 503, 504])


@contextmanager
def listing_errors(bucket: str) -> Iterator[None]:
    """For requests that list."""
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        yield
    except DefaultCredentialsError:
        raise RunError(f"There are no credentials to list gs://{bucket}: {_LOGIN}.") from None
    except Exception as error:
        _raise_if_broken(error)
        match _status(error):
            case 404:
                raise UsageError(f"There is no bucket gs://{bucket}.") from None
            case 400 if _asks_for_payer(error):
                raise UsageError(f"The requester pays for gs://{bucket}: {_PAYER}.") from None
            case 400:
                raise UsageError(f"gs://{bucket} is not a valid bucket or prefix.") from None
            case 401 | 403:
                raise RunError(
                    f"Listing gs://{bucket} is forbidden: it needs storage.objects.list; {_LOGIN} of an "
                    "account that has it."
                ) from None
            case None if isinstance(error, GoogleAuthError):
                raise RunError(
                    f"The credentials to list gs://{bucket} do not work ({type(error).__name__}): {_LOGIN}."
                ) from None
            case None if isinstance(error, ValueError):  # the client looks at names itself
                raise UsageError(f"gs://{bucket} is not a valid bucket name.") from None
            case None:
                raise
            case status:
                raise RunError(f"gs://{bucket} cannot be listed: the store answered {status}.") from None


@contextmanager
def reading_errors() -> Iterator[None]:
    """For requests that read one object."""
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (ClipError, Broken, TooMuch):
        raise
    except Exception as error:
        _raise_if_broken(error)
        match _status(error):
            case 404 | 412:
                raise VersionGone(GONE) from None
            case 400 if _asks_for_payer(error):
                raise StoreUnavailable(f"The requester pays for the object: {_PAYER}.") from None
            case 403 | 401 as status:
                raise StoreUnavailable(
                    f"The object cannot be read: the store answered {status}; it needs storage.objects.get."
                ) from None
            case None if isinstance(error, GoogleAuthError):
                raise StoreUnavailable(
                    f"The credentials do not work ({type(error).__name__}): {_LOGIN}."
                ) from None
            case None:
                raise
            case status:
                raise StoreUnavailable(f"The object cannot be read: the store answered {status}.") from None


@contextmanager
def writing_errors(uri: str) -> Iterator[None]:
    """For requests that write one object, or ask whether it is there."""
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except Exception as error:
        _raise_if_broken(error)
        match _status(error):
            case 400 if _asks_for_payer(error):
                raise RunError(f"The requester pays for {uri}: {_PAYER}.") from None
            case 401 | 403 as status:
                raise RunError(
                    f"{uri} cannot be written: the store answered {status}; it needs storage.objects.create "
                    "and, to overwrite, storage.objects.delete."
                ) from None
            case None if isinstance(error, GoogleAuthError):
                raise RunError(
                    f"The credentials to write {uri} do not work ({type(error).__name__}): {_LOGIN}."
                ) from None
            case None:
                raise
            case status:
                raise RunError(f"{uri} cannot be written: the store answered {status}.") from None


def _asks_for_payer(error: Exception) -> bool:
    """Whether a request names no project that pays for it, and the bucket's owner does not."""
    said = str(error).lower()
    return "requester pays" in said or "userprojectmissing" in said


def _raise_if_broken(error: Exception) -> None:
    """Raise Broken where another try may go better."""
    from google.auth.exceptions import TransportError
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    status = _status(error)
    if status in _BUSY:
        raise Broken(f"the store answered {status}") from None
    if isinstance(error, (RequestException, HTTPError, ConnectionError, TimeoutError, TransportError)):
        raise Broken(f"the store does not answer ({type(error).__name__})") from None


def _status(error: Exception) -> int | None:
    """Of an HTTP answer, where there was one."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.storage.exceptions import InvalidResponse

    if isinstance(error, GoogleAPICallError) and error.code is not None:
        return int(error.code)
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return None
