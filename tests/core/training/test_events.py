"""Training with the tokens that events leave, and on the tasks of iMOVE-IT."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from transformers import AutoProcessor

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import UsageError
from motionsight_core.mllm import Message, open_mllm
from motionsight_core.mllm._inputs import prompt_inputs
from motionsight_core.mllm.positions import boxes_of, times_of
from motionsight_core.mllm.video_tokens import fewer_tokens, reduce_video_tokens
from motionsight_core.settings import Settings
from motionsight_core.training import Stage, Trained, read_examples, train
from motionsight_core.training.batches import IGNORED, Row, SftBatches
from motionsight_core.training.events import tokens_by_events
from motionsight_core.training.parts import freeze_the_rest
from motionsight_core.training.trainers import Reports, trainer_of
from tests.core.training.clips import decoded_once, settings, write_data, write_instances
from tests.core.training.weights import loaded, moved

GRIDS = ["qwen2_5_vl", "internvl", pytest.param("qwen3_vl", marks=pytest.mark.long)]
#: The settings that make SFT that of iMOVE, at the size of the tests' models.
IMOVE: dict[str, Any] = {
    "frames_as": "images",
    "relative_times": True,
    "video_tokens": "events",
    "events": 2,
    "instances": True,
    "lora": True,
    "lora_merger": True,
}


@pytest.fixture(scope="module")
def grids(
    checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The directory of a family's checkpoint, whose pictures have several tokens."""
    from tests.checkpoints.mllm import tiny_internvl

    internvl = tiny_internvl(tmp_path_factory.mktemp("internvl"), tokens_across=2)
    return lambda family: internvl if family == "internvl" else checkpoint(family)


class Step:
    """A step of a stage on the first rows of a data set: its loss and its gradients."""

    def __init__(self, stage: Stage, data: Path, model: Path, checkpoints: Path, **training: Any) -> None:
        chosen = settings(**training)
        examples, processor = read_examples(data, stage), AutoProcessor.from_pretrained(model)
        policy, reference = loaded(model), loaded(model).requires_grad_(False)
        freeze_the_rest(policy, stage)
        trainer = trainer_of(
            examples,
            policy,
            processor,
            chosen,
            checkpoints=checkpoints,
            frames=decoded_once(data, chosen),
            adapters=None,
            reference=reference,
            reports=Reports(),
        )
        batch = trainer.data_collator(examples.table.to_pylist()[:3])
        with ExitStack() as stack:
            if chosen.training.video_tokens == "events":
                for one in (policy, reference):
                    pad = processor.tokenizer.pad_token_id
                    stack.enter_context(tokens_by_events(one, chosen.training, pad=pad))
            loss = trainer.compute_loss(policy, dict(batch))
            loss.backward()
        self.loss = loss.detach()
        self.gradients = {name: one.grad for name, one in policy.named_parameters() if one.grad is not None}


