"""From conversations to the tensors of a model of transformers: the same for answering and for training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch.nn import functional as nnf

from motionsight_core.mllm._base import Conversation
from motionsight_core.mllm._chat import template_messages, video_metadata, videos


def prompt_inputs(
    processor: Any,
    conversations: Sequence[Conversation],
    *,
    frames_as: Literal["images", "video"],
    plain: Callable[[str], str],
) -> Any:
    """Token ids and pixels of a batch, padded on the left, on the CPU, up to where the reply begins.

    Args:
        processor: of transformers, with a chat template.
        frames_as: a frame to an image, or a sequence to a video with the times of its frames.
        plain: what makes text safe (`neutraliser`).
    """
    if frames_as == "video" and not _takes_videos_together(processor, conversations):
        alone = [prompt_inputs(processor, [one], frames_as=frames_as, plain=plain) for one in conversations]
        return _joined(alone, pad=processor.tokenizer.pad_token_id)
    messages = [
        template_messages(conversation, frames_as=frames_as, plain=plain) for conversation in conversations
    ]
    knobs: dict[str, Any] = {"padding": True, "padding_side": "left"}
    if _is_internvl(processor):
        # InternVL cuts a photograph into tiles, but takes a frame of a video whole (arXiv 2504.10479).
        knobs["images_kwargs"] = {"crop_to_patches": False}
    metadata = [[video_metadata(one) for one in videos(conversation)] for conversation in conversations]
    if frames_as == "video" and any(metadata):
        knobs["videos_kwargs"] = {"video_metadata": metadata, "do_sample_frames": False}
        if hasattr(processor.video_processor, "cap_pixels_per_frame"):
            # As the authors of Qwen do (qwen-vl-utils); unset, every process warns once.
            knobs["videos_kwargs"]["cap_pixels_per_frame"] = True
    return processor.apply_chat_template(
        messages,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=True,
        processor_kwargs=knobs,
    )


def _is_internvl(processor: Any) -> bool:
    return hasattr(processor.image_processor, "crop_to_patches")


def _takes_videos_together(processor: Any, conversations: Sequence[Conversation]) -> bool:
    """InternVL's processor takes videos of one length a call."""
    lengths = {len(one) for conversation in conversations for one in videos(conversation)}
    return len(conversations) == 1 or len(lengths) < 2 or not _is_internvl(processor)


def _joined(alone: Sequence[Mapping[str, torch.Tensor]], *, pad: int) -> dict[str, torch.Tensor]:
    """One batch of several of one row each, padded on the left."""
    longest = max(one["input_ids"].shape[1] for one in alone)

    def widened(name: str, one: Mapping[str, torch.Tensor]) -> torch.Tensor:
        if one[name].shape != one["input_ids"].shape:
            return one[name]
        missing = longest - one[name].shape[1]
        return nnf.pad(one[name], (missing, 0), value=pad if name == "input_ids" else 0)

    return {name: torch.cat([widened(name, one) for one in alone]) for name in alone[0]}
