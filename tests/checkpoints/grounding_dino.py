"""GroundingDINO with random weights: a Swin-T, and a transformer of two layers.

One set of weights in both forms: as its authors publish them (a `.pth` and a config in Python), and
as transformers keeps them (a directory). The authors' code knows no backbone smaller than
Swin-T, and no other width than 256.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertTokenizer,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    SwinConfig,
)

WORDS = ("dog", "red", "blue", "car", "a", "man", "ball", "skate", "##board", "##er")
WIDTH, HEADS, FEEDFORWARD, QUERIES, ENCODERS, DECODERS = 256, 8, 64, 20, 1, 2
TEXT_WIDTH = 32
#: Frames are seen at this size in place of 800 and 1333 pixels.
SHORTER_SIDE, LONGER_SIDE = 96, 160

#: From the authors' names to those of transformers, first match each.
_RENAMES = (
    (r"^backbone\.0\.patch_embed\.proj", r"SWIN.embeddings.patch_embeddings.projection"),
    (r"^backbone\.0\.patch_embed\.norm", r"SWIN.embeddings.norm"),
    (
        r"^backbone\.0\.layers\.(.*)attn\.relative_position_bias_table",
        r"SWIN.encoder.layers.\1attention.BIAS",
    ),
    (r"^backbone\.0\.layers\.(.*)attn\.proj", r"SWIN.encoder.layers.\1attention.o_proj"),
    (r"^backbone\.0\.layers\.(.*)attn\.([qkv])\.", r"SWIN.encoder.layers.\1attention.\2_proj."),
    (r"^backbone\.0\.layers\.(.*)\.norm1", r"SWIN.encoder.layers.\1.layernorm_before"),
    (r"^backbone\.0\.layers\.(.*)\.norm2", r"SWIN.encoder.layers.\1.layernorm_after"),
    (r"^backbone\.0\.layers", r"SWIN.encoder.layers"),
    (r"^backbone\.0\.norm1", r"BACKBONE.hidden_states_norms.stage2"),
    (r"^backbone\.0\.norm2", r"BACKBONE.hidden_states_norms.stage3"),
    (r"^backbone\.0\.norm3", r"BACKBONE.hidden_states_norms.stage4"),
    (r"^input_proj", r"model.input_proj_vision"),
    (r"^bert", r"model.text_backbone"),
    (r"^feat_map", r"model.text_projection"),
    (r"^transformer\.level_embed", r"model.level_embed"),
    (r"^transformer\.tgt_embed", r"model.query_position_embeddings"),
    (r"^transformer\.enc_out_bbox_embed", r"model.encoder_output_bbox_embed"),
    (r"^transformer\.enc_output", r"model.enc_output"),
    (r"^transformer\.encoder\.text_layers\.(\d+)", r"model.encoder.layers.\1.text_enhancer_layer"),
    (r"^transformer\.encoder\.fusion_layers\.(\d+)", r"model.encoder.layers.\1.fusion_layer"),
    (r"^transformer\.encoder\.layers\.(\d+)", r"model.encoder.layers.\1.deformable_layer"),
    (r"^transformer\.decoder\.ref_point_head", r"model.decoder.reference_points_head"),
    (r"^transformer\.decoder\.norm\.", r"model.decoder.layer_norm."),
    (r"^transformer\.decoder", r"model.decoder"),
)
#: Inside a layer, by what the layer is.
_PARTS = {
    "text_enhancer_layer": {
        "norm1": "layer_norm_before",
        "norm2": "layer_norm_after",
        "linear1": "fc1",
        "linear2": "fc2",
    },
    "fusion_layer": {
        "gamma_v": "vision_param",
        "gamma_l": "text_param",
        "layer_norm_v": "layer_norm_vision",
        "layer_norm_l": "layer_norm_text",
        "v_proj": "vision_proj",
        "l_proj": "text_proj",
        "values_v_proj": "values_vision_proj",
        "values_l_proj": "values_text_proj",
        "out_v_proj": "out_vision_proj",
        "out_l_proj": "out_text_proj",
    },
    "deformable_layer": {
        "norm1": "self_attn_layer_norm",
        "norm2": "final_layer_norm",
        "linear1": "fc1",
        "linear2": "fc2",
    },
    "decoder.layers": {
        "norm1": "encoder_attn_layer_norm",
        "norm2": "self_attn_layer_norm",
        "norm3": "final_layer_norm",
        "linear1": "fc1",
        "linear2": "fc2",
        "cross_attn": "encoder_attn",
        "ca_text": "encoder_attn_text",
        "catext_norm": "encoder_attn_text_layer_norm",
    },
}


def original_grounding_dino(directory: Path) -> str:
    """Writes the authors' form; what `referring.detector` says to load it."""
    from motionsight_core.referring._groundingdino_py import _build, _options

    directory.mkdir(parents=True, exist_ok=True)

    text_encoder = _text_encoder(directory / "bert")
    config = directory / "tiny_config.py"
    config.write_text(_shipped_config() + _tiny_options(text_encoder), encoding="utf-8")
    torch.manual_seed(0)
    weights = _build(_options(config)).state_dict()
    checkpoint = directory / "tiny.pth"
    # As published: behind the prefix of parallel training, with a weight that only training needs.
    prefixed = {f"module.{name}": weight for name, weight in _lively(weights).items()}
    torch.save({"model": {**prefixed, "module.label_enc.weight": torch.zeros(3, WIDTH)}}, checkpoint)
    return f"groundingdino:{checkpoint}#{config}"


