"""Rows to batches: the prompt with its frames through the processor, what is said through the tokenizer.

The two are joined, so that the loss falls on what is said and its end, whatever a chat template does, and the
frames of a pair are prepared once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch

from motionsight_core.clip import FrameSequence
from motionsight_core.mllm._chat import control_tokens, neutraliser
from motionsight_core.mllm._inputs import prompt_inputs
from motionsight_core.training.frames import conversation

Row: TypeAlias = Mapping[str, Any]
Batch: TypeAlias = dict[str, torch.Tensor]
#: What is not counted in a loss, to torch.
IGNORED = -100
#: One value per token that says what kind of token it is; text is 0.
_KINDS = ("mm_token_type_ids", "token_type_ids")


@dataclass(frozen=True)
class _Batches:
    processor: Any
    frames: Callable[[Row], FrameSequence]
    """What a row shows."""
    frames_as: Literal["images", "video"]

    def joined(self, rows: Sequence[Row], *columns: str) -> Batch:
        """The rows' prompts, each followed by what `columns` say: all of the first column, then the next.

        Returns:
            `input_ids` [columns * rows, tokens] and what the model takes besides; `completion_mask`, of the
            same shape, is 1 where something is said, its end included.
        """
        plain = neutraliser(control_tokens(self.processor))
        conversations = [conversation(row, self.frames(row)) for row in rows]
        prompt = prompt_inputs(self.processor, conversations, frames_as=self.frames_as, plain=plain)
        tokenizer = self.processor.tokenizer
        said = tokenizer(
            [plain(row[column]) + tokenizer.eos_token for column in columns for row in rows],
            padding=True,
            padding_side="right",
            return_tensors="pt",
            add_special_tokens=False,
        )
        batch = {name: torch.cat([tensor] * len(columns)) for name, tensor in prompt.items()}
        before, zeros = torch.zeros_like(batch["input_ids"]), torch.zeros_like(said["input_ids"])
        batch["completion_mask"] = torch.cat((before, said["attention_mask"]), 1)
        for name in ("input_ids", "attention_mask"):
            batch[name] = torch.cat((batch[name], said[name]), 1)
        for name in _KINDS:
            if name in batch:
                batch[name] = torch.cat((batch[name], zeros), 1)
        return batch


class SftBatches(_Batches):
    """Questions with their answers; the loss is that of the answers alone."""

    def __call__(self, rows: Sequence[Row]) -> Batch:
        batch = self.joined(rows, "answer")
        mask = batch.pop("completion_mask")
        batch["labels"] = batch["input_ids"].masked_fill(mask == 0, IGNORED)
        return batch


class DpoBatches(_Batches):
    """Questions with the description that people chose, then the same with the one that they did not."""

    def __call__(self, rows: Sequence[Row]) -> Batch:
        return self.joined(rows, "chosen", "rejected")
