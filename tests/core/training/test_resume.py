"""A run that is killed and started again ends with the weights of one that was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import UsageError
from motionsight_core.settings import Settings
from motionsight_core.training import Stage, Trained, read_examples, train
from motionsight_core.training.losses import LossFile
from motionsight_core.training.out_folder import OutFolder
from motionsight_core.training.run import UNSET, _described
from tests.core.training.clips import decoded_once, settings
from tests.core.training.weights import are_equal

STEPS, KILLED_AT = 6, 5
#: Of two examples a step: four steps of SFT are an epoch, three of DPO.
OF_A_RUN: dict[str, Any] = {"max_steps": STEPS, "batch": 2, "batch_per_device": 2}


@pytest.mark.parametrize(
    ("stage", "family", "training"),
    [
        ("sft", "qwen2_5_vl", {"save_every": 3}),
        ("dpo", "qwen2_5_vl", {"save_every": 3, "video_tokens": "events", "events": 1}),
        pytest.param("dpo", "qwen2_5_vl", {"save_every": 3}, marks=pytest.mark.long),
        pytest.param(
            "sft",
            "internvl",
            {"save_every": 3, "video_tokens": "events", "events": 1, "lora": True, "lora_merger": True},
            marks=pytest.mark.long,
        ),
        pytest.param("sft", "qwen2_5_vl", {"save_every": 4}, marks=pytest.mark.long),
        pytest.param(
            "sft", "qwen2_5_vl", {"save_every": 3, "lora": True, "lora_rank": 4}, marks=pytest.mark.long
        ),
        pytest.param(
            "dpo", "qwen2_5_vl", {"save_every": 3, "lora": True, "lora_rank": 4}, marks=pytest.mark.long
        ),
        pytest.param("sft", "internvl", {"save_every": 3}, marks=pytest.mark.long),
        pytest.param("dpo", "internvl", {"save_every": 3}, marks=pytest.mark.long),
        pytest.param("sft", "qwen3_vl", {"save_every": 3}, marks=pytest.mark.long),
        pytest.param("dpo", "qwen3_vl", {"save_every": 3}, marks=pytest.mark.long),
        pytest.param(
            "sft", "qwen2_5_vl", {"save_every": 3, "gradient_checkpointing": True}, marks=pytest.mark.long
        ),
        pytest.param(
            "sft",
            "qwen2_5_vl",
            {"save_every": 3, "gradient_checkpointing": True, "video_tokens": "events", "events": 1},
            marks=pytest.mark.long,
        ),
        pytest.param("sft", "qwen2_5_vl", {"save_every": 3, "precision": "bfloat16"}, marks=pytest.mark.long),
        pytest.param("dpo", "qwen2_5_vl", {"save_every": 3, "precision": "bfloat16"}, marks=pytest.mark.long),
        pytest.param(
            "sft",
            "qwen2_5_vl",
            {"save_every": 3, "precision": "bfloat16", "lora": True, "lora_rank": 4},
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_killed_run_ends_as_one_that_was_not(
    stage: Stage,
    family: str,
    training: dict[str, Any],
    checkpoint: Callable[[str], Path],
    validated_data: Path,
    tmp_path: Path,
) -> None:
    data = validated_data
    chosen = settings(**OF_A_RUN, **training)
    frames = decoded_once(data, chosen)
    examples = read_examples(data, stage, validation_rows=1)
    for row in [*examples.table.to_pylist(), *examples.validation.to_pylist()]:
        frames(row)  # so that the process that is killed decodes nothing
    model = str(checkpoint(family))
    whole = train(stage, data, model=model, out=tmp_path / "whole", settings=chosen, frames=frames)

    killed(stage, data, model, tmp_path / "killed", chosen, frames)
    resumed = train(stage, data, model=model, out=tmp_path / "killed", settings=chosen, frames=frames)

    assert (whole.resumed_from, resumed.resumed_from) == (None, training["save_every"])
    assert are_equal(whole.out, resumed.out)
    assert resumed.losses == whole.losses
    assert resumed.validations == whole.validations
    assert [one.step for one in whole.validations] == sorted({training["save_every"], STEPS})
    written = [(line["step"], line["loss"]) for line in LossFile(resumed.out).read() if "loss" in line]
    assert written == list(whole.losses)
    assert LossFile(resumed.out).read() == LossFile(whole.out).read()


def test_a_run_that_is_older_than_a_setting_goes_on_where_that_is_at_its_default(
    data: Path, tmp_path: Path
) -> None:
    def folder(**training: Any) -> OutFolder:
        run = _described(read_examples(data, "sft"), "model", settings(**training))
        return OutFolder(tmp_path / "out", run, added_later=UNSET)

    folder().claim()
    older = json.loads((tmp_path / "out/training.json").read_text())
    del older["run"]["training"]["video_tokens"]
    (tmp_path / "out/training.json").write_text(json.dumps(older))

    folder().claim()
    with pytest.raises(UsageError, match=r"holds a run with other training\.video_tokens; "):
        folder(video_tokens="events").claim()


def test_losses_after_the_checkpoint_are_dropped_and_a_line_that_a_kill_cut_short_too(tmp_path: Path) -> None:
    losses = LossFile(tmp_path)
    for step in (10, 20, 30):
        losses.add(step, 300, loss=1 / step)
    with (tmp_path / "losses.jsonl").open("a") as file:
        file.write('{"step": 40, "st')

    losses.resume(20)
    losses.add(30, 300, loss=0.5)

    assert losses.read() == [
        {"step": 10, "steps": 300, "loss": 0.1},
        {"step": 20, "steps": 300, "loss": 0.05},
        {"step": 30, "steps": 300, "loss": 0.5},
    ]
    losses.resume(0)
    assert losses.read() == []


def test_a_checkpoint_that_a_kill_cut_short_does_not_count(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path, {})
    for step, content in ((2, "{}"), (10, "{}"), (12, '{"best_glo')):
        checkpoint = folder.checkpoints / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "trainer_state.json").write_text(content)
    (folder.checkpoints / "checkpoint-14").mkdir()

    assert folder.last_checkpoint() == folder.checkpoints / "checkpoint-10"


def killed(
    stage: Stage,
    data: Path,
    model: str,
    out: Path,
    chosen: Settings,
    frames: Callable[[Mapping[str, Any]], FrameSequence],
) -> None:
    """A run in a process of its own, which gets SIGKILL after some steps."""

    def report(step: int, steps: int, loss: float) -> None:
        if step == KILLED_AT:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        try:
            train(stage, data, model=model, out=out, settings=chosen, frames=frames, report=report)
        except BaseException:
            traceback.print_exc()  # or nobody would hear of it
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the run ended before it could be killed"
    assert not (out / "model.safetensors").exists()


def test_a_finished_run_is_left_as_it_is(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    chosen = settings(max_steps=1)
    model, out = str(checkpoint("qwen2_5_vl")), tmp_path / "out"
    train("sft", data, model=model, out=out, settings=chosen)
    written = (out / "model.safetensors").stat()

    again: Trained = train("sft", data, model=model, out=out, settings=chosen)

    assert again.was_finished
    assert (out / "model.safetensors").stat() == written


@pytest.mark.parametrize(
    "training", [{}, pytest.param({"lora": True, "lora_rank": 4}, marks=pytest.mark.long)]
)
def test_a_run_that_was_killed_while_it_wrote_its_model_writes_the_same(
    training: dict[str, Any], checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    """Three steps of an epoch of four: what is left of the epoch must not be trained."""
    chosen = settings(**OF_A_RUN | {"max_steps": 3} | training)
    model, out = str(checkpoint("qwen2_5_vl")), tmp_path / "out"
    train("sft", data, model=model, out=out, settings=chosen)
    shutil.copytree(out, tmp_path / "before")
    (out / "model.safetensors").write_bytes(b"")
    state = json.loads((out / "training.json").read_text())
    (out / "training.json").write_text(json.dumps(state | {"finished": False}))

    again = train("sft", data, model=model, out=out, settings=chosen)

    assert (again.steps, again.resumed_from) == (3, 3)
    assert are_equal(tmp_path / "before", out)
