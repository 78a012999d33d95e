"""Which weights of a model moved."""

from __future__ import annotations

from pathlib import Path

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