@pytest.mark.parametrize("stage", ["sft", "dpo"])
@pytest.mark.parametrize("frames_as", ["video", pytest.param("images", marks=pytest.mark.long)])
@pytest.mark.parametrize("family", GRIDS)
def test_where_every_frame_is_an_event_loss_and_gradients_are_the_same_to_the_bit(
    family: str, frames_as: str, stage: Stage, grids: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    plain, whole, fewer = (
        Step(stage, data, grids(family), tmp_path, frames_as=frames_as, **tokens)
        for tokens in ({}, {"video_tokens": "events", "events": 99}, {"video_tokens": "events", "events": 1})
    )

    assert torch.equal(plain.loss, whole.loss)
    assert plain.gradients.keys() == whole.gradients.keys() == fewer.gradients.keys()
    assert all(torch.equal(whole.gradients[name], one) for name, one in plain.gradients.items())
    assert not all(torch.equal(fewer.gradients[name], one) for name, one in plain.gradients.items())


@pytest.mark.parametrize("frames_as", ["images", "video"])
@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl"])
def test_prompts_of_unlike_length_have_the_tokens_and_positions_with_which_they_are_answered(
    family: str, frames_as: Literal["images", "video"], checkpoint: Callable[[str], Path], data: Path
) -> None:
    model, processor = loaded(checkpoint(family)), AutoProcessor.from_pretrained(checkpoint(family))
    kept = decoded_once(data, settings())
    rows = read_examples(data, "sft").table.to_pylist()[:3]

    def frames(row: Row) -> FrameSequence:
        whole, count = kept(row), 4 - rows.index(row)
        return FrameSequence(whole.pixels[:count], whole.times_s[:count])

    conversations = [(Message("user", (frames(row), row["question"])),) for row in rows]
    known: dict[str, Any] = {"events": 1, "stride": 2, "pad": processor.tokenizer.pad_token_id}
    asked = prompt_inputs(processor, conversations, frames_as=frames_as, plain=str)
    answered = reduce_video_tokens(model, asked, [4, 3, 2] if frames_as == "images" else [], **known)

    batch = SftBatches(processor, frames, frames_as)(rows)
    trained = fewer_tokens(model, batch, None, **known)

    assert trained is not None
    prompts = answered["input_ids"].shape[1]
    assert torch.equal(trained.inputs["input_ids"][:, :prompts], answered["input_ids"])
    assert torch.equal(trained.inputs["attention_mask"][:, :prompts], answered["attention_mask"])
    assert torch.equal(trained.inputs["position_ids"][..., :prompts], answered["position_ids"][1:])
    # Of the answers everything is left.
    labels = batch["labels"].gather(1, trained.columns)
    assert (labels != IGNORED).sum(1).tolist() == (batch["labels"] != IGNORED).sum(1).tolist()
    assert prompts < asked["input_ids"].shape[1]


def test_the_vision_tower_learns_through_the_means(
    grids: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    step = Step("sft", data, grids("internvl"), tmp_path, video_tokens="events", events=1)

    of_tower = [one for name, one in step.gradients.items() if "vision_tower" in name]
    assert of_tower
    assert all(bool(one.abs().sum() > 0) for one in of_tower)


def test_after_training_the_model_is_as_it_was(grids: Callable[[str], Path]) -> None:
    model = loaded(grids("internvl"))
    forward = model.base_model.forward

    with tokens_by_events(model, settings(video_tokens="events").training, pad=0):
        assert model.base_model.forward != forward

    assert model.base_model.forward == forward


def test_a_family_that_is_not_supported_says_so(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    chosen = settings(video_tokens="events", frames_as="images")

    with pytest.raises(UsageError, match=r"^training\.video_tokens=events works with Qwen2\.5-VL"):
        train("sft", data, model=str(checkpoint("llava")), out=tmp_path / "out", settings=chosen)


@pytest.mark.long
@pytest.mark.parametrize("family", ["internvl", "qwen2_5_vl"])
def test_the_tasks_of_imove_come_back_word_for_word_with_the_tokens_of_training(
    family: str, grids: Callable[[str], Path], tmp_path: Path
) -> None:
    data = write_data(tmp_path / "data", count=2)
    asked = write_instances(data)
    chosen = settings(
        **IMOVE, learning_rate=6e-3, weight_decay=0, max_steps=40, batch=8, batch_per_device=8, log_every=10
    )
    frames = decoded_once(data, chosen)

    done = train("sft", data, model=str(grids(family)), out=tmp_path / "out", settings=chosen, frames=frames)

    (_, first), *_, (_, last) = done.losses
    assert last < first / 5
    rows = read_examples(data, "sft", instances=True).table.to_pylist()
    assert len(rows) == 2 + len(asked) == 8
    replies = asked_of(done, rows, frames)
    assert replies == [row["answer"] for row in rows]
    said = dict(zip((row["question"] for row in rows), replies, strict=True))
    for one in asked:
        # Half a step of a second, and of the picture.
        times_s, boxes = times_of(said[one.question], 1.0), boxes_of(said[one.question])
        if one.task == "spatial_grounding":
            assert times_s == pytest.approx([moment[0] for moment in one.moments], abs=1 / 600)
            for box, (_, *edges) in zip(boxes, one.moments, strict=True):
                assert box == pytest.approx(edges, abs=1 / 2000)
        if one.task == "temporal_grounding":
            assert times_s == pytest.approx(one.span_s, abs=1 / 600)
    assert moved(grids(family), done.out) == {"vision": {False}, "merger": {True}, "llm": {True, False}}
    card = (done.out / "README.md").read_text()
    assert "--set mllm.relative_times=true --set mllm.video_tokens=events --set mllm.events=2" in card


def test_prompts_say_at_which_part_of_the_clip_each_frame_is(
    grids: Callable[[str], Path], data: Path
) -> None:
    processor = AutoProcessor.from_pretrained(grids("internvl"))
    chosen = settings(relative_times=True)
    (row, *_) = read_examples(data, "sft").table.to_pylist()

    (ids,) = SftBatches(processor, decoded_once(data, chosen), "images")([row])["input_ids"]

    said = processor.tokenizer.decode(ids.tolist())
    # Four of twelve frames a second, from the first to the last.
    assert [f"Frame {told}: <img>" in said for told in ("0.0 <t0>", "0.9 <t275>")] == [True, True]
    assert said.count("<t") == 4


def test_a_data_set_without_questions_about_objects_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"training\.instances asks for: annotate with instances\.captions"):
        train("sft", data, model="model", out=tmp_path / "out", settings=settings(instances=True))


def test_the_merger_alone_is_refused(data: Path, checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^training\.lora_merger trains the merger beside adapters"):
        train(
            "sft",
            data,
            model=str(checkpoint("internvl")),
            out=tmp_path / "out",
            settings=settings(lora_merger=True),
        )


def asked_of(done: Trained, rows: list[dict[str, Any]], frames: Callable[[Row], Any]) -> list[str]:
    """What a trained model replies, opened with the settings of its training."""
    asked = {name: IMOVE[name] for name in ("frames_as", "relative_times", "video_tokens", "events")}
    model = open_mllm(
        Settings.model_validate(
            {
                "annotator": f"transformers:{done.out}",
                "mllm": asked | {"max_new_tokens": 120},
                "runtime": {"device": "cpu"},
            }
        )
    )
    replies = model.reply([(Message("user", (frames(row), row["question"])),) for row in rows])
    return [getattr(reply, "text", str(reply)) for reply in replies]
