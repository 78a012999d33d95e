"""OWL-ViT, OWLv2 and OmDet-Turbo with random weights, as transformers keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTokenizer,
    DetrImageProcessor,
    OmDetTurboConfig,
    OmDetTurboForObjectDetection,
    OmDetTurboProcessor,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2ImageProcessor,
    Owlv2Processor,
    OwlViTConfig,
    OwlViTForObjectDetection,
    OwlViTImageProcessor,
    OwlViTProcessor,
    SwinConfig,
)

#: Frames are seen at this size in place of 640 to 960 pixels.
SIDE = 96
WIDTH, FEEDFORWARD = 32, 64
#: OmDet-Turbo has its layer between the two only where they differ.
HIDDEN = 64


def transformers_owl(directory: Path, *, version: int) -> str:
    """Writes OWL-ViT (version 1) or OWLv2; what `referring.detector` says to load it."""
    tokenizer = clip_tokenizer(longest=16)
    sizes: dict[str, Any] = {
        "hidden_size": WIDTH,
        "intermediate_size": FEEDFORWARD,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    parts: dict[str, Any] = {
        "text_config": {**sizes, **ends, "vocab_size": len(tokenizer), "pad_token_id": 0},
        "vision_config": {**sizes, "image_size": SIDE, "patch_size": 16},
        "projection_dim": WIDTH,
    }
    size = {"height": SIDE, "width": SIDE}
    torch.manual_seed(0)
    if version == 1:
        model = OwlViTForObjectDetection(OwlViTConfig(**parts))
        processor = OwlViTProcessor(OwlViTImageProcessor(size=size), tokenizer)
    else:
        model = Owlv2ForObjectDetection(Owlv2Config(**parts))
        processor = Owlv2Processor(Owlv2ImageProcessor(size=size), tokenizer)
    _enliven(model)
    with torch.no_grad():
        model.box_head.dense2.weight *= 0.02  # a box stays about the patch that it is of
    model.save_pretrained(directory)
    processor.save_pretrained(directory)
    return f"transformers:{directory}"


def transformers_omdet(directory: Path) -> str:
    """Writes OmDet-Turbo; what `referring.detector` says to load it."""
    tokenizer = clip_tokenizer(longest=77)
    ends: dict[str, Any] = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    stages: dict[str, Any] = {"out_indices": [2, 3, 4]}
    torch.manual_seed(0)
    model = OmDetTurboForObjectDetection(
        OmDetTurboConfig(
            backbone_config=SwinConfig(
                image_size=SIDE,
                embed_dim=16,
                depths=[1, 1, 1, 1],
                num_heads=[1, 2, 2, 4],
                window_size=3,
                **stages,
            ),
            text_config=CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=WIDTH,
                intermediate_size=FEEDFORWARD,
                num_hidden_layers=1,
                num_attention_heads=2,
                projection_dim=WIDTH,
                **ends,
            ),
            image_size=SIDE,
            apply_layernorm_after_vision_backbone=False,
            text_projection_in_dim=WIDTH,
            text_projection_out_dim=WIDTH,
            task_encoder_hidden_dim=FEEDFORWARD,
            class_embed_dim=WIDTH,
            num_queries=20,
            encoder_hidden_dim=HIDDEN,
            vision_features_channels=[HIDDEN] * 3,
            encoder_in_channels=[32, 64, 128],
            encoder_attention_heads=2,
            encoder_dim_feedforward=FEEDFORWARD,
            decoder_hidden_dim=HIDDEN,
            decoder_num_heads=2,
            decoder_num_layers=1,
            decoder_dim_feedforward=FEEDFORWARD,
        )
    )
    _enliven(model)
    model.save_pretrained(directory)
    images = DetrImageProcessor(size={"height": SIDE, "width": SIDE}, do_pad=False)
    OmDetTurboProcessor(images, tokenizer).save_pretrained(directory)
    return f"transformers:{directory}"


def clip_tokenizer(*, longest: int) -> CLIPTokenizer:
    """CLIP's tokenizer with letters for a vocabulary."""
    letters = sorted(ByteLevel.alphabet())
    tokens = ["<pad>", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[],
        unk_token="<|endoftext|>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
        model_max_length=longest,
    )


def _enliven(model: torch.nn.Module) -> None:
    """Make boxes and scores differ from query to query; fresh weights all say the same."""
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=noise)