def transformers_grounding_dino(directory: Path, original: Path) -> str:
    """Writes the same weights as transformers keeps them; what `referring.detector` says to load it."""
    tokenizer = BertTokenizer.from_pretrained(original.parent / "bert")
    last_stages: dict[str, Any] = {"out_indices": [2, 3, 4]}
    model = GroundingDinoForObjectDetection(
        GroundingDinoConfig(
            backbone_config=SwinConfig(
                image_size=224,
                embed_dim=96,
                depths=[2, 2, 6, 2],
                num_heads=[3, 6, 12, 24],
                window_size=7,
                **last_stages,
            ),
            text_config=_bert(len(tokenizer)),
            d_model=WIDTH,
            encoder_layers=ENCODERS,
            decoder_layers=DECODERS,
            encoder_attention_heads=HEADS,
            decoder_attention_heads=HEADS,
            encoder_ffn_dim=FEEDFORWARD,
            decoder_ffn_dim=FEEDFORWARD,
            num_queries=QUERIES,
        )
    )
    missing, unexpected = model.load_state_dict(_renamed(torch.load(original)["model"]), strict=False)
    assert not unexpected, unexpected
    # The norm behind Swin's last stage, whose output no detector reads.
    assert all(".swin.layernorm." in name for name in missing), missing
    model.save_pretrained(directory)
    images = GroundingDinoImageProcessor(size={"shortest_edge": SHORTER_SIDE, "longest_edge": LONGER_SIDE})
    GroundingDinoProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(directory)
    return f"transformers:{directory}"


def _text_encoder(directory: Path) -> Path:
    """Configuration and tokenizer of a BERT of two layers; the detector fixes the ids of four tokens."""
    tokens = [f"[unused{number}]" for number in range(1100)]
    for token, number in (("[PAD]", 0), ("[UNK]", 100), ("[CLS]", 101), ("[SEP]", 102), ("[MASK]", 103)):
        tokens[number] = token
    tokens[1012], tokens[1029] = ".", "?"
    tokens += WORDS
    vocabulary = {token: number for number, token in enumerate(tokens)}
    BertTokenizer(vocab=vocabulary, do_lower_case=True).save_pretrained(directory)
    _bert(len(tokens)).save_pretrained(directory)
    return directory


def _bert(vocabulary: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=FEEDFORWARD,
        max_position_embeddings=512,
    )


def _shipped_config() -> str:
    spec = find_spec("groundingdino")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], "config/GroundingDINO_SwinT_OGC.py").read_text()


def _tiny_options(text_encoder: Path) -> str:
    options: dict[str, Any] = {
        "text_encoder_type": str(text_encoder),
        "hidden_dim": WIDTH,
        "nheads": HEADS,
        "enc_layers": ENCODERS,
        "dec_layers": DECODERS,
        "dim_feedforward": FEEDFORWARD,
        "num_queries": QUERIES,
    }
    return "".join(f"{name} = {value!r}\n" for name, value in options.items())


def _lively(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights whose boxes and scores differ from query to query; fresh ones all say the same."""
    noise = torch.Generator().manual_seed(1)
    lively: dict[int, torch.Tensor] = {}  # by place in memory: layers share their heads
    for name, weight in weights.items():
        strength = 0.02 if name.startswith(("transformer", "bbox_embed", "feat_map", "bert")) else 0.0
        if weight.is_floating_point() and weight.data_ptr() not in lively:
            lively[weight.data_ptr()] = weight + strength * torch.randn(weight.shape, generator=noise)
    # Scores are products of 256 numbers, all near 0 or 1 unless one side is small.
    for name in ("weight", "bias"):
        lively[weights[f"transformer.encoder.text_layers.0.norm2.{name}"].data_ptr()] *= 0.05
    return {name: lively.get(weight.data_ptr(), weight) for name, weight in weights.items()}


def _renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed: dict[str, torch.Tensor] = {}
    for name, weight in weights.items():
        bare = name.removeprefix("module.")
        if "relative_position_index" in bare or bare.startswith(("label_enc", "bert.pooler")):
            continue
        for part, tensor in _apart(bare, weight):
            renamed[_transformers_name(part)] = tensor
    return renamed


def _apart(name: str, weight: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
    """Queries, keys and values, which the authors keep in one matrix."""
    for together, names in (("in_proj_", ("query.", "key.", "value.")), ("qkv.", ("q.", "k.", "v."))):
        if together in name:
            return [
                (name.replace(together, own), part) for own, part in zip(names, weight.chunk(3), strict=True)
            ]
    return [(name, weight)]


def _transformers_name(name: str) -> str:
    for pattern, replacement in _RENAMES:
        name, count = re.subn(pattern, replacement, name)
        if count:
            break
    for layer, parts in _PARTS.items():
        if layer in name:
            name = ".".join(parts.get(word, word) for word in name.split("."))
            break
    name = name.replace("SWIN", "BACKBONE.swin").replace("BACKBONE", "model.backbone.conv_encoder.model")
    return name.replace(".BIAS", ".relative_position_bias.relative_position_bias_table")
