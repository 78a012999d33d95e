"""The compressors of video tokens: what they write, what they are made of, what they start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.counts import count
from motionsight_core.compressors.methods import METHODS
from motionsight_core.compressors.no_fusion import NoFusion
from motionsight_core.compressors.pre_encoder import PreEncoder
from motionsight_core.compressors.qformer import QFormer
from motionsight_core.compressors.te_fusion import TeFusion

# What needs it imports transformers' SigLIP: that takes seconds, also where none of these tests are run.
if TYPE_CHECKING:
    from transformers import SiglipVisionModel

OUT = 24
FRAMES = 16
FUSING = [name for name in METHODS if name != "none"]
RATIOS = (2, 4, 8, 16)
#: Sums in another order differ in the last bits of float32.
CLOSE = 1e-5


def tower(image_size: int = 32) -> SiglipVisionModel:
    from transformers import SiglipVisionConfig, SiglipVisionModel

    config = SiglipVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=image_size,
        patch_size=8,
        vision_use_head=False,
    )
    return SiglipVisionModel(config).eval()


def compressor(name: str, k: int, *, model: nn.Module | None = None) -> Compressor:
    model = model or tower()
    if name != "qformer":
        return METHODS[name](model, k=k, out=OUT)
    from transformers import Blip2QFormerConfig

    small = Blip2QFormerConfig(
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        encoder_hidden_size=16,
    )
    return QFormer(model, k=k, out=OUT, config=small).eval()


def clips(frames: int = FRAMES) -> Tensor:
    return torch.rand(2, frames, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_without_fusion_every_frame_has_tokens_of_its_own() -> None:
    assert compressor("none", 1)(clips()).shape == (2, 16, 4, OUT)


@pytest.mark.parametrize("k", RATIOS)
@pytest.mark.parametrize("name", FUSING)
def test_k_frames_become_the_tokens_of_one_and_every_part_learns(name: str, k: int) -> None:
    model = compressor(name, k)
    tokens = model(clips())
    assert tokens.shape == (2, FRAMES // k, 4, OUT)
    (tokens * torch.randn(tokens.shape)).sum().backward()
    still = [
        key
        for key, value in model.named_parameters()
        # The softmax of attention does not change with a constant in all of its keys.
        if not key.endswith(("k_proj.bias", "key.bias"))
        and (value.grad is None or not value.grad.abs().sum().item() > 0)
    ]
    assert still == []


@pytest.mark.parametrize("name", FUSING)
def test_a_group_of_frames_hears_nothing_of_other_groups(name: str) -> None:
    model, frames = compressor(name, 4), clips()
    before = model(frames)
    frames[:, 5] += 1
    changed = (model(frames) - before).abs().amax((0, 2, 3)) > CLOSE
    assert changed.tolist() == [False, True, False, False]


def backwards(frames: Tensor) -> Tensor:
    """Each group of four in reverse."""
    return frames.unflatten(1, (-1, 4)).flip(2).flatten(1, 2)


@pytest.mark.parametrize("name", [name for name in FUSING if name != "pllava"])
def test_the_order_of_frames_can_be_learned(name: str) -> None:
    torch.manual_seed(0)
    model = compressor(name, 4)
    with torch.no_grad():
        for value in model.parameters():
            value += 0.3 * torch.randn_like(value)
    assert (model(clips()) - model(backwards(clips()))).abs().max() > 1e-3


def test_pooling_does_not_see_the_order_of_frames() -> None:
    model = compressor("pllava", 4)
    assert torch.allclose(model(clips()), model(backwards(clips())), atol=CLOSE)


@pytest.mark.parametrize("name", ["te", "qwen2-vl"])
def test_before_training_the_order_of_frames_makes_no_difference(name: str) -> None:
    """It starts as the mean over the frames."""
    model = compressor(name, 4)
    assert torch.allclose(model(clips()), model(backwards(clips())), atol=CLOSE)


def test_te_fusion_of_one_frame_equals_no_fusion() -> None:
    image, fused = compressor("none", 1), compressor("te", 1)
    fused.load_state_dict(image.state_dict())
    assert torch.equal(fused(clips()), image(clips()))


@pytest.mark.parametrize("k", RATIOS)
def test_te_fusion_of_a_still_starts_as_the_tokens_of_one_frame(k: int) -> None:
    model = tower()
    image, fused = NoFusion(model, out=OUT), TeFusion(model, k=k, out=OUT)
    with torch.no_grad():
        fused.downsample.project = image.downsample.project
        fused.downsample.merge.bias = image.downsample.merge.bias
        fused.downsample.merge.weight.copy_(image.downsample.merge.weight.expand(-1, -1, k, -1, -1) / k)
    still = clips(1).expand(-1, k, -1, -1, -1)
    assert torch.allclose(fused(still), image(clips(1)), atol=CLOSE)


def test_a_pretrained_tower_is_taken_over_exactly(tmp_path: Path) -> None:
    from transformers import SiglipVisionModel

    saved = tower()
    saved.save_pretrained(tmp_path)
    loaded = SiglipVisionModel.from_pretrained(tmp_path)
    taken = dict(TeFusion(loaded, k=4, out=OUT).tower.named_parameters())
    expected = {key.removeprefix("embeddings."): value for key, value in saved.named_parameters()}
    assert taken.keys() == expected.keys()
    assert all(torch.equal(taken[key], value) for key, value in expected.items())


def test_the_features_of_the_tower_are_those_of_transformers() -> None:
    model = tower()
    pixels = clips().flatten(0, 1)
    features = NoFusion(model, out=OUT).encode_apart(pixels.unsqueeze(1)).flatten(1, 3)
    assert torch.allclose(features, model(pixels).last_hidden_state, atol=CLOSE)


def test_the_vision_model_of_a_whole_siglip_is_a_tower() -> None:
    from transformers import SiglipConfig, SiglipModel

    config = SiglipConfig(
        text_config={
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "vocab_size": 8,
        },
        vision_config=tower().config.to_dict(),
    )
    assert NoFusion(SiglipModel(config).vision_model, out=OUT)(clips(1)).shape == (2, 1, 4, OUT)


def test_pre_encoder_fusion_starts_as_the_tower_on_the_mean_frame() -> None:
    model = tower()
    own = model.embeddings.patch_embedding
    fused = PreEncoder(model, k=4, out=OUT)
    embedded = fused.tower.embed(clips().unflatten(1, (4, 4)).flatten(0, 1).flatten(1, 2))
    expected = model.embeddings(clips().unflatten(1, (4, 4)).mean(2).flatten(0, 1))
    assert torch.allclose(embedded, expected, atol=CLOSE)
    assert model.embeddings.patch_embedding is own


@pytest.mark.parametrize("name", FUSING)
def test_tokens_parameters_and_operations_are_counted(name: str) -> None:
    with torch.device("meta"):
        small, large = (count(compressor(name, k), FRAMES) for k in (2, 8))
        none = count(compressor("none", 1), FRAMES)
    assert (none.tokens, small.tokens, large.tokens) == (64, 32, 8)
    if name == "te":
        assert none.flops < small.flops < large.flops  # attention grows with the square of the group
    if name == "qwen2-vl":
        assert large.flops < small.flops < none.flops  # the encoder runs once a group
    if name == "pllava":
        assert small == large.__class__(32, none.parameters, none.flops)


def test_operations_are_those_of_the_formulas() -> None:
    """A linear layer does two operations for each weight and position, attention 4 S^2 D a layer."""
    model = compressor("te", 4)
    groups, length, width, layers = FRAMES // 4, 4 * 16, 16, 2
    patches = 2 * FRAMES * 16 * width * 3 * 8 * 8
    linear = 2 * groups * length * layers * (4 * width**2 + 2 * width * 32)
    attention = 4 * groups * length**2 * width * layers
    merged = 2 * groups * 4 * (OUT * width * 4 * 2 * 2 + 2 * OUT**2)
    assert count(model, FRAMES).flops == patches + linear + attention + merged


def test_what_does_not_fit_is_said() -> None:
    from transformers import Blip2QFormerConfig

    with pytest.raises(TypeError, match=r"needs a SiglipVisionModel of transformers, not a Linear"):
        NoFusion(nn.Linear(1, 1), out=OUT)
    with pytest.raises(ValueError, match=r"has 3 patches a side"):
        NoFusion(tower(24), out=OUT)
    with pytest.raises(ValueError, match=r"k is 0"):
        TeFusion(tower(), k=0, out=OUT)
    with pytest.raises(ValueError, match=r"Without fusion k is 1, not 4"):
        NoFusion(tower(), k=4, out=OUT)
    with pytest.raises(ValueError, match=r"6 frames do not make groups of 4"):
        compressor("te", 4)(clips(6))
    with pytest.raises(ValueError, match=r"give \[clips, frames, 3, 32, 32\]"):
        compressor("te", 4)(clips()[..., :16])
    with pytest.raises(ValueError, match=r"set encoder_hidden_size=16"):
        QFormer(tower(), k=4, out=OUT, config=Blip2QFormerConfig(encoder_hidden_size=8))
