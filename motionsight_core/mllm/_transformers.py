"""`transformers:MODEL_ID_OR_DIR[@REVISION]`: an image-text-to-text model in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from motionsight_core.annotator import Annotator
from motionsight_core.errors import AnnotatorFailed, ClipError, UsageError, one_line
from motionsight_core.mllm._base import PURPOSE, Conversation, Reply
from motionsight_core.mllm._chat import (
    control_tokens,
    neutraliser,
    sequences,
)
from motionsight_core.mllm._generation import generation_config
from motionsight_core.mllm._inputs import prompt_inputs
from motionsight_core.mllm._yes import reads_yes
from motionsight_core.mllm.video_tokens import reduce_video_tokens, require_family
from motionsight_core.models.pretrained import pretrained
from motionsight_core.models.source import (
    ModelSource,
    device_of,
    dtype_of,
    loading,
)
from motionsight_core.settings import Settings

T = TypeVar("T")


class TransformersModel:
    """Any image-text-to-text model of transformers: Qwen2.5-VL, Qwen3-VL, InternVL3 and others.

    Code that comes with weights is never run (`trust_remote_code` stays off).

    Raises:
        ModelMissing: packages or weights are not there, or the weights are not the model's.
        UsageError: it has no chat template, takes no video where `mllm.frames_as` asks for it, or is of a
            family whose tokens `mllm.video_tokens` cannot reduce.
    """

    def __init__(self, settings: Settings) -> None:
        source = ModelSource.parse(Annotator.parse(settings.annotator).model)
        self._settings = settings
        self._location = source.location
        with loading(PURPOSE, source):
            self._processor, self._model = _load(source, settings)
        tokenizer = self._processor.tokenizer
        if self._processor.chat_template is None:
            raise UsageError(f"The model {source.location} has no chat template, so it cannot be prompted.")
        if settings.mllm.frames_as == "video" and getattr(self._processor, "video_processor", None) is None:
            raise UsageError(
                f"The model {source.location} takes no video: set mllm.frames_as to images, or name "
                "another model."
            )
        if settings.mllm.video_tokens == "events":
            require_family(self._model, source.location, setting="mllm.video_tokens")
        self._plain = neutraliser(control_tokens(self._processor))
        self._model.generation_config = generation_config(self._model.generation_config, tokenizer, settings)
        # The tokenizer is not safe for threads ("Already borrowed"), and one `generate` fills a GPU; two
        # locks let one caller prepare its pixels while another one's are on the GPU.
        self._preparing = threading.Lock()
        self._generating = threading.Lock()

    @property
    def name(self) -> str:
        return f"transformers:{self._location}"

    def reply(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        """See `MultimodalModel.reply`.

        Calls of at most `runtime.batch_frames` frames (one conversation at least), padded on the
        left; a call that runs out of the GPU's memory is halved.
        """
        replies = dict(self.reply_each(conversations))
        return [replies[position] for position in range(len(conversations))]

    def reply_each(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, Reply | ClipError]]:
        """See `replies_as_they_come`; those of one call come together."""
        limit = self._settings.mllm.max_new_tokens
        yield from self._each(conversations, lambda batch: self._generate(batch, limit))

    def yes_probability(self, conversations: Sequence[Conversation]) -> list[float | ClipError]:
        """See `ScoringModel.yes_probability`.

        Raises:
            UsageError: the model's tokenizer has no single token for "Yes".
        """
        spellings = self._spellings_of_yes()
        found = dict(self._each(conversations, lambda batch: self._first_token(batch, spellings)))
        return [found[position] for position in range(len(conversations))]

    def _spellings_of_yes(self) -> list[int]:
        """Tokens that read "yes": `Yes`, `yes`, ` Yes` and the like.

        Raises:
            UsageError: the tokenizer has none for "Yes".
        """
        tokenizer = self._processor.tokenizer
        if len(tokenizer.encode("Yes", add_special_tokens=False)) != 1:
            raise UsageError(
                f'The model {self._location} cannot score: its tokenizer has no single token for "Yes".'
            )
        with self._preparing:
            candidates = [token for text, token in tokenizer.get_vocab().items() if "yes" in text.casefold()]
            return [token for token in candidates if reads_yes(tokenizer.decode([token]))]

    def _each(
        self, conversations: Sequence[Conversation], step: Callable[[Sequence[Conversation]], list[T]]
    ) -> Iterator[tuple[int, T | ClipError]]:
        """What `step` gives for each conversation, with its position, in as few calls as fit."""
        for batch in _batches(conversations, self._settings.runtime.batch_frames):
            yield from self._together(conversations, batch, step).items()

    def _together(
        self,
        conversations: Sequence[Conversation],
        batch: Sequence[int],
        step: Callable[[Sequence[Conversation]], list[T]],
    ) -> dict[int, T | ClipError]:
        """What `step` gives for one batch; smaller batches where it raises, down to the one that does."""
        smaller = 1
        try:
            return dict(zip(batch, step([conversations[position] for position in batch]), strict=True))
        except torch.OutOfMemoryError as error:
            failure = AnnotatorFailed(f"OutOfMemoryError: {one_line(error)}")
            smaller = max(1, len(batch) // 2)
        except Exception as error:
            failure = AnnotatorFailed(f"{type(error).__name__}: {one_line(error)}")
        if len(batch) == 1:
            return {batch[0]: failure}
        if torch.cuda.is_available():
            # Here and not above: the exception held the tensors of the failed call.
            torch.cuda.empty_cache()
        found: dict[int, T | ClipError] = {}
        for start in range(0, len(batch), smaller):
            found.update(self._together(conversations, batch[start : start + smaller], step))
        return found

    @torch.inference_mode()
    def _generate(self, conversations: Sequence[Conversation], max_new_tokens: int) -> list[Reply]:
        start_s = time.perf_counter()
        prepared = self._prepare(conversations)
        with self._generating:
            inputs = self._inputs(prepared, conversations)
            if self._settings.mllm.temperature:
                torch.manual_seed(self._settings.mllm.seed)
            output = self._model.generate(**inputs, max_new_tokens=max_new_tokens).cpu()
        generated = output[:, inputs["input_ids"].shape[1] :]
        ends = torch.isin(generated, torch.tensor(self._model.generation_config.eos_token_id))
        replies = []
        for tokens, end, prompt in zip(generated, ends, inputs["attention_mask"], strict=True):
            complete = bool(end.any())
            length = int(end.int().argmax()) + 1 if complete else len(tokens)
            with self._preparing:
                text = self._processor.tokenizer.decode(tokens[:length], skip_special_tokens=True)
            replies.append(
                Reply(
                    text=text,
                    prompt_tokens=int(prompt.sum()),
                    completion_tokens=length,
                    latency_s=time.perf_counter() - start_s,
                    complete=complete,
                )
            )
        return replies

    @torch.inference_mode()
    def _first_token(self, conversations: Sequence[Conversation], tokens: Sequence[int]) -> list[float]:
        """The share of each reply's first token that falls on some tokens."""
        prepared = self._prepare(conversations)
        with self._generating:
            output = self._model.generate(
                **self._inputs(prepared, conversations),
                max_new_tokens=1,
                output_logits=True,
                return_dict_in_generate=True,
            )
        # `logits` are the model's own; `scores` would have the checkpoint's penalties in them.
        return torch.softmax(output.logits[0].float(), dim=-1)[:, list(tokens)].sum(dim=-1).tolist()

    def _prepare(self, conversations: Sequence[Conversation]) -> Any:
        """Token ids and pixels of a batch, padded on the left, on the CPU."""
        with self._preparing:
            return prompt_inputs(
                self._processor, conversations, frames_as=self._settings.mllm.frames_as, plain=self._plain
            )

    def _inputs(self, prepared: Any, conversations: Sequence[Conversation]) -> dict[str, Any]:
        """What `generate` takes, on the model's device, with as many tokens as `mllm.video_tokens` says."""
        inputs, mllm = self._on_device(prepared), self._settings.mllm
        if mllm.video_tokens == "all":
            return inputs
        shown = [len(sequence) for conversation in conversations for sequence in sequences(conversation)]
        if "pixel_values_videos" in inputs:
            # The processor of Qwen keeps videos apart; InternVL's makes pictures of their frames.
            shown = [frames for frames in shown if frames == 1]
        return reduce_video_tokens(
            self._model,
            inputs,
            shown,
            events=mllm.events,
            stride=mllm.event_stride,
            pad=self._model.generation_config.pad_token_id,
        )

    def _on_device(self, inputs: Any) -> dict[str, torch.Tensor]:
        """Pixels in the weights' type; times stay exact."""
        device, dtype = self._model.device, self._model.dtype
        return {
            name: tensor.to(device, dtype) if name.startswith("pixel_values") else tensor.to(device)
            for name, tensor in inputs.items()
        }


