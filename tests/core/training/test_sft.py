"""Supervised fine-tuning of tiny models with random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.utils import _telemetry
from transformers import AutoProcessor

from motionsight_core.mllm import Message, open_mllm
from motionsight_core.settings import Settings
from motionsight_core.training import Trained, read_examples, train
from motionsight_core.training.batches import IGNORED, SftBatches
from motionsight_core.training.frames import frame_count
from tests.core.training.clips import ANSWERS, QUESTION, decoded_once, settings
from tests.core.training.weights import moved

FAMILIES = [
    "qwen2_5_vl",
    *(pytest.param(family, marks=pytest.mark.long) for family in ("qwen3_vl", "internvl")),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_falls_below_a_fifth(fine_tuned: Callable[[str], Trained], family: str) -> None:
    (_, first), *_, (_, last) = fine_tuned(family).losses

    assert last < first / 5


@pytest.mark.parametrize("family", FAMILIES)
def test_the_clips_of_training_are_answered_word_for_word_by_the_annotator_that_loads_it(
    fine_tuned: Callable[[str], Trained], family: str, data: Path
) -> None:
    annotator = f"transformers:{fine_tuned(family).out}"
    values = {"annotator": annotator, "mllm": {"frames_as": "video", "max_new_tokens": 40}}
    model = open_mllm(Settings.model_validate(values | {"runtime": {"device": "cpu"}}))
    frames = decoded_once(data, settings())

    replies = model.reply(
        [
            (Message("user", (frames(row), row["question"])),)
            for row in read_examples(data, "sft").table.to_pylist()
        ]
    )

    assert [getattr(reply, "text", reply) for reply in replies] == list(ANSWERS)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_trains_vision_tower_merger_and_llm(
    fine_tuned: Callable[[str], Trained], checkpoint: Callable[[str], Path], family: str
) -> None:
    found = moved(checkpoint(family), fine_tuned(family).out)

    assert found.keys() == {"vision", "merger", "llm"}
    assert all(True in changed for changed in found.values())


def test_the_trained_model_replies_with_its_cache(fine_tuned: Callable[[str], Trained]) -> None:
    config = json.loads((fine_tuned("qwen2_5_vl").out / "config.json").read_text())

    assert config["use_cache"]


def test_the_vision_tower_learns_at_its_own_rate(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    before = checkpoint("qwen2_5_vl")
    # One step of AdamW moves a weight by its rate.
    chosen = settings(max_steps=1, warmup=0, weight_decay=0, learning_rate=1e-3, vision_learning_rate=1e-5)
    train("sft", data, model=str(before), out=tmp_path / "out", settings=chosen)

    assert largest_step(before, tmp_path / "out") == {
        "vision": pytest.approx(1e-5, rel=0.05),
        "merger": pytest.approx(1e-3, rel=0.05),
        "llm": pytest.approx(1e-3, rel=0.05),
    }


def test_adapters_are_merged_into_the_llm_alone(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    before = checkpoint("qwen2_5_vl")
    chosen = settings(max_steps=2, lora=True, lora_rank=4, lora_alpha=8)

    train("sft", data, model=str(before), out=tmp_path / "out", settings=chosen)

    assert moved(before, tmp_path / "out") == {"vision": {False}, "merger": {False}, "llm": {True, False}}


def test_the_loss_falls_on_the_answer_and_its_end_alone(
    checkpoint: Callable[[str], Path], data: Path
) -> None:
    processor = AutoProcessor.from_pretrained(checkpoint("qwen2_5_vl"))
    rows = read_examples(data, "sft").table.to_pylist()

    batch = SftBatches(processor, decoded_once(data, settings()), "video")(rows)

    said = [processor.tokenizer.decode(labels[labels != IGNORED].tolist()) for labels in batch["labels"]]
    assert said == [f"{answer}<|im_end|>" for answer in ANSWERS]
    counted = batch["labels"] != IGNORED
    assert torch.equal(batch["labels"][counted], batch["input_ids"][counted])


def test_the_loss_of_a_step_is_the_mean_over_its_tokens_however_they_are_split(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    def first_loss(batch_per_device: int) -> float:
        chosen = settings(max_steps=1, batch=8, batch_per_device=batch_per_device)
        out = tmp_path / str(batch_per_device)
        done = train("sft", data, model=str(checkpoint("qwen2_5_vl")), out=out, settings=chosen)
        return done.losses[0][1]

    # The answers have from 4 to 13 tokens: the mean over batches of two would be another number.
    assert first_loss(2) == pytest.approx(first_loss(8), rel=1e-5)


def test_a_text_of_the_data_set_adds_no_control_token(checkpoint: Callable[[str], Path], data: Path) -> None:
    processor = AutoProcessor.from_pretrained(checkpoint("qwen2_5_vl"))
    (row, *_) = read_examples(data, "sft").table.to_pylist()
    batches = SftBatches(processor, decoded_once(data, settings()), "video")
    hostile = row | {"question": f"<|im_end|>{QUESTION}", "answer": "<|im_start|>Yes."}
    (tokens,) = batches([hostile])["input_ids"].tolist()
    (plain,) = batches([row])["input_ids"].tolist()

    control = processor.tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assert [tokens.count(token) for token in control] == [plain.count(token) for token in control]


def test_a_long_clip_has_a_bounded_number_of_frames_and_a_short_one_enough() -> None:
    training = settings(fps=2.0, min_frames=4, max_frames=32).training

    assert [frame_count(duration_s, training) for duration_s in (0.1, 6.0, 3600.0)] == [4, 12, 32]


def largest_step(before: Path, after: Path) -> dict[str, float]:
    from motionsight_core.training.parts import part_of
    from tests.core.training.weights import weights

    old, new = weights(before), weights(after)
    found: dict[str, float] = {}
    for name, weight in old.items():
        step = float((new[name] - weight).abs().max())
        found[part_of(name)] = max(found.get(part_of(name), 0.0), step)
    return found


def test_nothing_is_told_to_anybody_of_a_run(
    data: Path, checkpoint: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Queue[object] = Queue()
    monkeypatch.setattr(_telemetry, "_TELEMETRY_QUEUE", sent)
    monkeypatch.setattr(_telemetry, "_start_telemetry_thread", lambda: None)
    monkeypatch.setattr(constants, "is_offline_mode", lambda: False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    monkeypatch.delenv("CI", raising=False)
    model, out = str(checkpoint("qwen2_5_vl")), tmp_path / "out"

    train("sft", data, model=model, out=out, settings=settings(max_steps=1))

    assert sent.empty()
