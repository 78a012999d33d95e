"""What all compressors have in common: frames in, decoder tokens out."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from motionsight_core.compressors.tower import VisionTower


class Compressor(nn.Module):
    """Puts each k neighbouring frames into as many decoder tokens as one frame has without compression.

    Args:
        tower: a `SiglipVisionModel`; its modules are used, not copied. What is added to it is float32 on the
            CPU: `to(device, dtype)` moves both.
        k: frames of a group, the temporal compression ratio; the paper compares 2, 4, 8 and 16.
        out: channels of a decoder token.

    Raises:
        TypeError: the tower is no SigLIP.
        ValueError: k is below 1, or the tower's frames are not of even numbers of patches a side.
    """

    def __init__(self, tower: nn.Module, *, k: int, out: int) -> None:
        super().__init__()
        if k < 1:
            raise ValueError(f"k is {k}: a group has at least one frame.")
        self.tower = VisionTower(tower)
        self.k = k
        self.out = out
        self.tokens = (self.tower.side // 2) ** 2
        """L, decoder tokens of a group."""

    def forward(self, frames: Tensor) -> Tensor:
        """Decoder tokens of a batch of clips.

        Args:
            frames: [B, N, 3, H, W], normalised as by the tower's image processor; N a multiple of k, H and
                W the tower's `image_size`.

        Returns:
            [B, N / k, L, out], L one for each 2x2 patches of a frame.

        Raises:
            ValueError: the shape is another.
        """
        size = self.tower.frame_size
        if frames.ndim != 5 or frames.shape[2:] != (3, size, size):
            raise ValueError(
                f"Frames have shape {tuple(frames.shape)}: give [clips, frames, 3, {size}, {size}]."
            )
        clips, count = frames.shape[:2]
        if count == 0 or count % self.k:
            raise ValueError(f"{count} frames do not make groups of {self.k}: give a multiple of {self.k}.")
        groups = frames.reshape(clips * count // self.k, self.k, 3, size, size)
        return self.fuse(groups).unflatten(0, (clips, count // self.k))

    @abstractmethod
    def fuse(self, groups: Tensor) -> Tensor:
        """[M, k, 3, H, W] to [M, L, out]."""

    def encode_apart(self, groups: Tensor) -> Tensor:
        """Each frame through the tower by itself: [M, k, 3, H, W] to [M, k, h, w, D]."""
        features = self.tower.encode(self.tower.embed(groups.flatten(0, 1)))
        return self.grid(features).unflatten(0, (-1, self.k))

    def grid(self, features: Tensor) -> Tensor:
        """Patches back in rows and columns: [..., P, D] to [..., h, w, D]."""
        return features.unflatten(-2, (self.tower.side, self.tower.side))
