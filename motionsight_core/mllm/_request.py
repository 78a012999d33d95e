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


class Pictures:
    """Data URLs of pictures; one that stands in many conversations, such as questions about one clip, is
    encoded once."""

    def __init__(self) -> None:
        self._urls: dict[tuple[int, ...], str] = {}
        self._kept: list[NDArray[np.uint8]] = []

    def url_of(self, pixels: NDArray[np.uint8]) -> str:
        """The JPEG data URL of a picture [H, W, 3] whose pixels do not change while this object is in use."""
        # Views of one picture are many objects, with one address.
        key = (pixels.__array_interface__["data"][0], *pixels.shape, *pixels.strides)
        if key not in self._urls:
            self._urls[key] = _data_url(pixels)
            self._kept.append(pixels)  # an address that is freed may be another picture's
        return self._urls[key]


def request_messages(conversation: Conversation, pictures: Pictures | None = None) -> list[dict[str, Any]]:
    """The `messages` of a chat completion: frames as JPEG data URLs, each after its time.

    Texts are kept from forging the endpoint's control tokens: `<|im_end|>` becomes `< |im_end|>`.

    Args:
        conversation: what is said.
        pictures: shared with other conversations that may show the same frames.
    """
    pictures = pictures or Pictures()
    return [{"role": message.role, "content": _content(message, pictures)} for message in conversation]


def _content(message: Message, pictures: Pictures) -> str | list[dict[str, Any]]:
    parts = [_part(piece, pictures) for piece in merge_text(message.as_images())]
    if all(part["type"] == "text" for part in parts):
        # Many servers take nothing but a string from system and assistant.
        return "".join(part["text"] for part in parts)
    return parts


def _part(piece: Any, pictures: Pictures) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": _CONTROL.sub(lambda match: f"{match[0]} ", piece)}
    return {"type": "image_url", "image_url": {"url": pictures.url_of(piece)}}


def _data_url(pixels: NDArray[np.uint8]) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_of(pixels)).decode('ascii')}"
