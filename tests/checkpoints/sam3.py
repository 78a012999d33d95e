"""SAM 3 with random weights, small enough to look at frames on a CPU, as transformers keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    Sam2VideoVideoProcessor,
    Sam3ImageProcessor,
    Sam3VideoConfig,
    Sam3VideoModel,
    Sam3VideoProcessor,
)

from tests.checkpoints.open_vocabulary import clip_tokenizer

#: Frames are seen at this size in place of 1008 pixels: 8 by 8 patches in place of 72 by 72.
PATCH, PATCHES = 14, 8
SIDE = PATCH * PATCHES
#: The tracker splits what it remembers of an object into parts of 64 numbers.
WIDTH, MEMORY, FEEDFORWARD = 128, 64, 64


def transformers_sam3_video(directory: Path) -> str:
    """Writes a video checkpoint; what `referring.detector` and `referring.tracker` say to load it."""
    tokenizer = clip_tokenizer(longest=32)
    layers: dict[str, Any] = {
        "hidden_size": WIDTH,
        "intermediate_size": FEEDFORWARD,
        "num_attention_heads": 2,
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": {
            **layers,
            "model_type": "sam3_vit_model",
            "num_hidden_layers": 2,
            "image_size": SIDE,
            "patch_size": PATCH,
            "pretrain_image_size": SIDE // 2,
            "window_size": 4,
            "global_attn_indexes": [1],
        },
        "fpn_hidden_size": WIDTH,
        "backbone_feature_sizes": [[PATCHES * 4] * 2, [PATCHES * 2] * 2, [PATCHES] * 2],
    }
    detector = {
        "model_type": "sam3",
        "vision_config": vision,
        "text_config": {
            **layers,
            "vocab_size": len(tokenizer),
            "num_hidden_layers": 1,
            "projection_dim": WIDTH,
            "max_position_embeddings": 32,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
        "geometry_encoder_config": {**layers, "num_layers": 1},
        "detr_encoder_config": {**layers, "num_layers": 1},
        "detr_decoder_config": {**layers, "num_layers": 2, "num_queries": 10},
        "mask_decoder_config": {"hidden_size": WIDTH, "num_attention_heads": 2},
    }
    tracker = {
        "model_type": "sam3_tracker_video",
        "image_size": SIDE,
        "vision_config": vision,
        "prompt_encoder_config": {"hidden_size": WIDTH, "image_size": SIDE, "patch_size": PATCH},
        "mask_decoder_config": {
            "hidden_size": WIDTH,
            "num_attention_heads": 2,
            "mlp_dim": FEEDFORWARD,
            "iou_head_hidden_dim": WIDTH,
        },
        "memory_attention_hidden_size": WIDTH,
        "memory_attention_num_layers": 1,
        "memory_attention_feed_forward_hidden_size": FEEDFORWARD,
        "memory_attention_rope_feat_sizes": [PATCHES] * 2,
        "memory_encoder_hidden_size": WIDTH,
        "memory_encoder_output_channels": MEMORY,
        "mask_downsampler_embed_dim": WIDTH,
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": WIDTH,
        "memory_fuser_intermediate_dim": FEEDFORWARD,
    }
    torch.manual_seed(0)
    model = Sam3VideoModel(Sam3VideoConfig(detector_config=detector, tracker_config=tracker))
    _enliven(model)
    model.save_pretrained(directory)
    size = {"height": SIDE, "width": SIDE}
    Sam3VideoProcessor(
        Sam3ImageProcessor(size=size), Sam2VideoVideoProcessor(size=size), tokenizer
    ).save_pretrained(directory)
    return f"transformers:{directory}"


def _enliven(model: Sam3VideoModel) -> None:
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn(weight.shape, generator=noise)
        for weight in model.detector_model.detr_decoder.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=noise)
        # Where an object is, is decided by chance; that it is there is not.
        score_head = model.tracker_model.mask_decoder.pred_obj_score_head
        score_head.proj_out.bias += 10.0
