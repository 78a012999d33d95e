"""How `generate` chooses tokens: as the checkpoint says, greedy or at the temperature asked for."""

from __future__ import annotations

import copy
from typing import Any

from motionsight_core.settings import Settings

#: Knobs that only sampling reads; a greedy call that finds them set warns on every clip.
SAMPLING_KNOBS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "top_h",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
)


def generation_config(published: Any, tokenizer: Any, settings: Settings) -> Any:
    """The checkpoint's own settings of `generate`, greedy or at the temperature asked for."""
    config = copy.deepcopy(published)
    config.max_length = None  # `max_new_tokens` decides
    if settings.mllm.temperature:
        config.do_sample, config.temperature = True, settings.mllm.temperature
    else:
        config.do_sample = False
        for knob in SAMPLING_KNOBS:
            setattr(config, knob, None)
    ends = tokenizer.eos_token_id if config.eos_token_id is None else config.eos_token_id
    config.eos_token_id = [ends] if isinstance(ends, int) else list(ends or ())
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    return config
