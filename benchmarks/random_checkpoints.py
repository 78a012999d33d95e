"""Checkpoints with random weights in the sizes that the paper uses, or in sizes for a CPU.

Time and memory of a model do not depend on what its weights say. Tokenizers are tiny: they cut text
into about three times as many tokens as the real ones, which a few hundred words do not make felt
beside thousands of tokens of frames.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    AutoModelForZeroShotObjectDetection,
    AutoProcessor,
    BertConfig,
    GroundingDinoConfig,
    Sam2HieraDetConfig,
    Sam2VideoConfig,
    Sam2VideoModel,
    Sam2VideoProcessor,
    Sam2VisionConfig,
    SwinConfig,
)

from tests.checkpoints.grounding_dino import original_grounding_dino, transformers_grounding_dino
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.checkpoints.sam2 import original_sam2, transformers_sam2


def tiny(folder: Path) -> list[str]:
    """Settings that name an MLLM, a detector and a tracker small enough for a CPU."""
    dino = original_grounding_dino(_made(folder / "dino-original"))
    sam = original_sam2(_made(folder / "sam2-original"))
    return [
        f"annotator=transformers:{tiny_qwen2_5_vl(folder / 'qwen')}",
        f"referring.detector={transformers_grounding_dino(folder / 'dino', _file(dino))}",
        f"referring.tracker={transformers_sam2(folder / 'sam2', _file(sam))}",
    ]


def real(folder: Path, device: str = "cuda") -> list[str]:
    """Settings that name Qwen2.5-VL-7B, GroundingDINO base and SAM 2.1 large: 17 GB of weights."""
    settings = tiny(folder)
    with torch.device(device):
        _qwen2_5_vl_7b(folder / "qwen")
        _grounding_dino_base(folder / "dino")
        _sam2_1_large(folder / "sam2")
    return settings


def _qwen2_5_vl_7b(directory: Path) -> None:
    config: Any = AutoConfig.from_pretrained(directory)
    _update(
        config.text_config,
        vocab_size=152_064,
        hidden_size=3584,
        intermediate_size=18_944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=4,
        max_position_embeddings=128_000,
        max_window_layers=28,
        initializer_range=0.02,
        layer_types=["full_attention"] * 28,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    )
    _update(
        config.vision_config,
        depth=32,
        hidden_size=1280,
        intermediate_size=3420,
        num_heads=16,
        out_hidden_size=3584,
        fullatt_block_indexes=[7, 15, 23, 31],
        window_size=112,
    )
    processor: Any = AutoProcessor.from_pretrained(directory)
    generation: Any = AutoModelForImageTextToText.from_pretrained(directory).generation_config
    model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    model.generation_config = generation
    model.save_pretrained(directory)
    processor.image_processor.size = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 1280}
    processor.save_pretrained(directory)


def _grounding_dino_base(directory: Path) -> None:
    tokens: int = AutoConfig.from_pretrained(directory).text_config.vocab_size
    swin: Any = SwinConfig  # whose annotations do not know every argument
    config = GroundingDinoConfig(
        backbone_config=swin(
            image_size=384,
            embed_dim=128,
            depths=[2, 2, 18, 2],
            num_heads=[4, 8, 16, 32],
            window_size=12,
            out_indices=[2, 3, 4],
        ),
        text_config=BertConfig(vocab_size=tokens),
    )
    processor: Any = AutoProcessor.from_pretrained(directory)
    AutoModelForZeroShotObjectDetection.from_config(config).save_pretrained(directory)
    processor.image_processor.size = {"shortest_edge": 800, "longest_edge": 1333}
    processor.save_pretrained(directory)


def _sam2_1_large(directory: Path) -> None:
    backbone = Sam2HieraDetConfig(
        hidden_size=144,
        blocks_per_stage=[2, 6, 36, 4],
        embed_dim_per_stage=[144, 288, 576, 1152],
        num_attention_heads_per_stage=[2, 4, 8, 16],
        window_size_per_stage=[8, 4, 16, 8],
        global_attention_blocks=[23, 33, 43],
        window_positional_embedding_background_size=[7, 7],
    )
    vision = Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=[1152, 576, 288, 144])
    processor = Sam2VideoProcessor.from_pretrained(directory)
    Sam2VideoModel(Sam2VideoConfig(vision_config=vision)).save_pretrained(directory)
    side = {"height": 1024, "width": 1024}
    processor.image_processor.size = side
    processor.video_processor.size = side
    processor.image_processor.mask_size = {"height": 256, "width": 256}
    processor.target_size = 1024
    processor.save_pretrained(directory)


def _update(config: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(config, name, value)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _file(named: str) -> Path:
    """The checkpoint in `kind:CHECKPOINT#CONFIG`."""
    return Path(named.partition(":")[2].rpartition("#")[0])
