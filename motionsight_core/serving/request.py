"""The body of a chat completion, read: one question about one clip."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from motionsight_core.serving.frame_marks import cut_mark, read_mark
from motionsight_core.serving.refusals import invalid

#: The longest question, characters; with what a system message says.
MOST_CHARACTERS = 20_000

#: Fields that ask for what the method does not do, and values with which they ask for nothing.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "tools": (None, []),
    "functions": (None, []),
    "logprobs": (None, False),
    "response_format": (None, {"type": "text"}),
    "modalities": (None, ["text"]),
    "audio": (None,),
}


@dataclass(frozen=True, slots=True)
class Image:
    """One frame that was sent as a picture."""

    url: str
    """A data URL."""
    time_s: float | None
    """What the text before it says, seconds; None where it says no time."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question about one clip, which is a video or a sequence of images."""

    question: str
    """The user's words without frame numbers and times; empty where nothing is asked."""
    instructions: str
    """The system's words."""
    video: str | None
    """Its address."""
    images: tuple[Image, ...]
    model: str
    """Empty where none is named."""
    stream: bool
    include_usage: bool
    """Whether a stream ends with what the reply cost."""


def read_request(body: bytes) -> ChatRequest:
    """The request in a body of JSON.

    Raises:
        RequestError: it is not one, or asks for what is not supported.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise invalid("The body is not a JSON object.")
    for name, allowed in _UNSUPPORTED.items():
        if fields.get(name) not in allowed:
            raise invalid(f"{name} is not supported: the reply is one text.", name, code="unsupported")
    model, options = fields.get("model") or "", fields.get("stream_options") or {}
    if not isinstance(model, str) or not isinstance(options, dict):
        raise invalid("model is a text and stream_options an object.")
    instructions, parts = _messages(fields.get("messages"))
    question, video, images = _clip_and_question(parts)
    if len(question) + len(instructions) > MOST_CHARACTERS:
        raise invalid(f"The question is longer than {MOST_CHARACTERS} characters.", "messages")
    return ChatRequest(
        question=question,
        instructions=instructions,
        video=video,
        images=images,
        model=model,
        stream=fields.get("stream") is True,
        include_usage=options.get("include_usage") is True,
    )


def _messages(messages: Any) -> tuple[str, list[_Part]]:
    """What the system says, and the parts of the one message of the user."""
    if not isinstance(messages, list) or not messages:
        raise invalid("messages is not a list of messages.", "messages")
    system: list[str] = []
    asked: list[_Part] | None = None
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "developer", "user"):
            raise invalid(
                "A request holds one message of the user and before it those of the system; earlier turns "
                "and tools are not supported.",
                "messages",
                code="unsupported",
            )
        if asked is not None:
            raise invalid("The user's message is not the last one, or not the only one.", "messages")
        parts = list(_parts(message.get("content")))
        if role == "user":
            asked = parts
        elif any(part.kind != "text" for part in parts):
            raise invalid("A message of the system holds something else than text.", "messages")
        else:
            system += [part.value for part in parts]
    if asked is None:
        raise invalid("There is no message of the user.", "messages")
    return "\n".join(system).strip(), asked


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a message."""

    kind: str
    """text, image_url or video_url."""
    value: str


def _parts(content: Any) -> Iterator[_Part]:
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise invalid("A message's content is neither a text nor a list of parts.", "messages")
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in ("text", "image_url", "video_url"):
            raise invalid(
                "A message's part is of another type than text, image_url and video_url.",
                "messages",
                code="unsupported",
            )
        value = part.get(kind)
        if kind != "text" and isinstance(value, dict):
            value = value.get("url")
        if not isinstance(value, str):
            raise invalid(f"A part of type {kind} has no {'text' if kind == 'text' else 'url'}.", "messages")
        yield _Part(kind, value)


def _clip_and_question(parts: Sequence[_Part]) -> tuple[str, str | None, tuple[Image, ...]]:
    videos = [part.value for part in parts if part.kind == "video_url"]
    images = [place for place, part in enumerate(parts) if part.kind == "image_url"]
    if len(videos) + bool(images) != 1:
        raise invalid(
            "A request is about one clip: one video_url, or the frames of one clip as image_url parts; "
            f"this one has {len(videos)} videos and {len(images)} images.",
            "messages",
        )
    if videos:
        return _joined(part.value for part in parts if part.kind == "text"), videos[0], ()
    return _question_about_images(parts, images)


def _question_about_images(
    parts: Sequence[_Part], images: Sequence[int]
) -> tuple[str, None, tuple[Image, ...]]:
    """The images with their times, and the text before the first and after the last."""
    before = "".join(part.value for part in parts[: images[0]])
    question, time_s = cut_mark(before)
    found = [Image(parts[images[0]].value, time_s)]
    for last, this in itertools.pairwise(images):
        between = "".join(part.value for part in parts[last + 1 : this])
        mark = read_mark(between)
        if mark is None:
            raise invalid(
                "Between the images stands more than the number or the time of a frame; they are taken for "
                "the frames of one clip.",
                "messages",
                code="unsupported",
            )
        found.append(Image(parts[this].value, mark.time_s))
    after = [part.value for part in parts[images[-1] + 1 :]]
    return _joined([question, *after]), None, tuple(found)


def _joined(texts: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(text.strip() for text in texts if text.strip())
