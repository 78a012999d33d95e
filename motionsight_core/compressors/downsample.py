"""From patch features to decoder tokens: 2x2 patches of k frames become one (arXiv 2501.02955, section 8)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Downsample(nn.Module):
    """A convolution of kernel and stride (k, 2, 2), then an MLP to the decoder's width.

    It equals concatenating the features of k frames in the hidden dimension before a 2x2 convolution. It
    starts as the mean over the k frames, so that k equal frames give the tokens of one.

    Args:
        width: D, channels of a patch feature.
        out: channels of a decoder token.
        k: frames of a group.
    """

    def __init__(self, width: int, out: int, k: int = 1) -> None:
        super().__init__()
        self.merge = nn.Conv3d(width, out, (k, 2, 2), (k, 2, 2))
        with torch.no_grad():
            self.merge.weight.copy_(self.merge.weight[:, :, :1].expand_as(self.merge.weight).clone() / k**0.5)
        self.project = nn.Sequential(nn.LayerNorm(out), nn.Linear(out, out), nn.GELU(), nn.Linear(out, out))

    def forward(self, grid: Tensor) -> Tensor:
        """[M, k, h, w, D] to [M, h / 2 * w / 2, out]."""
        return self.project(self.merge(grid.movedim(-1, 1)).flatten(2).transpose(1, 2))
