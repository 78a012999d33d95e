"""Event-aware video tokens (iMOVE, section 3.2): fewer tokens a clip, with training and without.

`events.py` has the method, on features alone; `reduction.py` applies it to a batch of a model of
transformers.
"""

from __future__ import annotations

from motionsight_core.mllm.video_tokens.events import event_starts, kept_cells, pooled_tokens
from motionsight_core.mllm.video_tokens.reduction import (
    FAMILIES,
    FewerTokens,
    fewer_tokens,
    reduce_video_tokens,
    require_family,
)

__all__ = [
    "FAMILIES",
    "FewerTokens",
    "event_starts",
    "fewer_tokens",
    "kept_cells",
    "pooled_tokens",
    "reduce_video_tokens",
    "require_family",
]
