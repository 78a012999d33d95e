"""Direct preference optimisation of a tiny model: eq. 6, and what it trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from motionsight_core.training import Trained, read_examples, train
from motionsight_core.training.batches import DpoBatches
from motionsight_core.training.parts import freeze_the_rest
from motionsight_core.training.trainers import Reports, trainer_of
from tests.core.training.clips import decoded_once, settings
from tests.core.training.weights import log_probabilities, moved

BETA = 0.1


@pytest.fixture(scope="module")
def preferred(
    fine_tuned: Callable[[str], Trained], data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """The model of SFT after DPO on six pairs, of which people preferred "left"."""
    chosen = settings(max_steps=12, batch=6, batch_per_device=6, learning_rate=1e-3, beta=BETA)
    return train(
        "dpo",
        data,
        model=str(fine_tuned("qwen2_5_vl").out),
        out=tmp_path_factory.mktemp("dpo") / "out",
        settings=chosen,
        frames=decoded_once(data, chosen),
    )


def test_the_first_loss_is_ln_2(preferred: Trained) -> None:
    # Before the first step policy and reference are one.
    assert preferred.losses[0] == (1, pytest.approx(0.693147, abs=1e-5))


def test_held_back_pairs_are_told_apart_as_people_do(
    preferred: Trained, fine_tuned: Callable[[str], Trained], data: Path
) -> None:
    rows = [
        row | {"question": row["prompt"]}
        for row in pq.read_table(data / "preferences.parquet").to_pylist()
        if row["split"] == "test"
    ]
    batch = batches(fine_tuned("qwen2_5_vl").out, data)(rows)

    before, after = (
        log_probabilities(loaded(folder), batch) for folder in (fine_tuned("qwen2_5_vl").out, preferred.out)
    )

    chosen, rejected = (after - before).chunk(2)
    assert len(chosen) == 2
    assert bool((chosen > rejected).all())


def test_it_trains_the_llm_alone(preferred: Trained, fine_tuned: Callable[[str], Trained]) -> None:
    found = moved(fine_tuned("qwen2_5_vl").out, preferred.out)

    assert (found["vision"], found["merger"]) == ({False}, {False})
    assert True in found["llm"]


def test_loss_and_gradient_are_those_of_eq_6(
    preferred: Trained, fine_tuned: Callable[[str], Trained], data: Path, tmp_path: Path
) -> None:
    """Of two tokens each: a word, and the end of the turn."""
    examples = read_examples(data, "dpo")
    row = examples.table.to_pylist()[0] | {"chosen": "Yes", "rejected": "No"}
    chosen = settings(beta=BETA)
    model, reference = loaded(preferred.out), loaded(fine_tuned("qwen2_5_vl").out)
    freeze_the_rest(model, "dpo")
    trainer = trainer_of(
        examples,
        model,
        AutoProcessor.from_pretrained(preferred.out),
        chosen,
        checkpoints=tmp_path,
        frames=decoded_once(data, chosen),
        adapters=None,
        reference=reference.requires_grad_(False),
        reports=Reports(),
    )
    batch = batches(preferred.out, data)([row])
    assert batch["completion_mask"].sum(1).tolist() == [2, 2]

    loss = trainer.compute_loss(model, dict(batch))
    loss.backward()

    by_hand = loaded(preferred.out)
    freeze_the_rest(by_hand, "dpo")
    policy = log_probabilities(by_hand, batch)
    with torch.no_grad():
        of_reference = log_probabilities(loaded(fine_tuned("qwen2_5_vl").out), batch)
    margin = BETA * ((policy[0] - of_reference[0]) - (policy[1] - of_reference[1]))
    assert abs(float(margin.detach())) > 1e-4  # else any loss is ln 2
    assert float(loss.detach()) == pytest.approx(-float(torch.log(torch.sigmoid(margin.detach()))), abs=1e-5)
    # Its derivative: -beta * sigma(-margin) * (d log pi(chosen) - d log pi(rejected)).
    (policy[0] - policy[1]).backward()
    share = -BETA * float(torch.sigmoid(-margin.detach()))
    for (name, ours), (_, hand) in zip(model.named_parameters(), by_hand.named_parameters(), strict=True):
        assert (ours.grad is None) == (hand.grad is None), name
        if ours.grad is not None and hand.grad is not None:
            torch.testing.assert_close(ours.grad, share * hand.grad, rtol=1e-3, atol=1e-5, msg=name)


def loaded(folder: Path) -> Any:
    return AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()


def batches(folder: Path, data: Path) -> DpoBatches:
    return DpoBatches(AutoProcessor.from_pretrained(folder), decoded_once(data, settings()), "video")
