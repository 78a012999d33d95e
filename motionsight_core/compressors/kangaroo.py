"""Post-encoder fusion by an MLP, as in Kangaroo (arXiv 2408.15542)."""

from __future__ import annotations

from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.downsample import Downsample


class Kangaroo(Compressor):
    """Encodes frames apart, concatenates the features of k frames in the hidden dimension, reduces them to
    one by an MLP (arXiv 2501.02955, section 8), then downsamples in space.

    The MLP's width is the tower's, which the paper leaves open.
    """

    def __init__(self, tower: nn.Module, *, k: int, out: int) -> None:
        super().__init__(tower, k=k, out=out)
        width = self.tower.width
        self.merge_time = nn.Sequential(nn.Linear(k * width, width), nn.GELU(), nn.Linear(width, width))
        self.downsample = Downsample(width, out)

    def fuse(self, groups: Tensor) -> Tensor:
        side_by_side = self.encode_apart(groups).movedim(1, -2).flatten(-2)
        return self.downsample(self.merge_time(side_by_side).unsqueeze(1))
