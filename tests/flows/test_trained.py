"""A trained directory in use: behind `transformers serve`, and evaluated by `motionsight evaluate`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from motionsight_core.dataset.tables import SFT
from motionsight_core.dialogue.questions import ask
from motionsight_core.mllm import Message, open_mllm
from motionsight_core.questions import Query
from motionsight_core.settings import Settings
from motionsight_core.training import read_examples, train
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.mllm.serving import Served
from tests.core.training.clips import ANSWERS, QUESTION, decoded_once, settings, write_data
from tests.flows.conftest import Done

CLIPS = 3
#: Multiple choices about every clip, with the right letter.
CHOICES = (
    (Query("How does the camera move?", ("It pans left", "It turns right"), "camera"), "A"),
    (Query("Which object runs across the street?", ("The car", "The dog"), "object"), "B"),
)


@dataclass(frozen=True, slots=True)
class TrainedTwice:
    """A tiny model before it was trained, after SFT, and after DPO on top."""

    data: Path
    base: Path
    sft: Path
    dpo: Path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedTwice:
    """Knows what is asked about the clips of a data set; `transformers serve` shows frames as images."""
    place = tmp_path_factory.mktemp("trained")
    made = TrainedTwice(place / "data", place / "base", place / "sft", place / "dpo")
    write_data(made.data, count=CLIPS)
    add_choices(made.data / "sft.parquet")
    tiny_qwen2_5_vl(made.base)
    rate = 6e-3
    rows = CLIPS * (1 + len(CHOICES))
    whole = {"batch": rows, "batch_per_device": rows, "frames_as": "images"}
    learning = settings(learning_rate=rate, vision_learning_rate=rate, max_steps=60, **whole)
    # One small step: that the directory is what was trained is shown elsewhere, here it is put to use.
    preferring = settings(learning_rate=1e-5, max_steps=1, **whole)
    frames = decoded_once(made.data, learning)
    train("sft", made.data, model=str(made.base), out=made.sft, settings=learning, frames=frames)
    train("dpo", made.data, model=str(made.sft), out=made.dpo, settings=preferring, frames=frames)
    return made


def add_choices(file: Path) -> None:
    """Add the multiple choices to a table of questions, in the words in which the method asks them."""
    rows = pq.read_table(file).to_pylist()
    choices = [
        row | {"question_id": f"{row['question_id']} {letter}", "question": in_words(query), "answer": letter}
        for row in rows
        for query, letter in CHOICES
    ]
    pq.write_table(pa.Table.from_pylist(rows + choices, SFT), file)


def in_words(query: Query) -> str:
    ((text,),) = [message.parts for message in ask((), query)]
    assert isinstance(text, str)
    return text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(None, tmp_path_factory.mktemp("served"))
    running.start()
    yield running
    running.kill()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("stage", ["sft", "dpo"])
def test_served_by_transformers_it_answers_the_clips_of_training_word_for_word(
    served: Served, trained: TrainedTwice, stage: str
) -> None:
    annotator = served.annotator_of(getattr(trained, stage))
    model = open_mllm(Settings.model_validate({"annotator": annotator, "mllm": {"max_new_tokens": 40}}))
    frames = decoded_once(trained.data, settings())
    asked = [
        row for row in read_examples(trained.data, "sft").table.to_pylist() if row["question"] == QUESTION
    ]

    replies = model.reply([(Message("user", (frames(row), row["question"])),) for row in asked])

    assert [getattr(reply, "text", reply) for reply in replies] == list(ANSWERS[:CLIPS])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_evaluated_it_answers_the_questions_of_training_which_the_model_before_does_not(
    motionsight: Callable[..., Done], served: Served, trained: TrainedTwice, tmp_path: Path
) -> None:
    annotations = tmp_path / "questions.jsonl"
    lines = [
        {"video": clip.name, "question": query.text, "options": query.options, "answer": letter,
         "aspect": query.aspect}
        for clip in sorted(trained.data.glob("media/*.mp4"))
        for query, letter in CHOICES
    ]  # fmt: skip
    annotations.write_text("".join(json.dumps(line) + "\n" for line in lines))
    named = {served.annotator_of(folder): folder.name for folder in (trained.base, trained.sft)}

    # Frames without visual prompts, as in training.
    done = motionsight(
        "evaluate", "jsonl", str(annotations), str(trained.data / "media"), "--format", "csv",
        "--vary", f"annotator={','.join(named)}", "--no-baseline",
        "--set", "prompts.object=none", "--set", "prompts.camera=none",
        "--set", "sampling.frames=4", "--set", "mllm.max_new_tokens=8",
    )  # fmt: skip

    assert done.code == 0, done.err
    right = {
        named[row["arm"].removeprefix("annotator=")]: int(row["right"])
        for row in csv.DictReader(io.StringIO(done.out))
        if (row["category"], row["score"]) == ("all", "strict")
    }
    assert right["base"] < right["sft"] == len(lines)
