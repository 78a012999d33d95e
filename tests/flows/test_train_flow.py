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
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, ArtifactFilterType
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from flows.operate.artifacts import plain
from flows.operate.training_artifacts import LOSSES_KEY, SAMPLES_KEY
from flows.runs.train import SECTIONS, failure, variables_of
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.training.losses import LossFile
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.training.clips import ANSWERS, settings, write_data
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


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_cancelled_run_leaves_no_process_and_the_next_one_goes_on_and_shows_its_losses(
    data: Path, model: Path, tmp_path: Path, prefect_server: Server
) -> None:
    from flows.train_model import train_model

    out = tmp_path / "out"
    chosen = parameters(
        data, model, out, max_steps=STEPS, batch=2, batch_per_device=2, save_every=2, samples=1
    )
    chosen["settings"]["mllm"] = {"max_new_tokens": 12}
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
    losses = latest(key=ArtifactFilterKey(any_=[LOSSES_KEY]))
    assert f"Step {STEPS} of {STEPS}: loss " in str(losses.description)
    assert "](data:image/svg+xml;base64," in str(losses.data)
    assert f"| {STEPS} | {LossFile(out).read()[-1]['loss']:.4g} |" in str(losses.data)
    samples = latest(key=ArtifactFilterKey(any_=[SAMPLES_KEY]))
    assert samples.description == "1 question of the split train, answered before and after training"
    assert f"reference: {plain(ANSWERS[0])}" in str(samples.data)
    progress = latest(type=ArtifactFilterType(any_=["progress"]))
    assert progress.data == 100.0
    assert "20 of 20 steps" in str(progress.description) or "from step" in str(progress.description)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_several_processes_refuse_together_with_the_sentence_of_one(
    data: Path, model: Path, tmp_path: Path
) -> None:
    from flows.train_model import train_model

    chosen = parameters(data, model, tmp_path / "out", batch=3, batch_per_device=3)

    with pytest.raises(UsageError, match=r"training\.batch is 3, which is no multiple of the 6 examples"):
        train_model(**chosen, processes=2)


@pytest.mark.parametrize(
    ("code", "complained", "kind", "said"),
    [
        (1, ["Step 1", "motionsight: media/a.mp4 cannot be decoded."], RunError, "media/a.mp4 cannot be"),
        (2, ["motionsight: There is no such model."], UsageError, "There is no such model."),
        (137, ["Loading"], RunError, "ended by signal 9 (9 often means that memory ran out); run it again"),
        (1, ["  exitcode  : -9 (pid: 77)"], RunError, "ended by signal 9"),
        (
            1,
            ["Traceback", "torch.OutOfMemoryError: CUDA out of memory.", ""],
            RunError,
            "CUDA out of memory.",
        ),
        (1, [], RunError, "Training ended with code 1: it said nothing"),
    ],
)
def test_a_failure_is_the_sentence_of_training(
    code: int, complained: list[str], kind: type[Exception], said: str
) -> None:
    error = failure(code, complained)

    assert type(error) is kind
    assert said in str(error)


def test_a_model_is_not_written_into_a_bucket() -> None:
    from flows.train_model import train_model

    with pytest.raises(UsageError, match="gs://bucket/out is not on one"):
        train_model(stage="sft", folder="data", model="model", out="gs://bucket/out")


def latest(**wanted: Any) -> Artifact:
    """The newest artifact of the server, which other tests use as well."""
    with get_client(sync_client=True) as client:
        newest = client.read_artifacts(
            artifact_filter=ArtifactFilter(**wanted), sort=ArtifactSort.CREATED_DESC, limit=1
        )
    return newest[0]


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
