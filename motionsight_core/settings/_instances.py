"""Captions of single objects, as those of iMOVE-IT (arXiv 2502.11594); the numbers are ours."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from motionsight_core.settings._section import Section

#: `instances.clip` where pictures are not compared with names.
NO_CLIP = "none"


class InstanceSettings(Section):
    """Captions of single objects: what each track shows and does. They enter the recipe where they are on."""

    captions: bool = Field(
        default=False,
        description="Write a caption of each kept track into the table `instances`: its look and its motion, "
        "checked. A multimodal LLM is asked three or four questions a track; `measured` tells what it "
        "measured. Ablations (`sampling.shown`) have none.",
    )
    most: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Most tracks of a clip that get a caption: the longest in time, of equally long ones "
        "those that go farthest. Ours.",
    )
    largest_area: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Tracks whose box covers more of the frame than this, in the median over time, get none: "
        "a box around everything singles nothing out. Ours.",
    )
    area_ratio: float = Field(
        default=25.0,
        ge=1,
        description="Nor do tracks whose largest box has more than this many times the area of the smallest "
        "(of those clear of the frame's edge): such a track has jumped from one thing to another. Ours: "
        "five times as wide and as tall is still one thing that comes nearer.",
    )
    clip: str = Field(
        default=NO_CLIP,
        description="A CLIP of transformers (hub id or directory, such as `openai/clip-vit-base-patch32`) "
        "that compares each object's picture with its name; `none`: they are not compared.",
    )
    clip_similarity: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Least cosine similarity of picture and name; below, the track gets no caption. Ours, "
        "for OpenAI's CLIP, where an object and its name mostly have .22 to .32.",
    )

    def in_recipe(self) -> dict[str, Any]:
        """What can change a caption."""
        without = {"captions"} if self.clip != NO_CLIP else {"captions", "clip", "clip_similarity"}
        return self.model_dump(mode="json", exclude=without)
