"""Scores: how far the descriptions of a warehouse's rows are true of their frames.

    from motionsight_core import Settings
    from motionsight_core.scoring import Scorer

    scorer = Scorer.of("openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct", Settings())
    print(scorer.name)

`motionsight score` writes its scores into the table `scores`; see docs/scores.md.
"""

from __future__ import annotations

from motionsight_core.scoring.descriptions import (
    ClipToScore,
    Description,
    ScoredAspect,
    Tally,
    Unscored,
    clips_to_score,
    count_rows,
    tallies,
)
from motionsight_core.scoring.scorer import Scorer, Variant
from motionsight_core.scoring.vqascore import vqa_scores

__all__ = [
    "ClipToScore",
    "Description",
    "ScoredAspect",
    "Scorer",
    "Tally",
    "Unscored",
    "Variant",
    "clips_to_score",
    "count_rows",
    "tallies",
    "vqa_scores",
]
