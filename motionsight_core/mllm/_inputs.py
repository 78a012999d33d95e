"""From conversations to the tensors of a model of transformers: the same for answering and for training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

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
    messages = [
        template_messages(conversation, frames_as=frames_as, plain=plain) for conversation in conversations
    ]
    knobs: dict[str, Any] = {"padding": True, "padding_side": "left"}
    if hasattr(processor.image_processor, "crop_to_patches"):
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