def _load(source: ModelSource, settings: Settings) -> tuple[Any, Any]:
    """The processor and the model."""
    processor = AutoProcessor.from_pretrained(source.location, revision=source.revision)
    return processor, _load_model(source, settings)


def _load_model(source: ModelSource, settings: Settings) -> Any:
    device = device_of(settings)
    attention = settings.runtime.attention
    spread = settings.runtime.device == "auto" and torch.cuda.device_count() > 1
    return pretrained(
        AutoModelForImageTextToText,
        source,
        device=None if spread else device,
        dtype=dtype_of(settings, device),
        attn_implementation=None if attention == "auto" else attention,
        device_map="auto" if spread else None,
    )


def _batches(conversations: Sequence[Conversation], max_frames: int) -> Iterator[list[int]]:
    """Positions of conversations to run together: of similar length, with frames or all without."""

    def length(position: int) -> tuple[bool, int]:
        parts = [part for message in conversations[position] for part in message.parts]
        # Pixels outweigh text by far; text decides between conversations of the same frames.
        return bool(sequences(conversations[position])), sum(
            len(part) if isinstance(part, str) else part.pixels.size for part in parts
        )

    batch: list[int] = []
    frames = 0
    for position in sorted(range(len(conversations)), key=length):
        more = max(1, sum(len(sequence) for sequence in sequences(conversations[position])))
        mixed = bool(batch) and bool(sequences(conversations[batch[0]])) != bool(
            sequences(conversations[position])
        )
        if batch and (frames + more > max_frames or mixed):
            yield batch
            batch, frames = [], 0
        batch.append(position)
        frames += more
    if batch:
        yield batch
