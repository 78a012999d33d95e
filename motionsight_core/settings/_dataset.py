"""The knobs of data sets: what `motionsight dataset` selects, grades and asks. No row depends on them."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from motionsight_core.settings._section import Section


def _threshold(text: str) -> str:
    number = text.removeprefix("q")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (text.startswith("q") and not 0 <= value <= 1):
        raise PydanticCustomError(
            "threshold", "A threshold should be a number such as 0.25, or a quantile such as q0.1"
        )
    return text


#: A number, or `q` and a quantile of the selected rows.
Threshold = Annotated[str, AfterValidator(_threshold)]


class SourceSettings(Section):
    """Where clips come from: what their scores mean, and on which terms they may be passed on."""

    prefix: str = Field(min_length=1, description="Begin of its uris; the longest that fits counts.")
    name: str = Field(default="", description="What rows and card call it; the prefix, if unset.")
    high_object: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Score above which a text about object motion is of C_H; unset, a source with a name of "
        "the paper's (Kinetics-700, ActivityNet, Charades, Charades-Ego, SSV2, OpenVid-1M) has the paper's.",
    )
    high_camera: float | None = Field(default=None, gt=0, le=1, description="The same for camera motion.")
    licence: str = Field(default="", description="An SPDX identifier, or a name; copied to rows and card.")
    terms: str = Field(default="", description="Address or sentence of the source's terms; in the card.")
    research_only: bool = Field(
        default=False, description="Its clips are left out unless dataset.research_only is set."
    )


class DatasetSettings(Section):
    """Data sets made from rows (`motionsight dataset`). They enter no recipe."""

    seed: int = Field(default=0, ge=0, description="Of splits and of the choice of questions.")
    rule: Literal["motion_or_track", "motion"] = Field(
        default="motion_or_track",
        description="`motion_or_track` selects sharp clips in which the picture moves or a track was found; "
        "`motion` is the paper's rule, by motion_score alone.",
    )
    clarity: Threshold = Field(
        default="0.1", description="Clips must be sharper; a value, or a quantile such as q0.1."
    )
    motion: Threshold = Field(
        default="0.01",
        description="Clips must move more, frame widths per second; a value, or a quantile such as q0.1.",
    )
    duplicate_distance: float = Field(
        default=0.2,
        ge=0,
        le=0.5,
        description="Fingerprints that differ in at most this share of their bits are near-duplicates.",
    )
    duplicates: Literal["drop", "keep"] = Field(
        default="drop", description="Keep one clip of a cluster of near-duplicates, or all in one split."
    )
    validation: float = Field(default=0.05, ge=0, lt=1, description="Share of sources in this split.")
    test: float = Field(default=0.05, ge=0, lt=1, description="Share of sources in this split.")
    scorer: str | None = Field(
        default=None, description="Whose scores grade; needed where the warehouse has those of several."
    )
    low: float = Field(default=0.3, ge=0, le=1, description="Scores below are C_L, which is left out (S2).")
    recipes: tuple[str, ...] = Field(
        default=(),
        description="Whose descriptions come first, where a clip has several; unset: the recipe with most "
        "clips. The first one's text is graded and becomes the answer, the others make pairs with it.",
    )
    high_in_sft: Literal["unpaired", "all", "none"] = Field(
        default="unpaired",
        description="Which descriptions of C_H are questions of SFT: those that make no pair, all, or none "
        "(the paper's).",
    )
    mixed: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of clips that are asked about both motions at once as well.",
    )
    object_questions: tuple[str, ...] = Field(
        default=(), description="Your questions about object motion, in place of ours."
    )
    camera_questions: tuple[str, ...] = Field(
        default=(), description="Your questions about camera motion, in place of ours."
    )
    mixed_questions: tuple[str, ...] = Field(
        default=(), description="Your questions about both, in place of ours."
    )
    boxes: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Boxes of an object in a question about it, evenly over the time in which it is there.",
    )
    box_format: Literal["relative", "pixels", "fractions"] = Field(
        default="relative",
        description="How questions about single objects write times and boxes. `relative`: <t0> to <t300> of "
        "the clip's length and <p0> to <p1000> of the picture's sides, as plain text (iMOVE). `pixels`: "
        "seconds, and [left, top, right, bottom] in pixels. `fractions`: the same in fractions.",
    )
    sources: tuple[SourceSettings, ...] = Field(
        default=(),
        description="Where clips come from, by the prefix of their uris: a table for each, with prefix, "
        "name, high_object, high_camera, licence, terms, research_only.",
    )
    drop_text: bool = Field(
        default=False,
        description="Leave out clips with burnt-in text (extra `text`; two seconds of a core each).",
    )
    research_only: bool = Field(
        default=False, description="Take clips of sources that are for research only as well."
    )

    @field_validator("object_questions", "camera_questions", "mixed_questions", "sources", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value or ()

    @field_validator("recipes", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        # --set and the environment bring text, with commas between.
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value or ()

    @model_validator(mode="after")
    def _fits(self) -> DatasetSettings:
        if self.validation + self.test >= 1:
            raise PydanticCustomError("splits", "validation and test should leave clips to train on")
        prefixes = [source.prefix for source in self.sources]
        if len(set(prefixes)) < len(prefixes):
            raise PydanticCustomError("sources", "A prefix should stand in one source")
        for source in self.sources:
            for high in (source.high_object, source.high_camera):
                if high is not None and high <= self.low:
                    raise PydanticCustomError("grades", "The threshold of C_H should be above dataset.low")
        return self
