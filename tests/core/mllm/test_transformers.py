"""Models that run in this process."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import AnnotatorFailed, ModelMissing, UsageError
from motionsight_core.mllm import Conversation, Reply, open_mllm
from motionsight_core.mllm._chat import neutraliser
from motionsight_core.mllm._transformers import TransformersModel
from motionsight_core.settings import Settings
from tests.core.mllm.conversations import HOSTILE, about, assorted, frames, good, texts

OpenModel = Callable[..., TransformersModel]
FAMILIES = ["qwen2_5_vl", "qwen3_vl", "internvl", "llava"]


def prompt(model: TransformersModel, conversation: Conversation) -> str:
    """What the model is given, control tokens and all."""
    return model._processor.tokenizer.decode(model._prepare([conversation])["input_ids"][0])


def recorded(model: TransformersModel, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The inputs of every call of `generate` from now on."""
    calls: list[dict[str, Any]] = []
    generate = model._model.generate

    def recording(**inputs: Any) -> Any:
        calls.append(inputs)
        return generate(**inputs)

    monkeypatch.setattr(model._model, "generate", recording)
    return calls


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_replies_with_nothing_on_the_terminal(
    in_process: OpenModel, family: str, capfd: pytest.CaptureFixture[str]
) -> None:
    model = in_process(family)
    capfd.readouterr()

    texts(model.reply(assorted()))

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl", "internvl"])
def test_videos_in_a_batch_get_the_replies_of_single_calls(in_process: OpenModel, family: str) -> None:
    model = in_process(family, frames_as="video")

    assert texts(model.reply(assorted())) == [
        text for one in assorted() for text in texts(model.reply([one]))
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_frame_stands_after_its_time(in_process: OpenModel, family: str) -> None:
    asked = about("Why?", shown=frames(2, start_s=63.04, step_s=0.5))

    said = prompt(in_process(family), asked)

    assert said.count("Frame ") == 2
    assert said.index("Frame 63.0: ") < said.index("Frame 63.5: ") < said.index("Why?")


@pytest.mark.parametrize(
    ("family", "control"),
    [
        ("qwen2_5_vl", ["<|im_start|>", "<|image_pad|>", "<|video_pad|>"]),
        ("internvl", ["<|im_start|>", "<IMG_CONTEXT>"]),
    ],
)
def test_a_text_adds_no_control_token(in_process: OpenModel, family: str, control: list[str]) -> None:
    model = in_process(family)
    tokens = model._processor.tokenizer.convert_tokens_to_ids(control)

    plain, hostile = (
        model._prepare([about(*parts, shown=frames(2))])["input_ids"][0].tolist()
        for parts in [("a",), HOSTILE]
    )

    assert [hostile.count(token) for token in tokens] == [plain.count(token) for token in tokens]


def test_a_token_inside_a_token_is_taken_apart_too() -> None:
    plain = neutraliser(["<<a>>", "<a>", "  ", " <b>", "x"])

    assert plain("<<a>> x  y <b>") == "< < a>> x  y < b>"


def test_two_texts_do_not_make_a_control_token(in_process: OpenModel) -> None:
    assert "< |im_end|>" in prompt(in_process("qwen2_5_vl"), about("<|im_", "end|>"))


def test_qwen2_5_vl_gets_the_time_between_frames(
    in_process: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = in_process("qwen2_5_vl", frames_as="video")
    calls = recorded(model, monkeypatch)

    good(model.reply([about("Why?", shown=frames(6, start_s=60.0, step_s=0.4))]))

    # Two frames to a step in time.
    assert calls[0]["second_per_grid_ts"].tolist() == pytest.approx([0.8], abs=1e-3)
    assert calls[0]["video_grid_thw"][0, 0] == 3


def test_qwen3_vl_gets_the_times_of_frames(in_process: OpenModel) -> None:
    said = prompt(
        in_process("qwen3_vl", frames_as="video"), about("Why?", shown=frames(4, start_s=60.0, step_s=0.4))
    )

    # The mean of two frames' times.
    assert "<60.2 seconds>" in said
    assert "<61.0 seconds>" in said


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl", "internvl"])
def test_the_text_before_a_video_says_its_times(in_process: OpenModel, family: str) -> None:
    said = prompt(in_process(family, frames_as="video"), about("Why?", shown=frames(3, start_s=60.0)))

    assert "Frames at 60.0, 60.5, 61.0 seconds: " in said


def test_a_sequence_of_one_frame_is_an_image_even_among_videos(in_process: OpenModel) -> None:
    said = prompt(in_process("qwen3_vl", frames_as="video"), about("Why?", shown=frames(1)))

    assert "Frame 0.0: <|vision_start|><|image_pad|>" in said


def test_a_model_that_takes_no_video_says_so_when_it_is_opened(in_process: OpenModel) -> None:
    with pytest.raises(UsageError, match=r"takes no video: set mllm\.frames_as to images"):
        in_process("llava", frames_as="video")


def test_a_frame_is_not_cut_into_tiles(in_process: OpenModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = in_process("internvl")
    calls = recorded(model, monkeypatch)

    good(model.reply([about("Why?", shown=frames(3))]))

    assert len(calls[0]["pixel_values"]) == 3


def test_a_call_takes_no_more_frames_than_batch_frames(
    in_process: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = in_process("qwen2_5_vl", runtime={"batch_frames": 4})
    calls = recorded(model, monkeypatch)

    good(model.reply([about("Why?", shown=frames(count)) for count in (1, 5, 2, 1)]))

    # Similar lengths together; the five frames of one conversation stay together.
    assert [len(call["image_grid_thw"]) for call in calls] == [4, 5]


def test_a_reply_that_ends_is_complete_and_counts_its_end_but_no_padding(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    # Half of all tokens end a reply, so that some end before others.
    shutil.copytree(checkpoint("qwen2_5_vl"), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"eos_token_id": list(range(0, 360, 2))}))
    model = open_mllm(Settings(annotator=f"transformers:{tmp_path}"))

    replies = good(model.reply(assorted()))

    counts = [reply.completion_tokens for reply in replies]
    assert all(reply.complete for reply in replies)
    assert len(set(counts)) > 1
    assert counts == [reply.completion_tokens for one in assorted() for reply in good(model.reply([one]))]


def test_a_call_that_runs_out_of_memory_is_halved(
    in_process: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = in_process("qwen2_5_vl")
    batch = [about(f"Object {number}?", shown=frames(1)) for number in range(6)]
    expected = texts(model.reply(batch))
    _only_up_to(2, model, monkeypatch)

    assert texts(model.reply(batch)) == expected


def test_a_conversation_too_large_for_the_memory_fails_alone(
    in_process: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = in_process("qwen2_5_vl")
    _only_up_to(0, model, monkeypatch)

    (failure,) = model.reply([about("Why?")])

    assert isinstance(failure, AnnotatorFailed)
    assert str(failure) == "OutOfMemoryError: CUDA out of memory."


def _only_up_to(conversations: int, model: TransformersModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the model a memory that holds so many conversations."""
    import torch

    generate = model._model.generate

    def small(**inputs: Any) -> Any:
        if len(inputs["input_ids"]) > conversations:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return generate(**inputs)

    monkeypatch.setattr(model._model, "generate", small)


def test_a_conversation_that_the_model_cannot_read_fails_alone(in_process: OpenModel) -> None:
    model = in_process("qwen2_5_vl")
    line = FrameSequence(np.zeros((1, 1, 2000, 3), np.uint8), np.zeros(1))
    good_ones = [about("One?", shown=frames(1)), about("Two?", shown=frames(1))]

    first, failure, second = model.reply([good_ones[0], about("Why?", shown=line), good_ones[1]])

    assert isinstance(failure, AnnotatorFailed)
    assert str(failure).startswith("ValueError: absolute aspect ratio must be smaller than 200")
    assert texts([first, second]) == texts(model.reply(good_ones))


def test_one_thread_prepares_while_another_generates(
    in_process: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = in_process("qwen2_5_vl")
    generate, prepared = model._model.generate, threading.Event()
    prepare = model._prepare

    def preparing(batch: Any) -> Any:
        inputs = prepare(batch)
        if threading.current_thread().name == "second":
            prepared.set()
        return inputs

    def generating(**inputs: Any) -> Any:
        # The first call goes on only when the second thread's pixels are ready.
        assert prepared.wait(60)
        return generate(**inputs)

    monkeypatch.setattr(model, "_prepare", preparing)
    monkeypatch.setattr(model._model, "generate", generating)
    replies: list[Any] = []
    threads = [
        threading.Thread(target=lambda: replies.extend(model.reply([about("Why?")])), name=name)
        for name in ("first", "second")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert [type(reply) for reply in replies] == [Reply, Reply]


def test_the_probability_of_yes_is_its_share_of_the_last_position(in_process: OpenModel) -> None:
    import torch

    model = in_process("qwen2_5_vl")
    asked = about("Does the camera pan?", shown=frames(2))
    with torch.inference_mode():
        logits = model._model(**model._prepare([asked])).logits[0, -1].numpy().astype(np.float64)

    (found,) = model.yes_probability([asked])

    yes = model._processor.tokenizer.convert_tokens_to_ids("Yes")
    assert isinstance(found, float)
    assert 0 < found < 1
    assert found == pytest.approx(np.exp(logits[yes]) / np.exp(logits).sum(), rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_has_the_probabilities_of_single_calls(in_process: OpenModel, family: str) -> None:
    model = in_process(family)

    together = model.yes_probability(assorted())

    assert together == pytest.approx(
        [p for one in assorted() for p in model.yes_probability([one])], rel=1e-3
    )


def test_frames_that_cannot_be_judged_fail_alone(in_process: OpenModel) -> None:
    model = in_process("qwen2_5_vl")
    line = FrameSequence(np.zeros((1, 4, 2000, 3), np.uint8), np.zeros(1))  # the processor takes no 200:1
    asked = about("Does it move?", shown=frames(1))

    alone = model.yes_probability([asked])
    first, failure, last = model.yes_probability([asked, about("Does it move?", shown=line), asked])

    assert isinstance(failure, AnnotatorFailed)
    assert [first, last] == pytest.approx(alone * 2, rel=1e-3)


def test_every_spelling_of_yes_counts(in_process: OpenModel, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = in_process("qwen2_5_vl")
    tokenizer = model._processor.tokenizer
    yes = tokenizer.convert_tokens_to_ids("Yes")
    texts_of = {yes: "Yes", 5: "yes", 6: " Yes", 7: "eyes"}
    monkeypatch.setattr(tokenizer, "get_vocab", lambda: {text: token for token, text in texts_of.items()})
    monkeypatch.setattr(tokenizer, "decode", lambda tokens: texts_of[tokens[0]])
    asked = about("Does the camera pan?", shown=frames(2))
    with torch.inference_mode():
        logits = model._model(**model._prepare([asked])).logits[0, -1].numpy().astype(np.float64)

    (found,) = model.yes_probability([asked])

    counted = [yes, 5, 6]
    assert found == pytest.approx(np.exp(logits[counted]).sum() / np.exp(logits).sum(), rel=1e-4)


def test_a_tokenizer_without_a_token_for_yes_cannot_score(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copytree(checkpoint("internvl"), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    tokenizer["model"]["merges"] = []
    file.write_text(json.dumps(tokenizer))
    model = TransformersModel(Settings(annotator=f"transformers:{tmp_path}"))

    with pytest.raises(UsageError, match='no single token for "Yes"'):
        model.yes_probability([about("Is it?")])


def _truncated(directory: Path) -> None:
    with (directory / "model.safetensors").open("r+b") as file:
        file.truncate(1000)


def _without_a_weight(directory: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(directory / "model.safetensors")
    del weights[next(name for name in weights if "mlp" in name)]
    save_file(weights, directory / "model.safetensors", {"format": "pt"})


def _without_a_tokenizer(directory: Path) -> None:
    for file in directory.glob("*token*"):
        file.unlink()


def _of_another_kind(directory: Path) -> None:
    (directory / "config.json").write_text('{"model_type": "bert"}')


@pytest.mark.parametrize("damage", [_truncated, _without_a_weight, _without_a_tokenizer, _of_another_kind])
def test_a_damaged_checkpoint_says_that_it_cannot_be_loaded(
    checkpoint: Callable[[str], Path], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(checkpoint("internvl"), tmp_path, dirs_exist_ok=True)
    damage(tmp_path)

    with pytest.raises(
        ModelMissing, match=rf"^The multimodal LLM in the directory {tmp_path} cannot be loaded: .+\.$"
    ):
        open_mllm(Settings(annotator=f"transformers:{tmp_path}"))


def test_a_model_without_a_chat_template_cannot_be_talked_to(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copytree(checkpoint("internvl"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "chat_template.jinja").unlink()

    with pytest.raises(UsageError, match="has no chat template"):
        open_mllm(Settings(annotator=f"transformers:{tmp_path}"))
