"""No temporal fusion: the paper's baseline."""

from __future__ import annotations

from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.downsample import Downsample


class NoFusion(Compressor):
    """Every frame has tokens of its own (arXiv 2501.02955, "Without Temporal Fusion")."""

    def __init__(self, tower: nn.Module, *, k: int = 1, out: int) -> None:
        if k != 1:
            raise ValueError(f"Without fusion k is 1, not {k}.")
        super().__init__(tower, k=k, out=out)
        self.downsample = Downsample(self.tower.width, out)

    def fuse(self, groups: Tensor) -> Tensor:
        return self.downsample(self.encode_apart(groups))
