"""Fewer video tokens in training: the reduction of iMOVE inside the model's forward, as when it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from torch import Tensor

from motionsight_core.mllm.video_tokens import FewerTokens, fewer_tokens
from motionsight_core.settings import TrainingSettings

#: What a model reads that was reduced, or that has one value for each token.
_OF_THE_WHOLE = (
    "pixel_values",
    "pixel_values_videos",
    "image_grid_thw",
    "video_grid_thw",
    "second_per_grid_ts",
    "mm_token_type_ids",
    "token_type_ids",
)


@contextmanager
def tokens_by_events(model: Any, settings: TrainingSettings, *, pad: int) -> Iterator[None]:
    """In the block, a model's forward sees the tokens that `training.video_tokens=events` leaves.

    trl's losses call the model below the language head, and so it is there that the batch gets smaller. What
    comes out is put back into the columns of the whole batch: labels and masks stay as they are, since no
    answer stands in a column that was left out.

    Args:
        model: of transformers, with its language head.
        settings: `events` and `event_stride`.
        pad: the token that fills up shorter rows.
    """
    base = model.base_model
    forward = base.forward

    @wraps(forward)
    def with_fewer(**given: Any) -> Any:
        inputs = {name: value for name, value in given.items() if value is not None}
        fewer = fewer_tokens(
            base, inputs, None, events=settings.events, stride=settings.event_stride, pad=pad
        )
        if fewer is None:
            return forward(**inputs)
        others = {name: value for name, value in inputs.items() if name not in _OF_THE_WHOLE}
        output = forward(**others | fewer.inputs)
        output.last_hidden_state = _widened(output.last_hidden_state, fewer, inputs["input_ids"].shape[1])
        return output

    base.forward = with_fewer
    try:
        yield
    finally:
        del base.forward


def _widened(hidden: Tensor, fewer: FewerTokens, length: int) -> Tensor:
    """Hidden states [B, L, d] in their columns of the whole batch [B, length, d]; zeros elsewhere."""
    rows, _, size = hidden.shape
    columns = fewer.columns[..., None].expand(-1, -1, size)
    return hidden.new_zeros(rows, length, size).scatter(1, columns, hidden)
