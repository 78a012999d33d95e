"""A conversation as a chat template of transformers takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.mllm._base import Conversation, Message, times_told

#: One part of a message as the template sees it: text, an image, or a video.
Piece: TypeAlias = str | NDArray[np.uint8] | FrameSequence

#: Frame numbers of a video count on this clock, so that any times fit: milliseconds.
CLOCK_HZ = 1000


def template_messages(
    conversation: Conversation, *, frames_as: Literal["images", "video"], plain: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The messages, each a list of `text`, `image` and `video` parts.

    Args:
        conversation: what is said.
        frames_as: a frame to an image, or a sequence to a video.
        plain: what makes text safe; it sees a run of text parts as one, so that no control token
            can be put together from two of them.
    """
    messages = []
    for message in conversation:
        pieces = message.as_images() if frames_as == "images" else as_videos(message, _is_video)
        content = [_part(piece, plain) for piece in merge_text(pieces)]
        messages.append({"role": message.role, "content": content})
    return messages


def merge_text(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces with adjacent texts joined to one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
            text = ""
        yield piece
    if text:
        yield text


def _part(piece: Piece, plain: Callable[[str], str]) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": plain(piece)}
    if isinstance(piece, FrameSequence):
        return {"type": "video", "video": piece.pixels}
    return {"type": "image", "image": piece}


def as_videos(message: Message, is_video: Callable[[FrameSequence], bool]) -> Iterator[Piece]:
    """The parts, the times of a sequence's frames before it; sequences that are no video frame by frame.

    Qwen2.5-VL knows only the time between frames and InternVL none, so the text says when they are.
    """
    for part in message.parts:
        if isinstance(part, str):
            yield part
        elif not is_video(part):
            yield from Message(message.role, (part,)).as_images()
        else:
            yield f"Frames at {', '.join(times_told(part))} seconds: "
            yield part
            yield "\n"


def sequences(conversation: Conversation) -> list[FrameSequence]:
    """All frame sequences of a conversation, in order."""
    return [part for message in conversation for part in message.parts if isinstance(part, FrameSequence)]


def videos(conversation: Conversation) -> list[FrameSequence]:
    """Those that `template_messages` makes videos of."""
    return [sequence for sequence in sequences(conversation) if _is_video(sequence)]


def _is_video(sequence: FrameSequence) -> bool:
    # Qwen3-VL takes no video of one frame.
    return len(sequence) > 1


def video_metadata(sequence: FrameSequence) -> dict[str, Any]:
    """When the frames are: frame number / fps is a frame's time, frames / duration their rate.

    Qwen3-VL writes the former into the prompt as timestamps, Qwen2.5-VL takes the latter for the
    time positions of its attention.

    Args:
        sequence: two frames at least.
    """
    count = len(sequence)
    times_s = np.maximum(sequence.times_s, 0.0)
    spacing_s = float(times_s[-1] - times_s[0]) / (count - 1)
    ticks = max(count, round(count * spacing_s * CLOCK_HZ))
    return {
        "fps": float(CLOCK_HZ),
        "total_num_frames": ticks,
        "frames_indices": [round(time_s * CLOCK_HZ) for time_s in times_s.tolist()],
        "duration": ticks / CLOCK_HZ,
    }


def neutraliser(tokens: Iterable[str]) -> Callable[[str], str]:
    """What turns control tokens in a text into plain words: `<|im_end|>` becomes `< |im_end|>`.

    Names and replies come from models and catalogs; a control token in one would forge a turn of
    the conversation, or stand for an image that is not there.

    Args:
        tokens: as the tokenizer matches them in text.
    """
    known = sorted({token.strip() for token in tokens if len(token.strip()) > 1}, key=len, reverse=True)
    if not known:
        return str
    pattern = re.compile("|".join(map(re.escape, known)))

    def plain(text: str) -> str:
        # Taking one token apart may lay bare another one inside.
        while pattern.search(text):
            text = pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
        return text

    return plain


def control_tokens(processor: Any) -> Sequence[str]:
    """Every token of a processor that must not come out of plain text."""
    tokenizer = processor.tokenizer
    special = set(tokenizer.all_special_tokens)
    # Added words of plain letters are vocabulary, not control.
    added = {token for token in tokenizer.get_added_vocab() if not token.strip().isalnum()}
    named = {getattr(processor, f"{kind}_token", None) for kind in ("image", "video", "audio")}
    return sorted(special | added | {token for token in named if isinstance(token, str)})
