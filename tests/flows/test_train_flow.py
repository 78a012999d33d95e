"""The flow `train_model` on a Prefect server, with a tiny model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.runs.train import SECTIONS, variables_of
from motionsight_core.settings import Settings
from motionsight_core.training.losses import LossFile
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.training.clips import settings, write_data
from tests.plugin.serving import Server, descendants, until

pytestmark = pytest.mark.usefixtures("prefect_api")

STEPS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("training") / "data", count=4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_qwen2_5_vl(tmp_path_factory.mktemp("model"))


def parameters(data: Path, model: Path, out: Path, **training: Any) -> dict[str, Any]:
    chosen = settings(**training).model_dump(mode="json", exclude_unset=True)
    return {"stage": "sft", "folder": str(data), "model": str(model), "out": str(out), "settings": chosen}


@pytest.mark.timeout(600)
def test_a_cancelled_run_leaves_no_process_and_the_next_one_goes_on_and_shows_its_losses(
    data: Path, model: Path, tmp_path: Path, prefect_server: Server
) -> None:
    from flows.train_model import train_model

    out = tmp_path / "out"
    chosen = parameters(data, model, out, max_steps=STEPS, batch=2, batch_per_device=2, save_every=2)
    program = "import json, sys, flows.train_model as f; f.train_model(**json.loads(sys.argv[1]))"
    run = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(chosen)], env=prefect_server.environment
    )
    until(lambda: list((out / "checkpoints").glob("checkpoint-*/trainer_state.json")), alive=run)
    begun = descendants(run.pid)
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    assert begun
    until(lambda: not [pid for pid in begun if Path(f"/proc/{pid}").exists()])
    stopped_at = LossFile(out).read()[-1]["step"]
    assert stopped_at < STEPS

    assert train_model(**chosen) == str(out)

    assert (out / "model.safetensors").exists()
    assert [line["step"] for line in LossFile(out).read()] == list(range(1, STEPS + 1))


def test_what_the_child_is_given_in_its_environment_is_the_runs_settings() -> None:
    chosen = Settings.model_validate(
        {
            "training": {"max_steps": 3, "lora": True, "learning_rate": 3e-5, "precision": "bfloat16"},
            "sampling": {"max_pixels": 4096, "fps": 2.5},
            "stores": {"cache_dir": "/data/cache"},
            "runtime": {"device": "cpu"},
        }
    )

    read = Settings.load(environment=variables_of(chosen))

    assert read.model_dump(include=set(SECTIONS)) == chosen.model_dump(include=set(SECTIONS))
