"""Which rows are worth it: the newest bytes, sharp, and something moves (supplementary material S1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motionsight_core.dataset.drops import Drop
from motionsight_core.dataset.rows import Row
from motionsight_core.settings import DatasetSettings


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What clips must exceed, as numbers."""

    clarity: float
    motion: float
    """Frame widths per second."""


def newest_versions(rows: Sequence[Row]) -> tuple[list[Row], list[Drop]]:
    """Leave out rows of bytes that were replaced since: the videos are gone."""
    newest: dict[str, Row] = {}
    for row in rows:
        known = newest.get(row.uri)
        if known is None or (row.annotated_at, row.version) > (known.annotated_at, known.version):
            newest[row.uri] = row
    kept: list[Row] = []
    drops: list[Drop] = []
    for row in rows:
        if row.version == newest[row.uri].version:
            kept.append(row)
        else:
            drops.append(Drop(row, "version", "A newer version of the video was annotated."))
    return kept, drops


def thresholds(rows: Sequence[Row], settings: DatasetSettings) -> Thresholds:
    """The settings' thresholds; quantiles are of these rows."""
    return Thresholds(
        clarity=_threshold(settings.clarity, [row.clarity for row in rows]),
        motion=_threshold(settings.motion, [row.motion_score for row in rows]),
    )


def select(
    rows: Sequence[Row], limits: Thresholds, settings: DatasetSettings
) -> tuple[list[Row], list[Drop]]:
    """Leave out what is not sharp, and that in which nothing moves.

    The paper's rule, `clarity > t_c and motion_score > t_f`, drops an animal in a static shot and keeps a
    zoom into a photograph; a track counts as motion unless `dataset.rule` is `motion`.
    """
    kept: list[Row] = []
    drops: list[Drop] = []
    for row in rows:
        reason = _reason(row, limits, tracks_count=settings.rule == "motion_or_track")
        if reason:
            drops.append(Drop(row, "select", reason))
        else:
            kept.append(row)
    return kept, drops


def _reason(row: Row, limits: Thresholds, *, tracks_count: bool) -> str:
    if not row.clarity > limits.clarity:
        return f"Its clarity {row.clarity:.3f} is not above {limits.clarity:.3f}."
    if row.motion_score > limits.motion or (tracks_count and row.has_track):
        return ""
    also = ", and no track was found" if tracks_count else ""
    return f"Its motion score {row.motion_score:.4f} is not above {limits.motion:.4f}{also}."


def _threshold(text: str, values: list[float]) -> float:
    if not text.startswith("q"):
        return float(text)
    return float(np.quantile(values, float(text[1:]))) if values else 0.0
