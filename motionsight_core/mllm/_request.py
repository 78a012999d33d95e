"""A conversation as an OpenAI-compatible endpoint takes it."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.mllm._base import Conversation, Message
from motionsight_core.mllm._chat import merge_text
from motionsight_core.video.jpeg import jpeg_of

# An endpoint's tokens are not known here. These are the shapes in which the published families
# write theirs: <|im_end|>, <image>, <IMG_CONTEXT>, </s>, <think>, [INST], <start_of_turn>.
_CONTROL = re.compile(
    r"[<\[](?=\||/?(?:s|bos|eos|pad|img|image|video|IMG_CONTEXT|IMG|think|INST|start_of_turn|end_of_turn)[>\]])"
)


def request_messages(conversation: Conversation) -> list[dict[str, Any]]:
    """The `messages` of a chat completion: frames as JPEG data URLs, each after its time.

    Texts are kept from forging the endpoint's control tokens: `<|im_end|>` becomes `< |im_end|>`.
    """
    return [{"role": message.role, "content": _content(message)} for message in conversation]


def _content(message: Message) -> str | list[dict[str, Any]]:
    parts = [_part(piece) for piece in merge_text(message.as_images())]
    if all(part["type"] == "text" for part in parts):
        # Many servers take nothing but a string from system and assistant.
        return "".join(part["text"] for part in parts)
    return parts


def _part(piece: Any) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": _CONTROL.sub(lambda match: f"{match[0]} ", piece)}
    return {"type": "image_url", "image_url": {"url": _data_url(piece)}}


def _data_url(pixels: NDArray[np.uint8]) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_of(pixels)).decode('ascii')}"
