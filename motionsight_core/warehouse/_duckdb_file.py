"""Opening a DuckDB file: under any path, and in turn with other processes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from motionsight_core.errors import RunError, UsageError, one_line

#: How long to wait for another process that has the file open.
_LOCK_WAIT_S = 30.0
#: How DuckDB's message begins where another process has the file open. A path never stands before it.
_LOCKED = "IO Error: Could not set lock on file"


def duckdb_name(path: Path) -> str:
    """An absolute path as DuckDB takes it.

    Raises:
        UsageError: DuckDB cannot open a file of this name.
    """
    try:
        name = os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"The warehouse's path {str(path)!a} is not valid UTF-8; rename it.") from None
    if "\\" in name:
        raise UsageError(
            f"The warehouse's path {name} holds a backslash, which DuckDB takes for a slash; give it "
            "another folder or name."
        )
    return name


def connect(name: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """An open file, which is made where there is none. Waits for a process that has it open.

    Raises:
        RunError: it cannot be opened, or another process does not let go of it.
    """
    waiting = Retrying(
        retry=retry_if_exception_type(_InUse),
        stop=stop_after_delay(_LOCK_WAIT_S),
        wait=wait_exponential(multiplier=0.05, max=1.0),
        reraise=True,
    )
    try:
        return waiting(_connect, name, read_only=read_only)
    except _InUse as holder:
        raise RunError(
            f"The warehouse {name} has been in use by {holder} for {_LOCK_WAIT_S:g} s; end that process "
            "or wait for it, then run this again."
        ) from None


def first_paragraph(error: Exception) -> str:
    """A DuckDB message without its source excerpt, as one line."""
    return one_line(str(error).split("\n\n")[0], most=2000)


class _InUse(Exception):
    """The file is open elsewhere; `str` says by whom."""


def _connect(name: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(name, read_only=read_only, config=_config(name))
    except duckdb.ConnectionException:
        # This process has it open in the other mode, in another thread: it soon will not.
        raise _InUse("this process") from None
    except duckdb.Error as error:
        if not str(error).startswith(_LOCKED):
            raise RunError(f"Cannot open {name}: {first_paragraph(error)}") from None
        raise _InUse(_holder(str(error).replace(name, ""))) from None


def _holder(message: str) -> str:
    found = re.search(r"held in (.+? \(PID \d+\))", message)
    return found[1] if found else "another process"


def _config(name: str) -> dict[str, str | bool | int | float | list[str]]:
    """Options under which DuckDB keeps no file beside one whose path holds a question mark.

    It takes what follows the question mark for parameters of an address, and would look for the
    write-ahead log of `what?/x.duckdb` in the folder `what.wal?`. So every commit is written to the file
    itself, as a checkpoint, which is all or nothing too.
    """
    if "?" not in name:
        return {}
    return {
        "auto_checkpoint_skip_wal_threshold": "0",
        "checkpoint_threshold": "0B",
        "temp_directory": f"{name}.tmp",
    }
