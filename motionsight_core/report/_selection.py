"""Which rows of a warehouse a report shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from motionsight_core.errors import UsageError
from motionsight_core.warehouse import Warehouse, open_warehouse

#: A row, by its columns' names.
Row: TypeAlias = dict[str, Any]

_CAPTIONS = (
    "SELECT clip_id, recipe, track_id, appearance, motion_caption FROM object_tracks "
    "WHERE appearance IS NOT NULL"
)
#: A browser holds so many; whoever has more asks a question first.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a report."""

    rows: tuple[Row, ...]
    """Of `motion`: of each object its newest annotated version, under all recipes; by uri and start."""
    failures: tuple[Row, ...]
    """Of `failures`, less those of versions that are no longer the newest."""
    runs: tuple[Row, ...]
    """Of `runs`: those that wrote these rows."""
    recipe_settings: dict[str, str]
    """The settings (JSON) under each recipe, as its newest run kept them."""
    captions: dict[tuple[str, str], dict[int, str]]
    """Sentences on single tracks, checked ones: by clip and recipe, then by the track's number."""
    failures_fit: bool
    """Whether the condition could be asked of failures; if not, there are none here."""

    def newest_recipes(self) -> dict[str, str]:
        """The recipe under which each uri was annotated last."""
        return {uri: row["recipe"] for uri, row in _newest(self.rows).items()}


def select(warehouse_url: str, where: str | None) -> Selection:
    """The rows that meet a condition.

    Args:
        warehouse_url: as `open_warehouse` takes it.
        where: SQL over the columns of `motion`; everything if unset. Failures are selected by it as far
            as it speaks of columns that they have.

    Raises:
        UsageError: the condition is not valid, or more rows meet it than a page can hold.
        NoWarehouse: nothing was written there yet.
    """
    warehouse = open_warehouse(warehouse_url)
    # On a line of its own: a comment at the end of the condition must not hide the bracket.
    condition = f" WHERE (\n{where}\n)" if where else ""
    ((count,),) = warehouse.query(f"SELECT count(*) FROM motion{condition}").rows  # noqa: S608
    if count > MOST_ROWS:
        raise UsageError(
            f"The report would hold {count:,} rows, more than the {MOST_ROWS:,} that a browser shows with "
            "ease; choose some with --where, for example --where \"uri LIKE '%/2024/%'\"."
        )
    rows = _rows(warehouse, f"SELECT * FROM motion{condition}")  # noqa: S608
    try:
        failures = _rows(warehouse, f"SELECT * FROM failures{condition}")  # noqa: S608
        fit = True
    except UsageError:  # the condition was valid for `motion`, so it names a column that failures lack
        failures, fit = [], False
    try:
        of_clips = f"clip_id IN (SELECT clip_id FROM motion{condition})"  # noqa: S608
        captions = _rows(warehouse, f"{_CAPTIONS} AND {of_clips}")
    except UsageError:  # the warehouse was last written by a version that had none
        captions = []
    runs = _rows(warehouse, "SELECT * FROM runs")
    newest = _newest(rows)
    kept = [row for row in rows if row["version"] == newest[row["uri"]]["version"]]
    kept_failures = [failure for failure in failures if _stands(failure, newest.get(failure["uri"]))]
    mentioned = {row["run_id"] for row in (*kept, *kept_failures)}
    return Selection(
        rows=tuple(sorted(kept, key=lambda row: (row["uri"], row["start_s"] or 0.0, row["recipe"]))),
        failures=tuple(sorted(kept_failures, key=lambda row: (row["error"], row["uri"]))),
        runs=tuple(run for run in runs if run["run_id"] in mentioned),
        recipe_settings={
            run["recipe"]: run["settings"] for run in sorted(runs, key=lambda run: run["started_at"])
        },
        captions=_by_row(captions),
        failures_fit=fit,
    )


def _rows(warehouse: Warehouse, sql: str) -> list[Row]:
    answer = warehouse.query(sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def _by_row(captions: Iterable[Row]) -> dict[tuple[str, str], dict[int, str]]:
    found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for one in captions:
        look = one["appearance"].rstrip(". ")
        sentences = f"{look[:1].upper()}{look[1:]}. {one['motion_caption']}"
        found[one["clip_id"], one["recipe"]][one["track_id"]] = sentences
    return dict(found)


def _newest(rows: Iterable[Row]) -> dict[str, Row]:
    """The row that was annotated last, for each uri."""
    newest: dict[str, Row] = {}
    for row in rows:
        known = newest.get(row["uri"])
        if known is None or row["annotated_at"] > known["annotated_at"]:
            newest[row["uri"]] = row
    return newest


def _stands(failure: Row, annotated: Row | None) -> bool:
    """Whether a failure is of bytes that were not replaced by others that could be annotated since."""
    return (
        annotated is None
        or failure["version"] == annotated["version"]
        or failure["failed_at"] > annotated["annotated_at"]
    )


def annotated_seconds(runs: Sequence[Row]) -> tuple[int, float]:
    """Clips that finished runs annotated, and the wall-clock seconds that they took."""
    finished = [run for run in runs if run["finished_at"] is not None]
    seconds = sum((run["finished_at"] - run["started_at"]).total_seconds() for run in finished)
    return sum(run["annotated"] for run in finished), seconds
