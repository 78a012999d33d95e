"""The knobs of training a multimodal LLM on a data set (`motionsight train`). They enter no recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from motionsight_core.settings._section import Section


class TrainingSettings(Section):
    """SFT and DPO of a video LLM.

    Sources of the defaults: (a) what the MotionSight authors' release says of MotionChat; (b) the video
    script of the trainer that it was made with (2U1's, for Qwen-VL); (c) iMOVE; (d) qwen-vl-utils.
    """

    learning_rate: float = Field(
        default=1e-5, gt=0, description="Of the LLM and the merger, at its highest. (a)"
    )
    vision_learning_rate: float = Field(
        default=2e-6, gt=0, description="Of the vision tower, at its highest; SFT alone trains it. (a)"
    )
    weight_decay: float = Field(default=0.1, ge=0, description="AdamW's; none on biases and norms. (b)")
    warmup: float = Field(
        default=0.03,
        ge=0,
        lt=1,
        description="Share of the steps in which the rates rise; a cosine after. (b)",
    )
    epochs: float = Field(default=3, gt=0, description="How often each example is seen. (a)")
    max_steps: int | None = Field(
        default=None, ge=1, description="Stop after so many steps of the optimizer, in place of `epochs`."
    )
    batch: int = Field(default=128, ge=1, description="Examples, or pairs, of one step on all devices. (a)")
    batch_per_device: int = Field(
        default=1,
        ge=1,
        description="Examples, or pairs, that a device holds at once.",
    )
    beta: float = Field(default=0.1, gt=0, description="DPO: beta of eq. 6. (a)")
    fps: float = Field(default=1.0, gt=0, le=240, description="Frames per second of a clip. (a)")
    min_frames: int = Field(default=4, ge=1, le=1024, description="Frames of a clip at least. (d)")
    max_frames: int = Field(
        default=64, ge=1, le=1024, description="Frames of a clip at most; ours, so that memory has a bound."
    )
    frames_as: Literal["images", "video"] = Field(
        default="video",
        description="How the model gets frames; when the trained model is asked, set `mllm.frames_as` to the "
        "same. (b)",
    )
    video_tokens: Literal["all", "events"] = Field(
        default="all",
        description="Which tokens of frames the model sees, as mllm.video_tokens; when the trained model is "
        "asked, set that, `mllm.events` and `mllm.event_stride` to the same. (c)",
    )
    events: int = Field(
        default=4,
        ge=1,
        le=1024,
        description="Events of a clip, K, where training.video_tokens is `events`; iMOVE: 24 of 96 frames.",
    )
    event_stride: int = Field(
        default=2, ge=1, le=64, description="In frames that begin no event, the mean of s x s tokens; s. (c)"
    )
    relative_times: bool = Field(
        default=False,
        description="Say the time of each frame also as a part of its clip, from <t0> to <t300>; when the "
        "trained model is asked, set `mllm.relative_times` to the same. (c)",
    )
    instances: bool = Field(
        default=False,
        description="SFT: learn the questions about single objects too, where the data set has some. (c)",
    )
    lora: bool = Field(
        default=False, description="Train low-rank adapters of the LLM alone, merged into it at the end."
    )
    lora_rank: int = Field(default=128, ge=1, description="Rank of an adapter. (c)")
    lora_alpha: float = Field(
        default=256, gt=0, description="An adapter counts `lora_alpha` / `lora_rank` times. (c)"
    )
    lora_merger: bool = Field(
        default=False, description="With `lora`, train the merger as well, all of it; SFT alone. (c)"
    )
    gradient_checkpointing: bool = Field(
        default=True, description="Compute activations again in place of keeping them: a third slower. (b)"
    )
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        default="auto",
        description="`bfloat16`: mixed precision, with weights and AdamW in 32 bits; with `lora` the weights "
        "that stay are in 16. `auto`: bfloat16 on a GPU, float32 on a CPU. (b)",
    )
    fsdp: bool = Field(
        default=False,
        description="Shard weights, gradients and AdamW over the GPUs that torchrun started (FSDP2).",
    )
    seed: int = Field(default=0, ge=0, description="Of the order of examples and of new weights.")
    workers: int = Field(
        default=2, ge=0, le=64, description="Processes per device that prepare batches; 0: the training one."
    )
    save_every: int = Field(
        default=100, ge=1, description="Steps from one checkpoint to the next; the last two are kept."
    )
    validation_rows: int = Field(
        default=256,
        ge=0,
        description="Rows of the split validation, evenly from all of them, whose loss is told at each "
        "checkpoint and at the end; 0: none.",
    )
    log_every: int = Field(default=10, ge=1, description="Steps over which a printed loss is the mean.")
    samples: int = Field(
        default=4,
        ge=0,
        le=100,
        description="Questions of the split validation, or of train where that has none, which the model "
        "answers before and after, for people to compare; 0: none.",
    )
