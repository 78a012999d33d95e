"""Scores that another program gave, into the warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.runs.imported import commit_rows
from motionsight_core.errors import UsageError
from motionsight_core.record import ScoreRecord
from motionsight_core.scoring.files import ScoreInFile
from motionsight_core.warehouse import SCORES, open_warehouse


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the scores of a file."""

    scores: int
    """That are in the warehouse now."""
    scorers: tuple[str, ...]
    unknown: int
    """Of descriptions that the warehouse does not have, which were left out."""


def import_scores(scores: Sequence[ScoreInFile], *, source: str, warehouse: str) -> Imported:
    """Write scores into the table `scores`; a description's older score by the same scorer is replaced.

    Args:
        scores: as `read_scores` gives them.
        source: the file, for the table `runs` and for errors.
        warehouse: its URL.

    Raises:
        UsageError: there is no such warehouse, or it has none of the descriptions.
        NoWarehouse: nothing was written there yet.
        RunError: it cannot be reached or written.
    """
    uris = {
        (clip_id, recipe): uri
        for clip_id, recipe, uri in open_warehouse(warehouse)
        .query("SELECT clip_id, recipe, uri FROM motion")
        .rows
    }
    run_id, now = uuid.uuid4().hex, datetime.now(UTC)
    known = [
        ScoreRecord(
            clip_id=one.clip_id,
            recipe=one.recipe,
            uri=uris[one.clip_id, one.recipe],
            scorer=one.scorer,
            aspect=one.aspect,
            score=one.score,
            run_id=run_id,
            scored_at=now,
        )
        for one in scores
        if (one.clip_id, one.recipe) in uris
    ]
    if not known:
        raise UsageError(
            f"The warehouse has none of the {len(scores)} descriptions of {source}: clip_id and recipe are "
            "those of the table motion."
        )
    commit_rows(
        SCORES,
        [one.to_row() for one in known],
        source=source,
        recipe="scores",
        warehouse=warehouse,
        run_id=run_id,
    )
    return Imported(len(known), tuple(sorted({one.scorer for one in known})), len(scores) - len(known))
