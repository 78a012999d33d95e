"""Answers before and after training, for people to compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from motionsight_core.training import samples as module
from motionsight_core.training import train
from motionsight_core.training.samples import read_samples
from tests.core.training.clips import ANSWERS, QUESTION, decoded_once, settings, write_data
from tests.core.training.weights import are_equal

ASKED: dict[str, Any] = {"max_steps": 40, "batch": 4, "learning_rate": 6e-3, "vision_learning_rate": 6e-3}


@pytest.fixture(scope="module")
def held_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips that are all shown alike to the model; one of them in the split validation."""
    folder = write_data(tmp_path_factory.mktemp("samples") / "data", count=4)
    table = pq.read_table(folder / "sft.parquet").to_pylist()
    for row in table:
        row["answer"] = ANSWERS[0]
    table[-1]["split"] = "validation"
    schema = pq.read_schema(folder / "sft.parquet")
    pq.write_table(pa.Table.from_pylist(table, schema), folder / "sft.parquet")
    return folder


def test_a_question_that_it_did_not_learn_from_is_answered_before_and_after_and_the_card_has_it(
    held_back: Path, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    model, frames = str(checkpoint("qwen2_5_vl")), decoded_once(held_back, settings())
    chosen = settings(**ASKED, samples=2).overridden(["mllm.max_new_tokens=12"])

    done = train("sft", held_back, model=model, out=tmp_path / "out", settings=chosen, frames=frames)

    found = read_samples(done.out)
    assert found is not None
    (sample,) = found.samples
    assert (found.split, sample.question, sample.reference) == ("validation", QUESTION, ANSWERS[0])
    assert sample.before != ANSWERS[0]
    assert sample.after == ANSWERS[0]
    card = (done.out / "README.md").read_text()
    assert "To questions of the split validation.\n" in card
    assert f"- after: {ANSWERS[0]}" in card

    # Asking changes nothing of what is learned.
    unasked = settings(**ASKED, samples=0)
    train("sft", held_back, model=model, out=tmp_path / "unasked", settings=unasked, frames=frames)
    assert are_equal(done.out, tmp_path / "unasked")
    assert read_samples(tmp_path / "unasked") is None


def test_a_run_that_is_resumed_keeps_what_was_said_before_and_says_that_answers_were_learned(
    data: Path, checkpoint: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answers(self: Any, model: str) -> list[str]:
        asked.append(model)
        return [f"Said by {model}"] * 3

    monkeypatch.setattr(module.AnswersCompared, "_answers", answers)
    model, out = str(checkpoint("qwen2_5_vl")), tmp_path / "out"
    chosen = settings(max_steps=2, samples=3, save_every=1)

    def interrupted(step: int, steps: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("sft", data, model=model, out=out, settings=chosen, report=interrupted)
    train("sft", data, model=model, out=out, settings=chosen)

    assert asked == [model, str(out)]
    found = read_samples(out)
    assert found is not None and found.split == "train"
    assert {(one.before, one.after) for one in found.samples} == {(f"Said by {model}", f"Said by {out}")}
    assert len({one.media for one in found.samples}) == 3
    assert "split train, whose answers it has learned" in (out / "README.md").read_text()
