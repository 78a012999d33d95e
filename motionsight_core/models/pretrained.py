"""Loading a model of transformers, the same way for every kind."""

from __future__ import annotations

from typing import Any

import torch

from motionsight_core.models.source import ModelSource, require_all_weights, without_progress_bars


def pretrained(kind: Any, source: ModelSource, *, device: torch.device | None, **options: Any) -> Any:
    """A model, whole, ready to be asked.

    Args:
        kind: a class of transformers with `from_pretrained`.
        source: where its files are.
        device: where it goes; None where `options` spread it.
        options: of `from_pretrained`; 32-bit weights unless they name another `dtype`.

    Raises:
        ValueError: weights are missing from the files; `loading` makes a sentence of this and of what
            transformers raises.
    """
    without_progress_bars()
    options = {"dtype": torch.float32, **options}
    model, found = kind.from_pretrained(
        source.location, revision=source.revision or "main", output_loading_info=True, **options
    )
    require_all_weights(found["missing_keys"])
    return (model if device is None else model.to(device)).eval()
