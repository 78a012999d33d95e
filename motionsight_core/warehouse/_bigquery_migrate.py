"""Bringing a dataset up to date: the first write makes it, later versions of the program add to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from motionsight_core.errors import RunError
from motionsight_core.warehouse import _bigquery_ddl as ddl
from motionsight_core.warehouse._bigquery_address import BigQueryAddress
from motionsight_core.warehouse._bigquery_client import client_of, errors, retry, run_sql
from motionsight_core.warehouse._migrations import Migration, outstanding

#: A table that only one process can make, and that BigQuery removes should that process die.
_LOCK = "migrating"
_LOCK_EXPIRES = timedelta(minutes=10)
_LOCK_WAIT_S = 120.0

#: Datasets that this process has seen up to date; they do not go back.
_up_to_date: set[tuple[str, str]] = set()
_migrating = threading.Lock()

_APPLIED = """
MERGE INTO `{dataset}.migrations` AS known
USING (
    SELECT @first + place AS number, name, @now AS applied_at
    FROM UNNEST(@names) AS name WITH OFFSET AS place
) AS fresh
ON known.number = fresh.number
WHEN NOT MATCHED THEN INSERT (number, name, applied_at)
    VALUES (fresh.number, fresh.name, fresh.applied_at)
"""


def is_there(address: BigQueryAddress) -> bool:
    """Whether anything was ever written into the dataset by us."""
    from google.api_core.exceptions import NotFound

    with errors(address):
        try:
            client_of(address).get_table(f"{address.name}.migrations", retry=retry())
        except NotFound:
            return False
    return True


def bring_up_to_date(address: BigQueryAddress) -> None:
    """Make the dataset and its tables, or what is missing of them; looks once per process.

    Raises:
        RunError: it may not be made, or was made by a later version of the program.
    """
    key = (os.environ.get("BIGQUERY_EMULATOR_HOST", ""), address.name)
    with _migrating:
        if key in _up_to_date:
            return
        if _outstanding(address):
            _make_dataset(address)
            _migrate(address)
        _up_to_date.add(key)


def _migrate(address: BigQueryAddress) -> None:
    """Apply what is missing, while no other process does."""
    waiting = Retrying(
        retry=retry_if_result(lambda locked: not locked and bool(_outstanding(address))),
        stop=stop_after_delay(_LOCK_WAIT_S),
        wait=wait_exponential(multiplier=0.1, max=5.0),
    )
    try:
        locked = waiting(_take_lock, address)
    except RetryError:
        raise RunError(
            f"Another process has been bringing bigquery:{address.name} up to date for "
            f"{_LOCK_WAIT_S:g} s; if it died, delete the table {_LOCK} there, then run this again."
        ) from None
    if not locked:
        return  # the other process is done
    try:
        missing = _outstanding(address)
        statements = [statement for migration in missing for statement in ddl.statements(migration)]
        # One script, one job: a job of its own for each statement would take a second each.
        run_sql(address, ";\n".join([ddl.CREATE_MIGRATIONS, *statements, *ddl.VIEWS]))
        # Written down last: what is cut off before is made again.
        if missing:
            names = [migration.name for migration in missing]
            applied = {"first": missing[0].number, "names": names, "now": datetime.now(UTC)}
            run_sql(address, _APPLIED, applied)
    finally:
        with errors(address):
            client_of(address).delete_table(f"{address.name}.{_LOCK}", not_found_ok=True, retry=retry())


def _outstanding(address: BigQueryAddress) -> Sequence[Migration]:
    return outstanding(_number(address), url=f"bigquery:{address.name}")


def _number(address: BigQueryAddress) -> int:
    """Of the newest migration that was applied; 0 where there is no table of them yet."""
    if not is_there(address):
        return 0
    return run_sql(address, "SELECT MAX(number) FROM `{dataset}.migrations`")[0][0] or 0


def _make_dataset(address: BigQueryAddress) -> None:
    from google.api_core.exceptions import Forbidden, NotFound
    from google.cloud.bigquery import Dataset

    client = client_of(address)
    with errors(address):
        try:
            client.get_dataset(address.name, retry=retry())
            return
        except NotFound:
            pass
        dataset = Dataset(address.name)
        if address.location is not None:
            dataset.location = address.location
        try:
            client.create_dataset(dataset, exists_ok=True, retry=retry())
        except Forbidden:
            raise RunError(
                f"There is no dataset {address.name}, and making one takes bigquery.datasets.create: let "
                f"somebody who has it run `bq mk --dataset {address.project}:{address.dataset}`."
            ) from None


def _take_lock(address: BigQueryAddress) -> bool:
    from google.api_core.exceptions import Conflict
    from google.cloud.bigquery import Table

    table = Table(f"{address.name}.{_LOCK}")
    table.expires = datetime.now(UTC) + _LOCK_EXPIRES
    with errors(address):
        try:
            client_of(address).create_table(table, retry=retry())
        except Conflict:
            return False
    return True
