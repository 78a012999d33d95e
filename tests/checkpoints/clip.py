"""A tiny CLIP with random weights, as transformers keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

from tests.checkpoints.open_vocabulary import clip_tokenizer

#: Pictures are seen at this size in place of 224 pixels.
SIDE = 32


def tiny_clip(directory: Path) -> Path:
    """Writes the checkpoint and returns its directory."""
    tokenizer = clip_tokenizer(longest=16)
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": 32,
    }
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={**sizes, **ends, "vocab_size": len(tokenizer), "pad_token_id": 0},
        vision_config={**sizes, "image_size": SIDE, "patch_size": 8},
        projection_dim=32,
    )
    CLIPModel(config).save_pretrained(directory)
    size = {"height": SIDE, "width": SIDE}
    images = CLIPImageProcessor(size=size, crop_size=size)
    CLIPProcessor(images, tokenizer).save_pretrained(directory)
    return directory
