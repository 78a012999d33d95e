"""The knobs of multiple-choice questions about a data set's clips (`motionsight questions`)."""

from __future__ import annotations

from pydantic import Field

from motionsight_core.settings._section import Section


class QuestionsSettings(Section):
    """Questions in MotionBench's form (`motionsight questions`). They enter no recipe."""

    seed: int = Field(default=0, ge=0, description="Of letters, wrong options and the split.")
    confidence: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Least confidence of a measured move, track or repetition that is asked about. One below "
        "it leaves open what is right, so that what it could change is not asked either.",
    )
    name_score: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least score of a track's name that is asked for, or by which an object is called.",
    )
    per_clip: int = Field(
        default=3, ge=1, le=12, description="Questions that a model writes about a clip, at most."
    )
    dev: float = Field(
        default=0.5, ge=0, le=1, description="Share of sources in the dev split; the others are in test."
    )
