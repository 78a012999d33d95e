"""FSDP2, run by two processes on a CPU: shards train the model that one process trains."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForImageTextToText

from motionsight_core.training import Stage, train
from motionsight_core.training.sharding import sharded_arguments
from tests.core.training.clips import decoded_once, settings
from tests.core.training.weights import are_equal
from tests.documented import ROOT
from tests.warm import environment


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl", "internvl"])
def test_layers_of_llm_and_vision_tower_are_shards(checkpoint: Callable[[str], Path], family: str) -> None:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint(family))

    named = sharded_arguments(settings().training, model)["fsdp_config"]["transformer_layer_cls_to_wrap"]

    layers = [name for name, module in model.named_modules() if type(module).__name__ in named]
    # Two of each; accelerate refuses the name of a class that is not in the model.
    assert len(layers) == 4
    assert {type(model.get_submodule(layer)).__name__ for layer in layers} == set(named)


@pytest.mark.long
@pytest.mark.parametrize(
    ("stage", "training"), [("sft", {}), ("dpo", {}), ("sft", {"video_tokens": "events", "events": 1})]
)
def test_two_shards_have_the_losses_of_one_process_and_resume_to_the_bit(
    stage: Stage, training: dict[str, Any], checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    model = str(checkpoint("qwen2_5_vl"))
    chosen = settings(max_steps=4, batch=4, batch_per_device=1, **training)
    alone = train(
        stage, data, model=model, out=tmp_path / "alone", settings=chosen, frames=decoded_once(data, chosen)
    )

    losses = in_shards(data, model, tmp_path / "shards", stage, **training)

    assert losses == pytest.approx([loss for _, loss in alone.losses], rel=1e-4)

    resumed = shutil.copytree(tmp_path / "shards", tmp_path / "resumed")
    shutil.rmtree(resumed / "checkpoints" / "checkpoint-4")
    state = json.loads((resumed / "training.json").read_text())
    (resumed / "training.json").write_text(json.dumps(state | {"finished": False}))
    (resumed / "model.safetensors").unlink()
    assert in_shards(data, model, resumed, stage, **training) == losses
    assert are_equal(resumed, tmp_path / "shards")


@pytest.mark.long
def test_shards_round_to_16_bits_no_more_than_one_process(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    """The DPO loss is made of sums of log-probabilities: rounded themselves, they would miss it by tenths."""
    model = str(checkpoint("qwen2_5_vl"))
    chosen = settings(max_steps=4, batch=4, batch_per_device=1, precision="bfloat16")
    alone = train(
        "dpo", data, model=model, out=tmp_path / "alone", settings=chosen, frames=decoded_once(data, chosen)
    )

    losses = in_shards(data, model, tmp_path / "shards", "dpo", precision="bfloat16")

    assert losses == pytest.approx([loss for _, loss in alone.losses], rel=0.05)


def in_shards(data: Path, model: str, out: Path, stage: Stage, **training: Any) -> list[float]:
    named = [str(data), model, str(out), stage, json.dumps({"precision": "float32"} | training)]
    program = ["-m", "tests.core.training.sharded_on_cpu", *named]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, *program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
