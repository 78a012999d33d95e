"""Post-encoder fusion by learned queries: BLIP-2's Q-Former (arXiv 2301.12597), learned from scratch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import Blip2QFormerConfig, Blip2QFormerModel

from motionsight_core.compressors.compressor import Compressor


class QFormer(Compressor):
    """Encodes frames apart; L learned queries read k frames as one sequence (arXiv 2501.02955, section 8).

    Each frame of a group has a learned position, without which the queries could not see their order.

    Args:
        config: of the Q-Former; BLIP-2's sizes (12 layers of width 768) where none is given. Its
            `encoder_hidden_size` must be the tower's width.
    """

    def __init__(
        self, tower: nn.Module, *, k: int, out: int, config: Blip2QFormerConfig | None = None
    ) -> None:
        super().__init__(tower, k=k, out=out)
        width = self.tower.width
        config = config or Blip2QFormerConfig(encoder_hidden_size=width)
        if config.encoder_hidden_size != width:
            raise ValueError(
                f"The Q-Former reads width {config.encoder_hidden_size}, and the tower's width is {width}:"
                f" set encoder_hidden_size={width}."
            )
        self.time = nn.Parameter(0.02 * torch.randn(k, 1, width))
        self.queries = nn.Parameter(0.02 * torch.randn(self.tokens, config.hidden_size))
        self.qformer = Blip2QFormerModel(config)
        self.project = nn.Linear(config.hidden_size, out)

    def fuse(self, groups: Tensor) -> Tensor:
        features = self.encode_apart(groups).flatten(2, 3) + self.time
        read = self.qformer(
            query_embeds=self.queries.expand(len(groups), -1, -1),
            encoder_hidden_states=features.flatten(1, 2),
        )
        return self.project(read.last_hidden_state)
