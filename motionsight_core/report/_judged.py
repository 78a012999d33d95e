"""Scores of descriptions, where a report shows the rows that have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from motionsight_core.report._selection import Row


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a scorer says of one of a row's descriptions."""

    clip_id: str
    recipe: str
    aspect: Literal["object", "camera"]
    score: float
    scorer: str


def condition_of(judged: Sequence[Judgement]) -> str:
    """SQL that selects the rows that these are about."""
    keys = sorted({(one.clip_id, one.recipe) for one in judged})
    # Both are hex digits.
    return " OR ".join(f"(clip_id = '{clip_id}' AND recipe = '{recipe}')" for clip_id, recipe in keys)


def judgements_of(row: Row, judged: Sequence[Judgement]) -> list[tuple[str, str, float]]:
    """Scorer, aspect and score of each judgement about a row, in their order."""
    about = [one for one in judged if (one.clip_id, one.recipe) == (row["clip_id"], row["recipe"])]
    return sorted({(one.scorer, one.aspect, one.score) for one in about})
