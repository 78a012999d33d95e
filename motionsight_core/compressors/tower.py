"""The vision tower under a compressor: SigLIP's patches, positions and encoder, each usable by itself."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import SiglipVisionModel


class VisionTower(nn.Module):
    """The parts of a SigLIP vision model that lead to its patch features; a pooling head is left out.

    The parts are those of the given model, not copies: pretrained weights are taken over exactly, and
    training the compressor trains the model.

    Args:
        model: from `SiglipVisionModel.from_pretrained(...)`, the `vision_model` of a whole SigLIP, or
            `SiglipVisionModel(config)` with random weights.

    Raises:
        TypeError: it is another model.
        ValueError: its patches cannot be merged two by two.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        if not isinstance(model, SiglipVisionModel):
            raise TypeError(
                f"A compressor needs a SiglipVisionModel of transformers, not a {type(model).__name__}."
            )
        config: Any = model.config  # transformers declares sizes that SigLIP does not take
        self.width: int = config.hidden_size
        """Channels of a patch feature."""
        self.frame_size: int = config.image_size
        """Pixels a side of a frame."""
        self.side: int = config.image_size // config.patch_size
        """Patches a side of a frame."""
        if self.side % 2:
            raise ValueError(
                f"The tower has {self.side} patches a side, which cannot be merged two by two:"
                " set an image_size that holds an even number of patches."
            )
        self.patch_embedding = model.embeddings.patch_embedding
        self.position_embedding = model.embeddings.position_embedding
        self.encoder = model.encoder
        self.post_layernorm = model.post_layernorm

    def embed(self, frames: Tensor) -> Tensor:
        """Patches with their places, before the encoder: [M, C, H, W] to [M, P, D]."""
        patches = self.patch_embedding(frames.to(self.patch_embedding.weight.dtype))
        return patches.flatten(2).transpose(1, 2) + self.position_embedding.weight

    def encode(self, patches: Tensor) -> Tensor:
        """The encoder over sequences of patches of any length: [M, S, D] to [M, S, D]."""
        return self.post_layernorm(self.encoder(inputs_embeds=patches).last_hidden_state)
