"""`write_report`: from a warehouse to one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from motionsight_core.errors import UsageError
from motionsight_core.report._choice import DOUBTFUL, few
from motionsight_core.report._entries import entries, failure_entries, recipe_entries, table
from motionsight_core.report._judged import Judgement, condition_of, judgements_of
from motionsight_core.report._page import write_page
from motionsight_core.report._pictures import pictured
from motionsight_core.report._selection import Row, Selection, annotated_seconds, select
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse

FrameChoice: TypeAlias = Literal["none", "few", "all"]

#: Rows in one pack: a few milliseconds' work when one of them is opened.
_ROWS_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """What came of a report."""

    clips: int
    """Clips of which there is a row; one that several recipes annotated counts once."""
    failures: int
    pictures: int
    """Clips whose pictures are in the file."""
    bytes: int
    """Size of the file."""
    without_pictures: int = 0
    """Clips that were to have pictures, but whose video is gone or cannot be decoded any more."""


def write_report(
    warehouse: str,
    out: Path,
    *,
    where: str | None = None,
    frames: FrameChoice = "few",
    settings: Settings,
    judged: Sequence[Judgement] = (),
    progress: Callable[[int, int], None] | None = None,
) -> ReportSummary:
    """Write what a warehouse holds, and the evidence for it, into one self-contained HTML file.

    Args:
        warehouse: its address, as `open_warehouse` takes it.
        out: the file; one that is there is replaced once the new one is complete.
        where: SQL over the columns of `motion`, such as `annotator = 'measured'`; all rows if unset.
        frames: `none`, pictures of `few` clips (the doubtful ones and one of every sort, 48 at most), or
            of `all`, at about 200 KB a clip.
        settings: how clips are decoded: stores, limits, blur, spotlight, decode processes.
        judged: what is to be shown of scores; where there are any, of their rows alone, and `where` counts
            no more.
        progress: told how many clips of how many have been pictured.

    Raises:
        UsageError: the condition is not valid or selects too much, the file cannot be written, or the
            choice of frames is none.
        NoWarehouse: nothing was written there yet.
    """
    if frames not in get_args(FrameChoice):
        raise UsageError(f"There is no choice of frames {frames!r}; give none, few or all.")
    where = condition_of(judged) if judged else where
    selection = select(warehouse, where)
    newest = selection.newest_recipes()
    current = [row for row in selection.rows if row["recipe"] == newest[row["uri"]]]
    chosen = few(current) if frames == "few" else current if frames == "all" else []
    if judged:  # whichever recipe they are of
        chosen = list({row["clip_id"]: row for row in selection.rows}.values())
    made = _Pictures(chosen, settings, progress or (lambda done, total: None))
    size = write_page(
        out,
        title=f"MotionSight: {_common_folder(selection)}",
        catalog=_catalog(selection, judged, warehouse=warehouse, where=where, frames=frames),
        packs=_packs(selection.rows),
        blocks=made.blocks(),
    )
    return ReportSummary(
        clips=len({row["clip_id"] for row in selection.rows}),
        failures=len(selection.failures),
        pictures=made.there,
        bytes=size,
        without_pictures=made.missing,
    )


class _Pictures:
    """Makes the pictures of some rows, once, and counts them."""

    def __init__(self, rows: Sequence[Row], settings: Settings, progress: Callable[[int, int], None]) -> None:
        self._rows, self._settings, self._progress = rows, settings, progress
        self.there = 0
        self.missing = 0

    def blocks(self) -> Iterator[tuple[str, Any]]:
        for clip_id, pictures in pictured(self._rows, self._settings) if self._rows else ():
            if "reason" in pictures:
                self.missing += 1
            else:
                self.there += 1
            yield f"pictures-{clip_id}", pictures
            self._progress(self.there + self.missing, len(self._rows))


def _packs(rows: Sequence[Row]) -> Iterator[tuple[str, Any]]:
    for start in range(0, len(rows), _ROWS_TOGETHER):
        yield f"rows-{start // _ROWS_TOGETHER}", rows[start : start + _ROWS_TOGETHER]


def _catalog(
    selection: Selection,
    judged: Sequence[Judgement],
    *,
    warehouse: str,
    where: str | None,
    frames: FrameChoice,
) -> dict[str, Any]:
    annotated, seconds = annotated_seconds(selection.runs)
    return {
        "written": datetime.now(UTC),
        "source": _common_folder(selection),
        "warehouse": open_warehouse(warehouse).url,
        "where": where,
        "frames": frames,
        "rowsTogether": _ROWS_TOGETHER,
        "doubtful": DOUBTFUL,
        "runs": {"count": len(selection.runs), "annotated": annotated, "seconds": seconds},
        "failuresFit": selection.failures_fit,
        "recipes": recipe_entries(selection),
        "rows": table(_with_judgements(entries(selection), selection.rows, judged)),
        "failures": table(failure_entries(selection.failures)),
    }


def _with_judgements(
    found: list[dict[str, Any]], rows: Sequence[Row], judged: Sequence[Judgement]
) -> list[dict[str, Any]]:
    """The entries with `judged`, where anything is."""
    if not judged:
        return found
    return [entry | {"judged": judgements_of(row, judged)} for entry, row in zip(found, rows, strict=True)]


def _common_folder(selection: Selection) -> str:
    """The longest folder that all names have in common; of several stores, their number."""
    names = [row["uri"] for row in (*selection.rows, *selection.failures)]
    if not names:
        return "nothing selected"
    first, last = min(names), max(names)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    folder = first[:shared].rpartition("/")[0]
    return folder if folder.strip("/") and not folder.endswith(":/") else "several folders"
