"""Jobs on BigQuery: one client per process, patience where it helps, errors as sentences."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt

from motionsight_core.environment.credentials import credentials_epoch
from motionsight_core.errors import MotionSightError, RunError
from motionsight_core.stores._gcs_client import is_emulator
from motionsight_core.stores._retry import pauses
from motionsight_core.warehouse._bigquery_address import BigQueryAddress

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, QueryJobConfig

#: How long the client library tries one request again, seconds.
_RETRY_S = 120.0
#: BigQuery cancels the later one of two transactions that change the same table.
_CONFLICT = "concurrent update"
_CONFLICT_TRIES = 8
_LOGIN = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file"

Parameter = str | int | datetime | Sequence[str]


def require_package() -> None:
    """Raise RunError where google-cloud-bigquery is not installed."""
    try:
        import google.cloud.bigquery  # noqa: F401
    except ImportError:
        raise RunError(
            "bigquery: warehouses need google.cloud.bigquery; run `pip install 'motionsight[gcp]'`."
        ) from None


_clients: dict[tuple[int, int, str, str | None, str], Client] = {}
_clients_lock = threading.Lock()


def client_of(address: BigQueryAddress) -> Client:
    """The client of this process, which all threads share; BIGQUERY_EMULATOR_HOST is honoured."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    emulator = os.environ.get("BIGQUERY_EMULATOR_HOST", "")
    key = (os.getpid(), credentials_epoch(), address.project, address.location, emulator)
    with _clients_lock:
        if key not in _clients:
            # An emulator asks for none, and looking for them takes 20 seconds where there are none.
            credentials = AnonymousCredentials() if is_emulator(emulator) else None
            _clients[key] = Client(address.project, credentials=credentials, location=address.location)
        return _clients[key]


def retry() -> Any:
    """The library's own retry of one request, with our patience."""
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_RETRY_S)


def job_config(address: BigQueryAddress, **options: Any) -> QueryJobConfig:
    """Tables without a dataset are the warehouse's."""
    from google.cloud.bigquery import QueryJobConfig

    return QueryJobConfig(default_dataset=address.name, **options)


def run_sql(
    address: BigQueryAddress, sql: str, parameters: Mapping[str, Parameter] | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement or a script of ours and return its rows.

    `{dataset}` in it stands for the dataset's name. What another writer's transaction got in the way
    of is tried again.

    Raises:
        RunError: BigQuery does not let us, or cannot be reached.
    """
    config = job_config(
        address, query_parameters=[_parameter(name, value) for name, value in (parameters or {}).items()]
    )

    def rows() -> list[tuple[Any, ...]]:
        job = client_of(address).query(
            sql.replace("{dataset}", address.name), job_config=config, retry=retry()
        )
        return [tuple(row.values()) for row in job.result(retry=retry())]

    conflicts = Retrying(
        retry=retry_if_exception(_is_conflict),
        stop=stop_after_attempt(_CONFLICT_TRIES),
        wait=pauses(first_s=2.0, longest_s=30.0),
        reraise=True,
    )
    with errors(address):
        return conflicts(rows)


def _is_conflict(error: BaseException) -> bool:
    from google.api_core.exceptions import GoogleAPICallError

    return isinstance(error, GoogleAPICallError) and _CONFLICT in str(error)


def _parameter(name: str, value: Parameter) -> Any:
    from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

    if isinstance(value, str):
        return ScalarQueryParameter(name, "STRING", value)
    if isinstance(value, int):
        return ScalarQueryParameter(name, "INT64", value)
    if isinstance(value, datetime):
        return ScalarQueryParameter(name, "TIMESTAMP", value)
    return ArrayQueryParameter(name, "STRING", list(value))


@contextmanager
def errors(address: BigQueryAddress) -> Iterator[None]:
    """The client's exceptions as sentences that say what to do; none repeats an account or a key."""
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, RetryError, Unauthorized
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from requests.exceptions import RequestException

    where = f"bigquery:{address.name}"
    try:
        yield
    except MotionSightError:
        raise
    except DefaultCredentialsError:
        raise RunError(f"There are no credentials to use {where}: {_LOGIN}.") from None
    except GoogleAuthError as error:
        raise RunError(
            f"The credentials to use {where} do not work ({type(error).__name__}): {_LOGIN}."
        ) from None
    except (Forbidden, Unauthorized) as error:
        if "exceeded" in str(error).lower():
            raise RunError(f"{where} is over a quota of its project: {_first_line(error)}") from None
        raise RunError(
            f"Using {where} is forbidden: {_LOGIN} of an account that has the roles in docs/warehouse.md."
        ) from None
    except NotFound as error:
        raise RunError(f"{where}: {_first_line(error)}") from None
    except (RetryError, RequestException, ConnectionError, TimeoutError) as error:
        raise RunError(f"{where} does not answer ({type(error).__name__}); try again later.") from None
    except GoogleAPIError as error:
        raise RunError(f"{where} refused: {_first_line(error)}") from None


def answer_of(error: Exception) -> str:
    """What BigQuery says of a query, as one line without address, job and account."""
    return _first_line(error)


def _first_line(error: Exception) -> str:
    details = getattr(error, "errors", None) or []
    text = str(details[0].get("message", "")) if details and isinstance(details[0], dict) else ""
    text = text or str(getattr(error, "message", "") or type(error).__name__)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = (lines or [type(error).__name__])[0][:300]
    return line if line.endswith(".") else f"{line}."
