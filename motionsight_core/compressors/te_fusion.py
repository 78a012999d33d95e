"""Through-Encoder Fusion: the method that MotionBench proposes (arXiv 2501.02955, section 4 and 8)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.downsample import Downsample


class TeFusion(Compressor):
    """Lets k frames share the self-attention of every layer of the encoder, then merges them by a 3D
    convolution of kernel and stride (k, 2, 2).

    Each frame of a group has a learned position, which the paper does not mention; it starts at zero, so that
    a pretrained image tower sees what it was trained on. With k = 1 it is `NoFusion`, parameter by parameter.
    """

    def __init__(self, tower: nn.Module, *, k: int, out: int) -> None:
        super().__init__(tower, k=k, out=out)
        self.time = nn.Parameter(torch.zeros(k, 1, self.tower.width)) if k > 1 else None
        self.downsample = Downsample(self.tower.width, out, k)

    def fuse(self, groups: Tensor) -> Tensor:
        patches = self.tower.embed(groups.flatten(0, 1)).unflatten(0, (-1, self.k))
        if self.time is not None:
            patches = patches + self.time
        fused = self.tower.encode(patches.flatten(1, 2))
        return self.downsample(self.grid(fused.unflatten(1, (self.k, -1))))
