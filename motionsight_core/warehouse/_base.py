"""The protocol that every warehouse follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from motionsight_core.catalog import VideoObject
from motionsight_core.record import PartitionRecord, RunRecord
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
    clips: int | None = None
    """Into how many clips the object was split; None where nobody wrote it down."""

    @property
    def done(self) -> frozenset[str]:
        """clip_ids that are left out of a run."""
        return self.annotated | self.failed

    @property
    def skipped(self) -> int:
        """Clips that a run leaves out, where it leaves out the object."""
        return len(self.done) + self.unusable


def gather_known(rows: Iterable[Sequence[Any]]) -> dict[VideoObject, Known]:
    """Known per object, from rows of uri, version, kind (annotated, failed or split), clip_id, clips."""
    found: dict[VideoObject, tuple[set[str], set[str | None], set[int]]] = {}
    for uri, version, kind, clip_id, clips in rows:
        annotated, failed, split = found.setdefault(VideoObject(uri, version), (set(), set(), set()))
        if kind == "split":
            split.add(clips)
        else:
            (annotated if kind == "annotated" else failed).add(clip_id)
    return {
        video: Known(
            annotated=frozenset(annotated),
            failed=frozenset(clip_id for clip_id in failed if clip_id is not None),
            unusable=None in failed,
            clips=next(iter(split), None),
        )
        for video, (annotated, failed, split) in found.items()
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Warehouse(Protocol):
    """Keeps the tables of `tables`, and their views.

    The first write makes what is not there, and brings a warehouse of an earlier version up to date.
    Every write raises RunError where the warehouse cannot be reached or does not let us, or where it
    was made by a later version of the program.
    """

    url: str
    """Its whole address, whatever the working directory and the environment are."""

    @property
    def staging(self) -> str:
        """Directory or prefix under which runs stage their Parquet files.

        Raises:
            UsageError: the address names none, and the warehouse needs one.
        """
        ...

    def start_run(self, run: RunRecord) -> None:
        """Write the run's row, unfinished."""
        ...

    def known(
        self, videos: Sequence[VideoObject], recipe: str, *, retry: Collection[str] = ()
    ) -> dict[VideoObject, Known]:
        """What is there already of these objects; objects of which nothing is known are left out.

        Args:
            videos: up to 20,000 of them.
            recipe: whose rows count.
            retry: names of errors that do not count as known failures: they are to be tried again.
        """
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

    def save_partitions(self, records: Sequence[PartitionRecord]) -> None:
        """Write the state of parts of a backfill, over what was known of the same parts before."""
        ...

    def partitions(self, backfill_id: str) -> list[PartitionRecord]:
        """The parts of a backfill in their order; none where there is no such backfill."""
        ...

    def query(self, sql: str) -> Answer:
        """Answer a query without changing anything.

        Raises:
            UsageError: the query is not valid, changes something, or would read more than is allowed.
            NoWarehouse: nothing was written there yet.
        """
        ...


@runtime_checkable
class Batched(Protocol):
    """A warehouse that hands on an answer in parts, as it arrives; others need not."""

    def query_in_batches(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """As `Warehouse.query`, some thousands of rows at a time."""
        ...


def in_batches(warehouse: Warehouse, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, as few at a time as the warehouse can hand on; raises as `Warehouse.query`."""
    if isinstance(warehouse, Batched):
        yield from warehouse.query_in_batches(sql)
    else:
        yield warehouse.query(sql).rows
