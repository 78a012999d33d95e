"""Which weights of a model moved, and what a model says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from motionsight_core.training.parts import Part, part_of


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def moved(before: Path, after: Path) -> dict[Part, set[bool]]:
    """Of each part, whether its weights changed: all, none, or some of them."""
    old, new = weights(before), weights(after)
    assert old.keys() == new.keys()
    found: dict[Part, set[bool]] = {}
    for name, weight in old.items():
        found.setdefault(part_of(name), set()).add(not torch.equal(weight, new[name]))
    return found


def are_equal(one: Path, other: Path) -> bool:
    """To the bit."""
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def log_probabilities(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """log pi(description | clip, question) of each row of a batch, the sum over its tokens."""
    inputs = {name: tensor for name, tensor in batch.items() if name != "completion_mask"}
    logits = model(**inputs).logits[:, :-1].log_softmax(-1)
    tokens = logits.gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
    return (tokens * batch["completion_mask"][:, 1:]).sum(1)
