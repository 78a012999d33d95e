"""What is said to a multimodal LLM and what comes back, whoever runs it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import ClipError
from motionsight_core.mllm.positions import time_token
from motionsight_core.settings import Settings

#: What sentences call such a model.
PURPOSE = "multimodal LLM"

#: Text, or the frames of one sequence.
Part: TypeAlias = str | FrameSequence


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]

    def as_images(self) -> Iterator[str | NDArray[np.uint8]]:
        """The parts with every sequence written out, each frame [H, W, 3] after its time.

        The template of the paper: "Frame 3.5: <image>", seconds with one decimal; of a sequence that says
        within which clip it is, with the part of it (iMOVE): "Frame 3.5 <t75>: <image>".
        """
        for part in self.parts:
            if isinstance(part, str):
                yield part
                continue
            for told, pixels in zip(times_told(part), part.pixels, strict=True):
                yield f"Frame {told}: "
                yield pixels
                yield "\n"

    def as_text(self) -> str:
        """The same for people to read: `<image>` where a frame is."""
        return "".join(part if isinstance(part, str) else "<image>" for part in self.as_images())


def times_told(frames: FrameSequence) -> list[str]:
    """When each frame is, as a prompt says it: "3.5", seconds, or "3.5 <t75>"."""
    told = [f"{time_s + 0.0:.1f}" for time_s in frames.times_s]
    if frames.within_s is None:
        return told
    start_s, end_s = frames.within_s
    parts = [time_token(time_s - start_s, end_s - start_s) for time_s in frames.times_s]
    return [f"{second} {part}" for second, part in zip(told, parts, strict=True)]


#: What is said so far; the last message is the user's.
Conversation: TypeAlias = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a multimodal LLM said."""

    text: str
    """As it came, not cleaned."""
    prompt_tokens: int
    """Tokens in, frames included."""
    completion_tokens: int
    """Tokens out."""
    latency_s: float
    """Seconds from asking to having; in a batch, the batch's."""
    complete: bool
    """False where `mllm.max_new_tokens` cut it."""


class MultimodalModel(Protocol):
    """A multimodal LLM. Safe to call from many threads."""

    @property
    def name(self) -> str:
        """What the column `annotator` says: `transformers:MODEL` or `openai:MODEL`."""
        ...

    def reply(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        """One reply per conversation, in order, or the error of that one; never raises for one.

        Args:
            conversations: batched as the model sees fit.
        """
        ...


def replies_as_they_come(
    model: MultimodalModel, conversations: Sequence[Conversation]
) -> Generator[tuple[int, Reply | ClipError], None, None]:
    """The position and reply of each conversation, once, as soon as the model has it.

    A model may have `reply_each`, which takes the same conversations and gives this; of others all replies
    come together.
    """
    each = getattr(model, "reply_each", None)
    yield from each(conversations) if each else enumerate(model.reply(conversations))


class MllmBackend(Protocol):
    """What is registered as a multimodal LLM: a class whose instances are MultimodalModels, mostly.

    It may have more, which need not be there:

    - `in_process`, False where another machine runs the model; else it is loaded in this process.
    - `check(model, settings)`, called before a run: raises UsageError or ModelMissing where it is plain,
      without loading anything, that the model cannot be used.
    - `column(model)` and `recipe(model)`: what the column `annotator` and the recipe say of the model, where
      that is not all that stands in the setting.
    """

    def __call__(self, model: str, settings: Settings, /) -> MultimodalModel:
        """The model, ready to be asked.

        Args:
            model: what stands after the colon in the setting `annotator`.
            settings: of which `mllm` and `runtime` concern it.

        Raises:
            UsageError, ModelMissing: it cannot be used.
        """
        ...


class ScoringModel(MultimodalModel, Protocol):
    """A multimodal LLM whose probabilities can be read."""

    def yes_probability(self, conversations: Sequence[Conversation]) -> list[float | ClipError]:
        """How probable it is that each reply begins with "Yes" (VQAScore, arXiv 2404.01291, eq. 1).

        Args:
            conversations: whose last message asks for Yes or No; batched as the model sees fit.

        Returns:
            In order, the share of the first token's probability, 0 to 1, that falls on tokens that read
            "yes" in whichever case; or the error of that conversation. Never raises for one.

        Raises:
            UsageError: the model has no token for "Yes".
        """
        ...
