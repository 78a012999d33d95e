"""Mixed precision: a model learns in bfloat16, and is written in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

from motionsight_core.training import Trained, train
from tests.core.training.clips import decoded_once, settings
from tests.core.training.weights import weights

pytestmark = pytest.mark.long

#: Adapters of a rank that is small beside the layers of the tiny model.
LORA: dict[str, Any] = {"lora": True, "lora_rank": 8, "lora_alpha": 16, "learning_rate": 2e-2}


@pytest.fixture(scope="module", params=[pytest.param({}, id="all"), pytest.param(LORA, id="lora")])
def trained(
    request: pytest.FixtureRequest,
    checkpoint: Callable[[str], Path],
    data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    """A tiny model after SFT in bfloat16, of all weights or of adapters on weights in 16 bits."""
    knobs = {"learning_rate": 6e-3, "vision_learning_rate": 6e-3} | request.param
    chosen = settings(precision="bfloat16", max_steps=60, batch=8, batch_per_device=8, **knobs)
    return train(
        "sft",
        data,
        model=str(checkpoint("qwen2_5_vl")),
        out=tmp_path_factory.mktemp("bfloat16") / "out",
        settings=chosen,
        frames=decoded_once(data, chosen),
    )


def test_the_loss_falls_below_a_fifth(trained: Trained) -> None:
    (_, first), *_, (_, last) = trained.losses

    assert last < first / 5


def test_weights_are_written_in_16_bits_and_load(trained: Trained) -> None:
    written = weights(trained.out)

    assert {weight.dtype for weight in written.values()} == {torch.bfloat16}
    model = AutoModelForImageTextToText.from_pretrained(trained.out)
    assert model.dtype == torch.bfloat16
    assert torch.equal(model.lm_head.weight, written["lm_head.weight"])
