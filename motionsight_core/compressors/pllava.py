"""Post-encoder fusion by pooling, as in PLLaVA (arXiv 2404.16994)."""

from __future__ import annotations

from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.downsample import Downsample


class Pllava(Compressor):
    """Encodes frames apart, downsamples each in space, then takes the mean over k (arXiv 2501.02955, 8).

    It pools after the spatial downsampling, as the paper does, and has the parameters of no fusion.
    """

    def __init__(self, tower: nn.Module, *, k: int, out: int) -> None:
        super().__init__(tower, k=k, out=out)
        self.downsample = Downsample(self.tower.width, out)

    def fuse(self, groups: Tensor) -> Tensor:
        frames = self.encode_apart(groups).flatten(0, 1).unsqueeze(1)
        return self.downsample(frames).unflatten(0, (-1, self.k)).mean(1)
