"""`motionsight train`: from a data set's folder to a model that annotates."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.synthetic import render_catalog
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.training.clips import hold_back, write_data
from tests.documented import ROOT
from tests.flows.conftest import Done
from tests.warm import environment

#: For a tiny model on a CPU.
SMALL = (
    "--set", "training.batch=4", "--set", "training.batch_per_device=4", "--set", "training.workers=0",
    "--set", "training.log_every=1", "--set", "runtime.device=cpu",
)  # fmt: skip


def test_it_says_how_the_loss_falls_and_how_to_use_what_it_wrote(
    motionsight: Callable[..., Done], tmp_path: Path
) -> None:
    hold_back(write_data(tmp_path / "data", count=5), "sft.parquet")
    tiny_qwen2_5_vl(tmp_path / "model")

    done = motionsight(
        "train", "sft", "data", "--model", "model", "--out", "sft", *SMALL,
        "--set", "training.max_steps=2",
    )  # fmt: skip

    assert done.code == 0, done.err
    assert [line.rpartition(" ")[0] for line in done.err.splitlines()] == [
        "Step 1 of 2: loss",
        "Step 2 of 2: loss",
        "Step 2 of 2: validation loss",
    ]
    first, loss, validation, samples, *example, use = done.out.splitlines()
    assert first == "Wrote sft: 2 steps over 4 rows."
    assert loss.startswith("Loss: ")
    assert validation.startswith("On the split validation at step 2: validation loss ")
    assert samples == "1 question of the split validation, before and after: sft/samples.json."
    assert [line.partition(":")[0].strip() for line in example[1:]] == ["reference", "before", "after"]
    assert use == (
        "Use it with --set annotator=transformers:sft --set mllm.frames_as=video; its card is sft/README.md."
    )
    assert json.loads((tmp_path / "sft" / "training.json").read_text())["finished"]


def test_what_cannot_be_trained_on_is_one_sentence(motionsight: Callable[..., Done], tmp_path: Path) -> None:
    done = motionsight("train", "dpo", ".", "--model", "sft", "--out", "dpo")

    assert (done.code, done.out) == (2, "")
    assert done.err == "motionsight: . is not a data set: `motionsight dataset .` makes one.\n"
    assert not (tmp_path / "dpo").exists()


def test_a_model_that_is_not_there_is_one_sentence(motionsight: Callable[..., Done], tmp_path: Path) -> None:
    write_data(tmp_path / "data", count=1)

    done = motionsight("train", "sft", "data", "--model", "./nowhere", "--out", "sft", *SMALL)

    assert done.code == 1
    assert done.err.startswith("motionsight: The multimodal LLM ./nowhere is not there: no such directory")
    assert len(done.err.splitlines()) == 1


@pytest.mark.long
def test_two_processes_of_torchrun_have_the_losses_of_one(
    motionsight: Callable[..., Done], tmp_path: Path
) -> None:
    """Also those on the split validation, and with fewer video tokens."""
    hold_back(write_data(tmp_path / "data"), "sft.parquet", 2)
    tiny_qwen2_5_vl(tmp_path / "model")
    asked = (
        "train", "sft", "data", "--model", "model", *SMALL, "--set", "training.batch_per_device=2",
        "--set", "training.max_steps=3", "--set", "training.video_tokens=events",
        "--set", "training.events=1",
    )  # fmt: skip
    # In the folder of the run lies no code: torchrun starts what is installed, or what PYTHONPATH names.
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

    alone = motionsight(*asked, "--out", "alone")
    together = subprocess.run(
        [*torchrun, "-m", "flows", *asked, "--out", "together"],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    def losses(said: str) -> list[float]:
        return [float(line.rpartition(" ")[2]) for line in said.splitlines() if line.startswith("Step ")]

    assert len(losses(alone.err)) == 3 + 1
    # Printed with four digits; sums over processes round differently.
    assert losses(together.stderr) == pytest.approx(losses(alone.err), rel=2e-3)
    assert together.stdout.count("Wrote together") == 1


@pytest.mark.long
def test_annotated_clips_become_a_data_set_and_this_a_model_that_annotates(
    motionsight: Callable[..., Done], tmp_path: Path
) -> None:
    tiny_qwen2_5_vl(tmp_path / "model")
    render_catalog(tmp_path / "clips", count=4, seed=1, width=160, height=90, duration_s=1.0)
    for arguments in (
        ("annotate", "clips"),
        ("dataset", "data", "--set", "dataset.validation=0", "--set", "dataset.test=0"),
        ("train", "sft", "data", "--model", "model", "--out", "sft", *SMALL,
         "--set", "training.max_steps=2"),
        ("annotate", "clips", "--set", "annotator=transformers:sft", "--set", "mllm.frames_as=video",
         "--set", "mllm.max_new_tokens=8", "--set", "sampling.frames=4"),
    ):  # fmt: skip
        done = motionsight(*arguments)
        assert done.code == 0, done.err

    counted = motionsight(
        "sql", "SELECT count(*) AS rows FROM motion WHERE annotator = 'transformers:sft'", "--format", "csv"
    )
    assert counted.out.split() == ["rows", "4"]
