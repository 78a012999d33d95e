"""One clip of each cluster of near-duplicates stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from motionsight_core.dataset.drops import Drop
from motionsight_core.dataset.rows import Row


def drop_duplicates(rows: Sequence[Row], clusters: Mapping[str, int]) -> tuple[list[Row], list[Drop]]:
    """Keep of each cluster the clip with most pixels; of equals the longest, then the first."""
    best: dict[int, Row] = {}
    for row in rows:
        cluster = clusters.get(row.clip_id)
        if cluster is not None and (cluster not in best or _rank(row) > _rank(best[cluster])):
            best[cluster] = row
    kept: list[Row] = []
    drops: list[Drop] = []
    for row in rows:
        cluster = clusters.get(row.clip_id)
        if cluster is None or best[cluster].clip_id == row.clip_id:
            kept.append(row)
        else:
            reason = f"It is a near-duplicate of the clip {best[cluster].clip_id}."
            drops.append(Drop(row, "duplicate", reason))
    return kept, drops


def _rank(row: Row) -> tuple[int, float]:
    return row.width * row.height, round(row.end_s - row.start_s, 3)
