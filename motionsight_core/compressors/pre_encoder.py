"""Pre-encoder fusion, as in Qwen2-VL (arXiv 2409.12191): k frames are one image of 3 k channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.downsample import Downsample


class PreEncoder(Compressor):
    """Concatenates k frames in the channel dimension and embeds them as one image (arXiv 2501.02955, 8).

    The wider patch embedding is its own and starts as the tower's on the mean of the k frames; the model that
    was given keeps its patch embedding.
    """

    def __init__(self, tower: nn.Module, *, k: int, out: int) -> None:
        super().__init__(tower, k=k, out=out)
        self.tower.patch_embedding = _widened(self.tower.patch_embedding, k)
        self.downsample = Downsample(self.tower.width, out)

    def fuse(self, groups: Tensor) -> Tensor:
        features = self.tower.encode(self.tower.embed(groups.flatten(1, 2)))
        return self.downsample(self.grid(features).unsqueeze(1))


def _widened(embedding: nn.Conv2d, k: int) -> nn.Conv2d:
    wide = nn.Conv2d(
        k * embedding.in_channels,
        embedding.out_channels,
        (embedding.kernel_size[0], embedding.kernel_size[1]),
        (embedding.stride[0], embedding.stride[1]),
        device=embedding.weight.device,
        dtype=embedding.weight.dtype,
    )
    with torch.no_grad():
        wide.weight.copy_(embedding.weight.repeat(1, k, 1, 1) / k)
        if wide.bias is not None and embedding.bias is not None:
            wide.bias.copy_(embedding.bias)
    return wide
