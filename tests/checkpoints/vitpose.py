"""A tiny ViTPose with random weights, written as its authors' checkpoints are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    VitPoseBackboneConfig,
    VitPoseConfig,
    VitPoseForPoseEstimation,
    VitPoseImageProcessor,
)


def tiny_vitpose(
    directory: Path,
    *,
    edges: list[list[int]] | None = None,
    keypoints: int = 17,
    experts: int = 1,
) -> Path:
    """Crops of 64x48, `keypoints` heatmaps of 16x12 whose best scores lie well above 0.3 and below 1.

    Args:
        edges: the skeleton, written into the configuration as the published checkpoints do.
        experts: more than one makes it a ViTPose++.
    """
    torch.manual_seed(0)
    # As keyword dictionaries: the configurations' signatures leave out what every one of them takes.
    backbone: dict[str, Any] = {
        "image_size": [64, 48],
        "patch_size": [16, 16],
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "mlp_ratio": 2,
        "num_experts": experts,
        "part_features": 8,
        "out_indices": [2],
    }
    head: dict[str, Any] = {"num_labels": keypoints} | ({"edges": edges} if edges else {})
    config = VitPoseConfig(backbone_config=VitPoseBackboneConfig(**backbone), **head)
    model = VitPoseForPoseEstimation(config)
    with torch.no_grad():
        # Random maps of small values around a score that a threshold can be set below and above.
        model.head.conv.weight.mul_(0.5)
        assert model.head.conv.bias is not None
        model.head.conv.bias.fill_(0.6)
    model.save_pretrained(directory)
    VitPoseImageProcessor(size={"height": 64, "width": 48}).save_pretrained(directory)
    return directory
