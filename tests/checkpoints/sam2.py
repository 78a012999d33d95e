"""SAM 2 with random weights, small enough to follow objects on a CPU.

One set of weights in both forms: as its authors publish them (a `.pt` and a config in YAML), and as
transformers keeps them (a directory). Where an object is, is decided by chance; that it is there is
not: its score's bias is raised.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import torch
import yaml
from transformers import (
    Sam2HieraDetConfig,
    Sam2ImageProcessor,
    Sam2VideoConfig,
    Sam2VideoMaskDecoderConfig,
    Sam2VideoModel,
    Sam2VideoProcessor,
    Sam2VideoPromptEncoderConfig,
    Sam2VideoVideoProcessor,
    Sam2VisionConfig,
)

#: Frames are seen at this size in place of 1024 pixels.
SIDE = 128
WIDTH, FEEDFORWARD = 128, 64
CHANNELS = (16, 32, 64, 128)
BLOCKS, WINDOWS, GLOBAL_BLOCKS = (1, 2, 2, 1), (8, 4, 4, 2), (4,)

#: From the authors' names to those of transformers, each in turn.
_RENAMES = (
    (r"^maskmem_tpos_enc", "memory_temporal_positional_encoding"),
    (r"^no_mem_embed", "no_memory_embedding"),
    (r"^no_mem_pos_enc", "no_memory_positional_encoding"),
    (r"^no_obj_ptr", "no_object_pointer"),
    (r"^no_obj_embed_spatial", "occlusion_spatial_embedding_parameter"),
    (r"^obj_ptr_tpos_proj", "temporal_positional_encoding_projection_layer"),
    (r"^obj_ptr_proj", "object_pointer_proj"),
    (r"^image_encoder\.trunk\.patch_embed\.proj", "vision_encoder.backbone.patch_embed.projection"),
    (r"^image_encoder\.trunk", "vision_encoder.backbone"),
    (r"^image_encoder\.neck\.convs\.(\d)\.conv", r"vision_encoder.neck.convs.\1"),
    (r"^sam_prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix", "SHARED"),
    (r"^sam_prompt_encoder\.mask_downscaling\.0", "prompt_encoder.mask_embed.conv1"),
    (r"^sam_prompt_encoder\.mask_downscaling\.1", "prompt_encoder.mask_embed.layer_norm1"),
    (r"^sam_prompt_encoder\.mask_downscaling\.3", "prompt_encoder.mask_embed.conv2"),
    (r"^sam_prompt_encoder\.mask_downscaling\.4", "prompt_encoder.mask_embed.layer_norm2"),
    (r"^sam_prompt_encoder\.mask_downscaling\.6", "prompt_encoder.mask_embed.conv3"),
    (r"^sam_", ""),
    (r"output_upscaling\.0", "upscale_conv1"),
    (r"output_upscaling\.1", "upscale_layer_norm"),
    (r"output_upscaling\.3", "upscale_conv2"),
    (r"^(object_pointer_proj|.*mlps\.\d|.*_head)\.layers\.0", r"\1.proj_in"),
    (r"^(object_pointer_proj|.*mlps\.\d|.*_head)\.layers\.2", r"\1.proj_out"),
    (r"^(object_pointer_proj|.*mlps\.\d|.*_head)\.layers\.1", r"\1.layers.0"),
    (r"mlp\.layers\.0", "mlp.proj_in"),
    (r"mlp\.layers\.1", "mlp.proj_out"),
    (r"mask_downsampler\.encoder\.12", "mask_downsampler.final_conv"),
    (r"mask_downsampler\.encoder\.(\d+)", lambda found: _downsampler(int(found[1]))),
    (r"memory_encoder\.pix_feat_proj", "memory_encoder.feature_projection"),
    (r"memory_encoder\.out_proj", "memory_encoder.projection"),
    (r"memory_encoder\.fuser", "memory_encoder.memory_fuser"),
    (r"fuser\.layers\.0\.gamma", "fuser.layers.0.scale"),
    (r"dwconv", "depthwise_conv"),
    (r"pwconv", "pointwise_conv"),
    (r"norm_final_attn", "layer_norm_final_attn"),
    (r"\.norm(\d?)\.", r".layer_norm\1."),
    (r"out_proj", "o_proj"),
)


def original_sam2(directory: Path) -> str:
    """Writes the authors' form; what `referring.tracker` says to load it."""
    from motionsight_core.referring._sam2 import _build

    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "tiny.yaml"
    config.write_text(yaml.safe_dump(_tiny_config()), encoding="utf-8")
    torch.manual_seed(0)
    weights = _build(config, torch.device("cpu")).state_dict()
    weights["sam_mask_decoder.pred_obj_score_head.layers.2.bias"] += 10.0
    checkpoint = directory / "tiny.pt"
    torch.save({"model": weights}, checkpoint)
    return f"sam2:{checkpoint}#{config}"


