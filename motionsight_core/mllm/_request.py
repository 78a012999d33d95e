"""A conversation as an OpenAI-compatible endpoint takes it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.mllm._base import Conversation, Message
from motionsight_core.mllm._chat import Piece, as_videos, merge_text, video_metadata, videos
from motionsight_core.video.jpeg import jpeg_of

# An endpoint's tokens are not known here. These are the shapes in which the published families
# write theirs: <|im_end|>, <image>, <IMG_CONTEXT>, </s>, <think>, [INST], <start_of_turn>.
_CONTROL = re.compile(
    r"[<\[](?=\||/?(?:s|bos|eos|pad|img|image|video|IMG_CONTEXT|IMG|think|INST|start_of_turn|end_of_turn)[>\]])"
)


class Pictures:
    """Data URLs of pictures and videos; one that stands in many conversations, such as questions about one
    clip, is encoded once."""

    def __init__(self) -> None:
        self._urls: dict[tuple[int, ...], str] = {}
        self._kept: list[NDArray[np.uint8]] = []

    def url_of(self, pixels: NDArray[np.uint8]) -> str:
        """The data URL of a picture [H, W, 3], or of a video [T, H, W, 3], whose pixels do not change while
        this object is in use."""
        # Views of one picture are many objects, with one address.
        key = (pixels.__array_interface__["data"][0], *pixels.shape, *pixels.strides)
        if key not in self._urls:
            self._urls[key] = _data_url(pixels)
            self._kept.append(pixels)  # an address that is freed may be another picture's
        return self._urls[key]


def request_of(
    conversation: Conversation, *, frames_as: Literal["images", "video"], pictures: Pictures
) -> dict[str, Any]:
    """The fields of a chat completion that say a conversation: `messages`, and when a video's frames are.

    Frames are JPEG data URLs, each after its time, or a sequence is one URL of many (vLLM's `video/jpeg`).
    A request has room for the times of one sequence, the longest: others at other times are sent as images.

    Texts are kept from forging the endpoint's control tokens: `<|im_end|>` becomes `< |im_end|>`.

    Args:
        conversation: what is said.
        frames_as: `endpoint.frames_as`.
        pictures: shared with other conversations that may show the same frames.
    """
    longest = max(videos(conversation), key=len, default=None) if frames_as == "video" else None
    if longest is None:
        return {"messages": [_message(one, one.as_images(), pictures) for one in conversation]}

    def is_video(sequence: FrameSequence) -> bool:
        return np.array_equal(sequence.times_s, longest.times_s)

    messages = [_message(one, as_videos(one, is_video), pictures) for one in conversation]
    # Unless told how many frames there are, vLLM takes 32 and drops the others.
    video = {**video_metadata(longest), "num_frames": len(longest)}
    return {"messages": messages, "media_io_kwargs": {"video": video}}


def _message(message: Message, pieces: Iterable[Piece], pictures: Pictures) -> dict[str, Any]:
    parts = [_part(piece, pictures) for piece in merge_text(pieces)]
    if all(part["type"] == "text" for part in parts):
        # Many servers take nothing but a string from system and assistant.
        return {"role": message.role, "content": "".join(part["text"] for part in parts)}
    return {"role": message.role, "content": parts}


def _part(piece: Piece, pictures: Pictures) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": _CONTROL.sub(lambda match: f"{match[0]} ", piece)}
    if isinstance(piece, FrameSequence):
        return {"type": "video_url", "video_url": {"url": pictures.url_of(piece.pixels)}}
    return {"type": "image_url", "image_url": {"url": pictures.url_of(piece)}}


def _data_url(pixels: NDArray[np.uint8]) -> str:
    kind, frames = ("image", [pixels]) if pixels.ndim == 3 else ("video", list(pixels))
    files = ",".join(base64.b64encode(jpeg_of(frame)).decode("ascii") for frame in frames)
    return f"data:{kind}/jpeg;base64,{files}"
