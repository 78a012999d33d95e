"""Frames that an endpoint gets as one video (`endpoint.frames_as=video`)."""

from __future__ import annotations

import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest

from motionsight_core.errors import ClipError, ModelRefused, ModelUnavailable
from motionsight_core.mllm import Conversation, Message, _request
from motionsight_core.mllm._openai import EndpointModel
from motionsight_core.settings import Settings
from motionsight_core.video.jpeg import jpeg_of
from tests.core.mllm.conversations import about, frames, texts
from tests.core.mllm.scripted import Answer, ScriptedEndpoint, fails, says, shown_videos
from tests.core.mllm.serving import Served


def asked(endpoint: ScriptedEndpoint, conversation: Conversation, **mllm: Any) -> dict[str, Any]:
    """The request in which a conversation is sent."""
    settings = endpoint.settings(mllm=mllm, frames_as="video")
    texts(EndpointModel(settings).reply([conversation]))
    return endpoint.requests[-1]


def parts_of(request: dict[str, Any]) -> list[str]:
    """The last message's texts, and of its pictures the kind."""
    content = request["messages"][-1]["content"]
    return [part["text"] if part["type"] == "text" else part["type"] for part in content]


def test_a_sequence_is_one_video_after_the_times_of_its_frames(endpoint: ScriptedEndpoint) -> None:
    request = asked(endpoint, about("What moves?", shown=frames(3, start_s=60.0)))

    assert parts_of(request) == ["Frames at 60.0, 60.5, 61.0 seconds: ", "video_url", "\nWhat moves?"]
    assert request["media_io_kwargs"] == {
        "video": {
            "fps": 1000.0,
            "total_num_frames": 1500,
            "frames_indices": [60000, 60500, 61000],
            "duration": 1.5,
            "num_frames": 3,
        }
    }


def test_a_server_that_reads_videos_as_vllm_does_gets_every_frame_at_its_time(
    endpoint: ScriptedEndpoint,
) -> None:
    endpoint.answers = [shown_videos]
    sequence = frames(40, start_s=2.0, step_s=0.04)

    (said,) = texts(
        EndpointModel(endpoint.settings(frames_as="video")).reply([about("Why?", shown=sequence)])
    )

    assert json.loads(said) == [pytest.approx(sequence.times_s.tolist(), abs=1e-9)]


def test_the_frames_of_a_video_are_jpegs_in_order(endpoint: ScriptedEndpoint) -> None:
    shown = frames(3)
    for frame, level in enumerate((20, 120, 220)):
        shown.pixels[frame] = level

    request = asked(endpoint, about("Why?", shown=shown))

    head, _, data = request["messages"][-1]["content"][1]["video_url"]["url"].partition(",")
    decoded = [
        cv2.imdecode(np.frombuffer(base64.b64decode(file), np.uint8), cv2.IMREAD_COLOR)
        for file in data.split(",")
    ]
    assert head == "data:video/jpeg;base64"
    # JPEG keeps a flat grey to a level or two.
    assert [float(np.mean(one)) for one in decoded if one is not None] == pytest.approx([20, 120, 220], abs=2)


def test_a_video_of_many_questions_is_encoded_once(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Any] = []
    monkeypatch.setattr(_request, "jpeg_of", lambda pixels: encoded.append(pixels) or jpeg_of(pixels))
    shown = frames(3)
    questions = [about(question, shown=shown) for question in ("Why?", "Which?", "When?")]

    texts(EndpointModel(endpoint.settings(frames_as="video")).reply(questions))

    assert len(encoded) == 3
    assert (
        len({request["messages"][-1]["content"][1]["video_url"]["url"] for request in endpoint.requests}) == 1
    )


def test_a_single_frame_stays_an_image(endpoint: ScriptedEndpoint) -> None:
    request = asked(endpoint, about("Why?", shown=frames(1)))

    assert parts_of(request) == ["Frame 0.0: ", "image_url", "\nWhy?"]
    assert "media_io_kwargs" not in request


def test_a_request_without_frames_says_nothing_of_videos(endpoint: ScriptedEndpoint) -> None:
    assert "media_io_kwargs" not in asked(endpoint, about("Why?"))


