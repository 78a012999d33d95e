"""What a compressor costs: decoder tokens, parameters, floating-point operations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from motionsight_core.compressors.compressor import Compressor


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one clip."""

    tokens: int
    """That the decoder reads."""
    parameters: int
    """Of the tower and the compressor."""
    flops: int
    """Of a forward pass from pixels to tokens, a multiply-add as two; attention included."""


def count(compressor: Compressor, frames: int) -> Counts:
    """Counts a compressor on a clip of so many frames.

    A compressor on the device `meta` is counted without memory and in no time.

    Raises:
        ValueError: the frames do not make groups of k.
    """
    size = compressor.tower.frame_size
    device = next(compressor.parameters()).device
    counter = FlopCounterMode(display=False)
    with counter:
        tokens = compressor(torch.empty(1, frames, 3, size, size, device=device))
    parameters = sum(parameter.numel() for parameter in compressor.parameters())
    return Counts(tokens.shape[1] * tokens.shape[2], parameters, counter.get_total_flops())
