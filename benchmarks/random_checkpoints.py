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

#: Hidden and intermediate size, layers, heads of queries and of keys; whether embeddings are the head too.
QWEN2_5_VL = {
    "3b": (2048, 11_008, 36, 16, 2, True),
    "7b": (3584, 18_944, 28, 28, 4, False),
}


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
    qwen2_5_vl(folder / "qwen", "7b", device=device)
    with torch.device(device):
        _grounding_dino_base(folder / "dino")
        _sam2_1_large(folder / "sam2")
    return settings


def qwen2_5_vl(directory: Path, size: str, most_weights: int | None = None, device: str = "cuda") -> int:
    """Makes the tiny Qwen2.5-VL in a directory one of the size of 3B or 7B, in 16 bits.

    Args:
        directory: what `tiny_qwen2_5_vl` wrote.
        size: `3b` or `7b`.
        most_weights: the LLM has fewer layers where there would be more weights.
        device: where random weights are drawn.

    Returns:
        The layers of the LLM.
    """
    config: Any = AutoConfig.from_pretrained(directory)
    width, inner, layers, heads, key_heads, is_tied = QWEN2_5_VL[size]
    # Of a layer: queries, keys, values and the output; gate, up and down. Beside them embeddings and vision.
    of_layer = 2 * width * (width + width * key_heads // heads) + 3 * width * inner
    others = (1 if is_tied else 2) * 152_064 * width + 700_000_000
    if most_weights is not None:
        layers = max(1, min(layers, (most_weights - others) // of_layer))
    _update(
        config.text_config,
        vocab_size=152_064,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=128_000,
        max_window_layers=layers,
        initializer_range=0.02,
        tie_word_embeddings=is_tied,
        layer_types=["full_attention"] * layers,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    )
    _update(
        config.vision_config,
        depth=32,
        hidden_size=1280,
        intermediate_size=3420,
        num_heads=16,
        out_hidden_size=width,
        fullatt_block_indexes=[7, 15, 23, 31],
        window_size=112,
    )
    config.tie_word_embeddings = is_tied
    processor: Any = AutoProcessor.from_pretrained(directory)
    generation: Any = AutoModelForImageTextToText.from_pretrained(directory).generation_config
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    model.generation_config = generation
    model.save_pretrained(directory)
    for prepared in (processor.image_processor, processor.video_processor):
        prepared.size = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 1280}
    processor.save_pretrained(directory)
    return layers


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
