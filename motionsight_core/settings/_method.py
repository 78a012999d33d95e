"""The knobs that can change a row: they enter the recipe. Defaults are the paper's (arXiv 2506.01674)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from motionsight_core.backends import PROMPTS
from motionsight_core.questions.aspects import Aspect, parts_of
from motionsight_core.questions.kinds import Kind
from motionsight_core.settings._section import Section, refuse_secret


class ClipSettings(Section):
    """How a video is split into clips."""

    window_s: float | None = Field(
        default=None,
        gt=0,
        description="Length of a clip in seconds; unset, a clip is the whole video. With scenes: the longest "
        "clip, longer scenes are cut into windows.",
    )
    scenes: bool = Field(default=False, description="Clips are the scenes (shots) of a video.")
    scene_threshold: float = Field(
        default=3.0,
        gt=1,
        le=255,
        description="How many times as much a cut changes the picture as the frames around it do.",
    )
    min_scene_s: float = Field(default=0.6, ge=0, le=60, description="Shortest scene, seconds.")


#: Which of the sampled frames are shown.
Shown: TypeAlias = Literal["all", "first", "shuffled", "none"]


class SamplingSettings(Section):
    """The sampled frames V_s (section 3.1)."""

    frames: int = Field(default=16, ge=1, le=1024, description="Sampled frames per clip, evenly in time.")
    fps: float | None = Field(
        default=None, gt=0, le=240, description="Sample at this rate instead of by count (frames per s)."
    )
    max_pixels: int = Field(
        default=151_200, ge=1024, description="Pixels of a frame as the MLLM sees it; never enlarged."
    )
    shown: Shown = Field(
        default="all",
        description="Ablations: show the model the first frame alone, the frames in random order, or none, "
        "so that it is known what it answers blind. What is measured is measured of the same.",
    )


class BlurSettings(Section):
    """Motion blur (section 3.3, eq. 5)."""

    window: int = Field(
        default=7, ge=1, le=64, description="N, raw frames in a window, the sampled one last."
    )
    decay: float = Field(default=0.65, gt=0, lt=1, description="Decay of the weights from frame to frame.")
    weights: Literal["geometric", "trail"] = Field(
        default="geometric",
        description="`geometric`: eq. 5. `trail`: the longer tail of the authors' recursive blend.",
    )


class ReferringSettings(Section):
    """Object referring (section 3.2, eq. 2): names to boxes to trajectories."""

    detector: str = Field(
        default="measured",
        description="What finds the named objects: `measured` (moving regions, no weights), "
        "`transformers:MODEL_ID_OR_DIR`, `groundingdino:CHECKPOINT#CONFIG`.",
    )
    tracker: str = Field(
        default="measured",
        description="What follows them: `measured`, `transformers:MODEL_ID_OR_DIR`, "
        "`sam2:CHECKPOINT#CONFIG`.",
    )
    max_pixels: int = Field(
        default=921_600, ge=1024, description="Pixels of a sampled frame as detector and tracker see it."
    )
    box_threshold: float = Field(default=0.25, ge=0, le=1, description="Least score of a detected box.")
    text_threshold: float = Field(default=0.25, ge=0, le=1, description="Least score of a word for a box.")
    mask_iou: float = Field(
        default=0.8, gt=0, le=1, description="IoU from which two masks are the same object."
    )
    redetect_every: int = Field(
        default=4, ge=1, description="Sampled frames between two detections, for objects that enter."
    )
    max_objects: int = Field(
        default=8, ge=1, le=64, description="Most objects followed in a clip, the best ones."
    )


def _prompt_names(value: Any) -> Any:
    """One prompt, or several: a list, its JSON, or names with commas between, as --set brings them."""
    if isinstance(value, str) and value.startswith("["):
        value = json.loads(value)
    elif isinstance(value, str) and "," in value:
        value = [name.strip() for name in value.split(",")]
    names = [value] if isinstance(value, str) or not isinstance(value, list | tuple) else list(value)
    for name in names or [None]:
        if not isinstance(name, str) or name not in PROMPTS:
            *known, last = map(repr, PROMPTS.usages())
            raise PydanticCustomError(
                "literal_error", "Input should be {expected}", {"expected": f"{', '.join(known)} or {last}"}
            )
    if len(set(names)) < len(names):
        raise PydanticCustomError("named_twice", "A prompt should be named once")
    return names[0] if len(names) == 1 else tuple(names)


#: Visual prompts, which are done to the frames before the MLLM sees them: the name of one, or of several,
#: each of which is a section of the template (section 3.4).
PromptNames = Annotated[str | tuple[str, ...], BeforeValidator(_prompt_names)]


class PromptSettings(Section):
    """Which visual prompts serve which aspect; Table 4 is a loop over these."""

    object: PromptNames = Field(
        default="spotlight",
        description="Visual prompt for object motion: `spotlight`, `crop`, `background_blur`, `object_blur`, "
        "`pose`, `motion_blur`, `none`. A list shows the frames under several, one after the other.",
    )
    camera: PromptNames = Field(
        default="motion_blur", description="Visual prompt for camera motion; of the same."
    )
    by_kind: dict[Kind, PromptNames] = Field(
        default_factory=dict,
        description="Visual prompts for questions of a kind, before those of their aspect, such as "
        '`{"repetition_count": "crop"}` (Table 4); the kinds are the categories of MotionBench and '
        "FAVOR-Bench.",
    )
    evidence: Literal["none", "camera", "objects", "both"] = Field(
        default="none",
        description="What was measured, told to the model as data before each question: camera moves, "
        "tracks of objects, or both. Not the paper's.",
    )
    background_sigma: float = Field(
        default=0.02,
        gt=0,
        le=0.5,
        description="Standard deviation of the Gaussian of `background_blur`, fraction of the frame's larger "
        "side.",
    )
    pose_model: str = Field(
        default="usyd-community/vitpose-base-simple",
        description="Keypoint model of `pose`: hub id or directory, for transformers.",
    )
    keypoint_threshold: float = Field(default=0.3, ge=0, le=1, description="Least score of a drawn keypoint.")

    @field_validator("by_kind", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        return _json_table(value)

    def shown(self, aspect: Aspect, kind: Kind | None = None) -> tuple[str, ...]:
        """The prompts under which the frames are shown for a question, each once, in their order."""
        if kind in self.by_kind:
            return _as_tuple(self.by_kind[kind])
        parts = [self.object if part == "object" else self.camera for part in parts_of(aspect)]
        return tuple(dict.fromkeys(name for part in parts for name in _as_tuple(part)))

    def named(self) -> tuple[str, ...]:
        """All prompts that the settings name, each once."""
        kinds = [name for names in self.by_kind.values() for name in _as_tuple(names)]
        return tuple(dict.fromkeys([*self.shown("both"), *kinds]))

    @property
    def evidence_about(self) -> tuple[Literal["camera", "objects"], ...]:
        """What of the measurement is told."""
        if self.evidence == "none":
            return ()
        return ("camera", "objects") if self.evidence == "both" else (self.evidence,)


def _as_tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _json_table(value: Any) -> Any:
    """A table; --set and the environment bring its JSON."""
    return json.loads(value) if isinstance(value, str) else value or {}


class MllmSettings(Section):
    """The multimodal LLM, where one writes the descriptions."""

    max_new_tokens: int = Field(default=512, ge=1, le=32_768, description="Longest reply, tokens.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0: greedy.")
    seed: int = Field(default=0, ge=0, description="Seed of the sampling, where the temperature is above 0.")
    frames_as: Literal["images", "video"] = Field(
        default="images",
        description="How `transformers:` models get frames: as images with their times before them, or as "
        "a video with timestamps. For endpoints see endpoint.frames_as.",
    )
    video_tokens: Literal["all", "events"] = Field(
        default="all",
        description="Which tokens of frames `transformers:` models see: all, or by events (iMOVE, 3.2), of "
        "the first frame of each event all and of the other frames means. Qwen2.5-VL, Qwen3-VL, InternVL.",
    )
    events: int = Field(
        default=4,
        ge=1,
        le=1024,
        description="Events of a sequence of frames, K, where mllm.video_tokens is `events`; from as many as "
        "there are frames on nothing is left out. iMOVE has 24 of 96 frames, a quarter.",
    )
    event_stride: int = Field(
        default=2,
        ge=1,
        le=64,
        description="In frames that begin no event, the mean of s x s tokens becomes one; s.",
    )
    relative_times: bool = Field(
        default=False,
        description="Say the time of each frame also as a part of its clip, from <t0> to <t300> (iMOVE, "
        "eq. 3): what a model needs that was trained with training.relative_times.",
    )
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto", description="Number type of the weights; auto: bfloat16 on a GPU, float32 on a CPU."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of an endpoint's request, as JSON."
    )

    @field_validator("extra_body", mode="before")
    @classmethod
    def _from_json(cls, value: Any) -> Any:
        return _json_table(value)

    @field_validator("extra_body")
    @classmethod
    def _is_json(cls, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(fields, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"not JSON ({error})") from None
        return fields

    @field_validator("extra_body")
    @classmethod
    def _without_secrets(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields:
            refuse_secret("mllm.extra_body", name)
        return fields


class FocusSettings(Section):
    """Action focusing (section 3.2, eq. 3): boxes merged over an adaptive window of time."""

    min_window_s: float = Field(
        default=0.2, ge=0, description="Shortest window, where objects move fast, seconds."
    )
    max_window_s: float = Field(default=1.5, ge=0, description="Longest window, where objects stay, seconds.")
    fast_speed: float = Field(
        default=0.5,
        gt=0,
        description="Manhattan speed of a centre, frame sizes per second, from which on the window "
        "is the shortest.",
    )
    padding: float = Field(
        default=0.05, ge=0, le=0.5, description="Margin around the box, fraction of the frame's size."
    )
    min_size: float = Field(
        default=0.2, ge=0, le=1, description="Smallest side of a region, fraction of the frame's size."
    )


class SpotlightSettings(Section):
    """Visual spotlight (section 3.2)."""

    darken_factor: float = Field(
        default=0.9, ge=0, le=1, description="Share of the light taken away outside the focus region."
    )


class MeasureSettings(Section):
    """Motion measured from the pixels, with no weights."""

    width: int = Field(
        default=320, ge=64, le=1920, description="Width of the picture that is measured, pixels."
    )
    fps: float = Field(default=10.0, ge=2, le=60, description="Rate at which it is measured, frames per s.")
    pan: float = Field(default=0.018, gt=0, le=10, description="Least pan, frame widths per second.")
    tilt: float = Field(default=0.024, gt=0, le=10, description="Least tilt, frame heights per second.")
    zoom: float = Field(default=0.018, gt=0, le=10, description="Least zoom, natural-log scale per second.")
    roll: float = Field(default=1.2, gt=0, le=720, description="Least roll, degrees per second.")
    least_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Camera moves and tracks that are right with a lower probability are not stored.",
    )
    min_move_s: float = Field(default=0.3, ge=0, le=60, description="Shortest camera move, seconds.")
    region_threshold: float = Field(
        default=5.0,
        gt=0,
        le=255,
        description="Least luma difference of a moving pixel after compensation, levels of 255; of colours, "
        "four fifths of it.",
    )
    most_tracks: int = Field(
        default=64,
        ge=1,
        le=256,
        description="Most tracks of a row, the most prominent ones; all are counted.",
    )


class NamingSettings(Section):
    """What the measured tracks are called."""

    model: str = Field(
        default="packaged",
        description="What names them: `packaged` (the detector that comes with MotionSight, 80 names), "
        "`none` (each is a `moving region`), or a detector as in `referring.detector`, such as "
        "`transformers:MODEL_ID_OR_DIR`.",
    )
    names: tuple[str, ...] = Field(
        default=(),
        max_length=500,
        description="What such a detector looks for; unset: the 80 names of the packaged one.",
    )

    @field_validator("names", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        # --set and the environment bring text: JSON, or names with commas between.
        if isinstance(value, str):
            if value.startswith("["):
                return json.loads(value)
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value or ()

    @model_validator(mode="after")
    def _is_asked(self) -> NamingSettings:
        if self.names and self.model in ("packaged", "none"):
            raise PydanticCustomError(
                "names_not_asked",
                "naming.names are looked for by a detector that is loaded for it; name one with naming.model",
            )
        return self
