"""The loss on rows that a model does not learn from."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from motionsight_core.training import Stage, Validation, read_examples, train
from motionsight_core.training.batches import DpoBatches, SftBatches
from motionsight_core.training.losses import LossFile
from tests.core.training.clips import decoded_once, hold_back, settings
from tests.core.training.weights import are_equal, log_probabilities

BETA = 0.1
OF_A_RUN: dict[str, Any] = {"max_steps": 2, "batch": 2, "batch_per_device": 2, "save_every": 1}


def test_the_loss_of_a_row_is_the_mean_over_the_tokens_of_its_answer(
    checkpoint: Callable[[str], Path], validated_data: Path, tmp_path: Path
) -> None:
    chosen, told = settings(**OF_A_RUN), []
    model, frames = str(checkpoint("qwen2_5_vl")), decoded_once(validated_data, chosen)

    done = train(
        "sft",
        validated_data,
        model=model,
        out=tmp_path / "out",
        settings=chosen,
        frames=frames,
        on_validation=told.append,
    )

    (row,) = read_examples(validated_data, "sft", validation_rows=1).validation.to_pylist()
    batch = SftBatches(AutoProcessor.from_pretrained(done.out), frames, "video")([row])
    by_hand = float(loaded(done.out)(**batch).loss.detach())
    assert done.validations == tuple(told)
    assert [(one.step, one.steps) for one in told] == [(1, 2), (2, 2)]
    assert told[-1].loss == pytest.approx(by_hand, rel=1e-5)
    assert told[0].loss != pytest.approx(by_hand, rel=1e-5), "the model has learned between the two"
    written = [line for line in LossFile(done.out).read() if "validation_loss" in line]
    assert written == [{"step": one.step, "steps": 2, "validation_loss": one.loss} for one in told]
    card = (done.out / "README.md").read_text()
    assert f"On 1 row of the split validation: loss {by_hand:.4g} at step 2." in card


def test_pairs_are_validated_by_their_rewards(
    checkpoint: Callable[[str], Path], validated_data: Path, tmp_path: Path
) -> None:
    chosen = settings(**OF_A_RUN, beta=BETA)
    model, frames = checkpoint("qwen2_5_vl"), decoded_once(validated_data, chosen)

    done = train(
        "dpo", validated_data, model=str(model), out=tmp_path / "out", settings=chosen, frames=frames
    )

    (row,) = read_examples(validated_data, "dpo", validation_rows=1).validation.to_pylist()
    batch = DpoBatches(AutoProcessor.from_pretrained(done.out), frames, "video")([row])
    with torch.no_grad():
        gained = log_probabilities(loaded(done.out), batch) - log_probabilities(loaded(model), batch)
    margin = BETA * float(gained[0] - gained[1])
    found = done.validations[-1]
    assert found.margin == pytest.approx(margin, abs=1e-4)
    assert found.loss == pytest.approx(math.log1p(math.exp(-margin)), abs=1e-4)
    assert found.accuracy == float(margin > 0)


@pytest.mark.parametrize("stage", ["sft", pytest.param("dpo", marks=pytest.mark.long)])
def test_it_changes_nothing_of_what_is_trained(
    stage: Stage, checkpoint: Callable[[str], Path], validated_data: Path, tmp_path: Path
) -> None:
    def trained(**training: Any) -> tuple[Path, tuple[Validation, ...]]:
        # Weights of adapters are drawn.
        chosen = settings(**OF_A_RUN, lora=True, lora_rank=4, **training)
        done = train(
            stage,
            validated_data,
            model=str(checkpoint("qwen2_5_vl")),
            out=tmp_path / f"{training}",
            settings=chosen,
            frames=decoded_once(validated_data, chosen),
        )
        return done.out, done.validations

    with_it, found = trained()
    without, none = trained(validation_rows=0)

    assert (len(found), len(none)) == (2, 0)
    assert are_equal(with_it, without)


def test_it_leaves_the_random_numbers_of_training_as_they_are(
    checkpoint: Callable[[str], Path], validated_data: Path, tmp_path: Path
) -> None:
    from motionsight_core.training.trainers import Reports, trainer_of

    chosen = settings()
    model = checkpoint("qwen2_5_vl")
    trainer = trainer_of(
        read_examples(validated_data, "sft", validation_rows=1),
        loaded(model),
        AutoProcessor.from_pretrained(model),
        chosen,
        checkpoints=tmp_path,
        frames=decoded_once(validated_data, chosen),
        adapters=None,
        reference=None,
        reports=Reports(),
    )
    before = torch.get_rng_state()

    trainer.evaluate()

    assert torch.equal(torch.get_rng_state(), before)


def test_rows_are_taken_evenly_from_all_that_there_are(data: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    held = hold_back(folder, "sft.parquet", 6)

    def answers(rows: int) -> list[str]:
        return read_examples(folder, "sft", validation_rows=rows).validation.column("answer").to_pylist()

    assert answers(3) == [held[place]["answer"] for place in (0, 2, 4)]
    assert answers(100) == [one["answer"] for one in held]
    assert answers(0) == []


def loaded(folder: Path) -> Any:
    return AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
