"""Grades of descriptions by their scores: C_H, C_S and C_L (arXiv 2506.01674, eq. 9 to 11)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from motionsight_core.dataset.paper_thresholds import paper_threshold
from motionsight_core.dataset.rows import Aspect
from motionsight_core.dataset.sources import name_of
from motionsight_core.errors import UsageError
from motionsight_core.settings import DatasetSettings, SourceSettings

#: high is C_H, standard C_S, low C_L.
Grade: TypeAlias = Literal["high", "standard", "low", "ungraded"]
GRADES: tuple[Grade, ...] = ("high", "standard", "low", "ungraded")


def grade_of(score: float | None, *, low: float, high: float) -> Grade:
    """The one grade of a score: C_L in [0, low), C_S in [low, high], C_H in (high, 1]."""
    if score is None or math.isnan(score):
        return "ungraded"
    if score < low:
        return "low"
    return "high" if score > high else "standard"


def high_of(source: SourceSettings, aspect: Aspect) -> float:
    """The score above which a description of this source is of C_H: the source's own, or the paper's.

    Raises:
        UsageError: the source does not say, and is none of the paper's.
    """
    own = source.high_object if aspect == "object" else source.high_camera
    high = paper_threshold(source.name, aspect) if own is None else own
    if high is None:
        raise UsageError(
            f"The source {name_of(source)} has no high_{aspect}, above which score its texts are of C_H; "
            "`motionsight score --calibrate` shows what scores its descriptions have."
        )
    return high


def chosen_scorer(scores: Mapping[tuple[str, str, str, str], float], settings: DatasetSettings) -> str | None:
    """Whose scores grade; None where nobody scored.

    Raises:
        UsageError: several scored, whose scores cannot be compared, or not the one that the settings name.
    """
    known = sorted({scorer for _, _, _, scorer in scores})
    if settings.scorer is not None:
        if known and settings.scorer not in known:
            raise UsageError(
                f"There is no score of dataset.scorer={settings.scorer}; there are scores of "
                f"{', '.join(known)}."
            )
        return settings.scorer if known else None
    if len(known) > 1:
        raise UsageError(
            f"Scores of {len(known)} scorers are in the warehouse, which cannot be compared: choose one with "
            f"--set dataset.scorer=...: {', '.join(known)}."
        )
    return known[0] if known else None
