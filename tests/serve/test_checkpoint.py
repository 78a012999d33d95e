"""A model in the server's own process, end to end: a tiny checkpoint with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.serve.serving import Serving, about, file_url, frames_message
from tests.videos import moving_texture


@pytest.mark.long
def test_a_model_in_process_answers_about_videos_and_frames(tmp_path: Path, clips: Path) -> None:
    folder = tiny_qwen2_5_vl(tmp_path / "qwen")
    settings = (f"annotator=transformers:{folder}", "mllm.max_new_tokens=12", "sampling.frames=4")
    options = [option for setting in settings for option in ("--set", setting)]
    with Serving("--root", str(clips), *options) as serving:
        client = serving.client()
        name = f"transformers:{folder.name}"
        assert [model.id for model in client.models.list()] == [name, "motionsight"]
        assert str(folder) not in serving.said
        asked = (
            about(file_url(clips / "pan_right.mp4"), "Which way?\nA. left\nB. right")["messages"],
            frames_message(moving_texture(4), "Which way?"),
        )
        for messages in asked:
            completion = client.chat.completions.create(model=name, messages=messages)
            (choice,) = completion.choices
            # Gibberish; without a word in it, it is a reply that cannot be used.
            assert choice.message.content or (choice.message.refusal or "").startswith("The reply")
            assert completion.model == name
            assert completion.usage is not None
            assert completion.usage.prompt_tokens > 100
            assert 0 < completion.usage.completion_tokens <= 4 * 12


@pytest.mark.long
def test_a_checkpoint_that_is_not_there_is_said_before_the_port_opens(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="motionsight: "):
        Serving("--set", f"annotator=transformers:{tmp_path}").__enter__()