def test_sequences_at_the_same_times_are_videos_and_others_images(endpoint: ScriptedEndpoint) -> None:
    # A request says the times of its videos once.
    endpoint.answers = [shown_videos]
    parts = (frames(2, start_s=9.0), frames(4), "Now blurred: ", frames(4, seed=1), "Why?")

    request = asked(endpoint, (Message("user", parts),))

    assert parts_of(request) == [
        "Frame 9.0: ",
        "image_url",
        "\nFrame 9.5: ",
        "image_url",
        "\nFrames at 0.0, 0.5, 1.0, 1.5 seconds: ",
        "video_url",
        "\nNow blurred: Frames at 0.0, 0.5, 1.0, 1.5 seconds: ",
        "video_url",
        "\nWhy?",
    ]


def test_extra_body_replaces_or_takes_away_what_is_said_of_videos(endpoint: ScriptedEndpoint) -> None:
    sequence = about("Why?", shown=frames(2))

    replaced = asked(endpoint, sequence, extra_body={"media_io_kwargs": {"video": {"fps": 2.0}}})
    taken = asked(endpoint, sequence, extra_body={"media_io_kwargs": None})

    assert replaced["media_io_kwargs"] == {"video": {"fps": 2.0}}
    assert "media_io_kwargs" not in taken


REFUSALS = {
    "vLLM with a model for images": fails(
        400,
        "At most 0 video(s) may be provided in one prompt.",
    ),
    "an older vLLM": fails(
        400, "VideoMetadata.__init__() missing 1 required positional argument: 'total_num_frames'"
    ),
    "a vLLM older than that": fails(
        500, "VideoMetadata.__init__() missing 1 required positional argument: 'total_num_frames'"
    ),
    "transformers serve": Answer({"detail": "Unexpected fields in the request: {'media_io_kwargs'}"}, 422),
    "OpenAI": fails(
        400,
        "Invalid value: 'video_url'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', "
        "'audio', and 'file'.",
    ),
    "llama.cpp": fails(400, "unsupported content[].type"),
    "llama.cpp without its projector": fails(500, "video input is not supported - hint: provide the mmproj"),
    "a hosted model": fails(400, "This model does not support video input."),
}


@pytest.mark.parametrize("server", REFUSALS)
def test_a_server_that_takes_no_video_gets_one_sentence_that_says_what_to_do(
    endpoint: ScriptedEndpoint, server: str
) -> None:
    endpoint.answers = [REFUSALS[server]]

    (failure,) = EndpointModel(endpoint.settings(frames_as="video")).reply([about("Why?", shown=frames(2))])

    # Of every clip, so that a run ends at once.
    assert isinstance(failure, ModelUnavailable)
    assert "takes no frames as a video: set endpoint.frames_as to images, or serve" in str(failure)
    assert f"(HTTP {REFUSALS[server].status}: " in str(failure)


@pytest.mark.long
def test_transformers_serve_is_such_a_server(served: Served) -> None:
    settings = served.settings().overridden(["endpoint.frames_as=video"])

    failure, reply = EndpointModel(settings).reply([about("Why?", shown=frames(2)), about("Why?")])

    assert isinstance(failure, ModelUnavailable)
    assert "takes no frames as a video: set endpoint.frames_as to images" in str(failure)
    assert not isinstance(reply, ClipError)


@pytest.mark.parametrize(
    "message",
    [
        "The decoder prompt (length 40960) is longer than the maximum model length of 32768.",
        "Content filter.",
        "The video shows something that is against our policy.",
    ],
)
def test_what_is_wrong_with_one_clip_fails_alone(endpoint: ScriptedEndpoint, message: str) -> None:
    endpoint.answers = [fails(400, message), says("It moves.")]
    shown = [about("Why?", shown=frames(2)), about("Which?", shown=frames(2, seed=1))]

    settings = endpoint.settings(frames_as="video", concurrency=1)
    failure, reply = EndpointModel(settings).reply(shown)

    assert isinstance(failure, ModelRefused)
    assert not isinstance(reply, ClipError)


def test_frames_sent_as_a_video_are_part_of_the_recipe_of_endpoints_alone() -> None:
    def recipe(annotator: str, frames_as: str) -> str:
        return Settings.model_validate(
            {"annotator": annotator, "endpoint": {"frames_as": frames_as}}
        ).recipe()

    assert recipe("openai:http://h/v1#m", "video") != recipe("openai:http://h/v1#m", "images")
    for annotator in ("measured", "transformers:m"):
        assert recipe(annotator, "video") == recipe(annotator, "images")