def transformers_sam2(directory: Path, original: Path) -> str:
    """Writes the same weights as transformers keeps them; what `referring.tracker` says to load it."""
    vision = Sam2VisionConfig(
        backbone_config=Sam2HieraDetConfig(
            image_size=[SIDE, SIDE],
            hidden_size=CHANNELS[0],
            embed_dim_per_stage=list(CHANNELS),
            blocks_per_stage=list(BLOCKS),
            num_attention_heads_per_stage=[1, 2, 4, 8],
            window_size_per_stage=list(WINDOWS),
            global_attention_blocks=list(GLOBAL_BLOCKS),
        ),
        backbone_channel_list=list(reversed(CHANNELS)),
        backbone_feature_sizes=[[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        fpn_hidden_size=WIDTH,
    )
    model = Sam2VideoModel(
        Sam2VideoConfig(
            vision_config=vision,
            prompt_encoder_config=Sam2VideoPromptEncoderConfig(hidden_size=WIDTH, image_size=SIDE),
            mask_decoder_config=Sam2VideoMaskDecoderConfig(hidden_size=WIDTH),
            image_size=SIDE,
            memory_attention_hidden_size=WIDTH,
            memory_attention_num_layers=1,
            memory_attention_feed_forward_hidden_size=FEEDFORWARD,
            memory_attention_rope_feat_sizes=[SIDE // 16] * 2,
            memory_encoder_hidden_size=WIDTH,
            mask_downsampler_embed_dim=WIDTH,
            memory_fuser_num_layers=1,
            memory_fuser_embed_dim=WIDTH,
            memory_fuser_intermediate_dim=4 * WIDTH,
        )
    )
    missing, unexpected = model.load_state_dict(_renamed(torch.load(original)["model"]), strict=False)
    assert not missing, missing
    assert not unexpected, unexpected
    model.save_pretrained(directory)
    size = {"height": SIDE, "width": SIDE}
    Sam2VideoProcessor(
        image_processor=Sam2ImageProcessor(size=size), video_processor=Sam2VideoVideoProcessor(size=size)
    ).save_pretrained(directory)
    return f"transformers:{directory}"


def _tiny_config() -> dict[str, object]:
    """The authors' config of SAM 2.1 tiny, made smaller."""
    spec = find_spec("sam2")
    assert spec is not None and spec.submodule_search_locations
    shipped = Path(spec.submodule_search_locations[0], "configs/sam2.1/sam2.1_hiera_t.yaml")
    config = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    model = config["model"]
    model["image_size"] = SIDE
    model["image_encoder"]["trunk"].update(
        embed_dim=CHANNELS[0],
        stages=list(BLOCKS),
        global_att_blocks=list(GLOBAL_BLOCKS),
        window_spec=list(WINDOWS),
    )
    neck = model["image_encoder"]["neck"]
    neck.update(d_model=WIDTH, backbone_channel_list=list(reversed(CHANNELS)))
    neck["position_encoding"]["num_pos_feats"] = WIDTH
    attention = model["memory_attention"]
    attention.update(d_model=WIDTH, num_layers=1)
    attention["layer"].update(d_model=WIDTH, dim_feedforward=FEEDFORWARD)
    for part in ("self_attention", "cross_attention"):
        attention["layer"][part].update(embedding_dim=WIDTH, feat_sizes=[SIDE // 16] * 2)
    encoder = model["memory_encoder"]
    encoder["in_dim"] = WIDTH
    encoder["mask_downsampler"]["embed_dim"] = WIDTH
    encoder["fuser"]["num_layers"] = 1
    encoder["fuser"]["layer"]["dim"] = WIDTH
    return config


def _renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed: dict[str, torch.Tensor] = {}
    points: list[torch.Tensor] = []
    for name, weight in weights.items():
        if "point_embeddings" in name:
            points.append(weight)
            continue
        for pattern, replacement in _RENAMES:
            name = re.sub(pattern, replacement, name)
        renamed[name] = weight
    renamed["prompt_encoder.point_embed.weight"] = torch.cat(points)
    positions = renamed.pop("SHARED")
    for owner in ("prompt_encoder.shared_embedding", "shared_image_embedding"):
        renamed[f"{owner}.positional_embedding"] = positions
    return renamed


def _downsampler(number: int) -> str:
    return f"mask_downsampler.layers.{number // 3}.{'layer_norm' if number % 3 else 'conv'}"
