"""The protocol that every warehouse follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from motionsight_core.catalog import VideoObject
from motionsight_core.record import RunRecord
from motionsight_core.warehouse._manifest import Manifest


@dataclass(frozen=True, slots=True)
class Known:
    """What the warehouse holds of one version of an object under one recipe."""

    annotated: frozenset[str]
    """clip_ids with a row."""
    failed: frozenset[str]
    """clip_ids whose failure the same bytes would bring again."""
    unusable: bool
    """The object itself failed for good: no clip of it can be planned."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Warehouse(Protocol):
    """Keeps the tables `motion`, `failures` and `runs` and their views (design contract "tables")."""

    url: str
    staging: str
    """Directory or prefix under which runs stage their Parquet files."""

    def start_run(self, run: RunRecord) -> None:
        """Write the run's row, unfinished."""
        ...

    def known(self, videos: Sequence[VideoObject], recipe: str) -> dict[VideoObject, Known]:
        """What is there already of these objects; objects of which nothing is known are left out."""
        ...

    def commit(self, manifest: Manifest) -> None:
        """Put a shard's staged files into the tables, in one transaction.

        Rows are merged on their key, the newest wins; a success deletes the failure it follows. A
        manifest that was committed before changes nothing.
        """
        ...

    def finish_run(self, run_id: str) -> RunRecord:
        """Mark the run as finished and return its row."""
        ...

    def failures_of(self, run_id: str) -> list[tuple[str, int, str, str]]:
        """Per error of a run, the most frequent first: name, count, and one example's uri and message."""
        ...

    def query(self, sql: str) -> Answer:
        """Answer a query without changing anything.

        Raises:
            UsageError: the query is not valid, or there is no warehouse yet.
        """
        ...
