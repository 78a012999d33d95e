"""Staged files: rows as Parquet parts under names of their own, and what is said where there is no room."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from motionsight_core.errors import RunError
from motionsight_core.warehouse import Table
from transforms._cloud_files import without_credentials_for_an_emulator


def write_part(directory: str, table: Table, rows: Sequence[dict[str, Any]]) -> str:
    """Write rows of a table into a part that nobody else has the name of; returns its path.

    Raises:
        RunError: there is no room, or no such directory.
    """
    path = FileSystems.join(directory, f"{table.name}-{uuid.uuid4().hex}.parquet")
    with created(path, "application/vnd.apache.parquet") as file:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=table.schema), file, compression="zstd")
    return path


@contextmanager
def created(path: str, mime_type: str) -> Iterator[Any]:
    """A new file to write to, for the length of a `with` block.

    Raises:
        RunError: a disk is full, or whatever else the file system says; one sentence says where.
    """
    try:
        with _open(path, mime_type) as file:
            yield file
    except OSError as error:
        raise RunError(
            f"Rows cannot be staged in {FileSystems.split(path)[0]}: {error.strerror or error}; make room "
            "there, then run this again."
        ) from None


def _open(path: str, mime_type: str) -> Any:
    without_credentials_for_an_emulator()
    return FileSystems.create(path, mime_type, compression_type="uncompressed")
