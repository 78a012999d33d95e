"""The measured annotator behind an address: clients get what `motionsight ask` says of the same clip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openai
import pytest

from motionsight_core import MotionSight, Settings, clips_of
from motionsight_core.record import MotionRecord
from tests.serve.serving import Serving, about, data_url, file_url, frames_message
from tests.videos import moving_texture, write_video

QUESTION = (
    "How does the camera move?\nA. It pans left\nB. It pans right\nC. It does not move\n"
    "Answer with only the option letter (A, B, C, D, E, or F)."
)
TEXTURE = moving_texture(12, width=240, height=144, step=8)


@pytest.fixture
def client(measured: Serving) -> openai.OpenAI:
    return measured.client()


@pytest.fixture
def video(clips: Path) -> str:
    return file_url(clips / "pan_right.mp4")


def messages(address: str, question: str = "") -> list[Any]:
    return about(address, question)["messages"]


def test_a_question_with_options_is_answered_by_their_letter(client: openai.OpenAI, video: str) -> None:
    completion = client.chat.completions.create(
        model="measured", messages=messages(video, QUESTION), max_tokens=16, temperature=0
    )
    (choice,) = completion.choices
    assert (choice.message.content, choice.finish_reason, completion.model) == ("B", "stop", "measured")
    assert completion.usage is not None and completion.usage.total_tokens == 0
    extra = completion.model_extra or {}
    assert extra["motionsight"]["aspect"] == "camera"
    assert extra["motionsight"]["evidence"].startswith("Measured: pan right from 0.0 s to ")


def test_the_letter_follows_the_option_s_place(client: openai.OpenAI, video: str) -> None:
    turned = QUESTION.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
    completion = client.chat.completions.create(model="motionsight", messages=messages(video, turned))
    assert completion.choices[0].message.content == "A"


def test_a_yes_or_no_question_is_answered_with_yes_or_no(client: openai.OpenAI, video: str) -> None:
    for direction, answer in (("right", "Yes"), ("left", "No")):
        question = f"Does the camera pan to the {direction}? Please answer yes or no."
        completion = client.chat.completions.create(model="measured", messages=messages(video, question))
        assert completion.choices[0].message.content == answer


def test_a_stream_gives_the_same_text_and_ends_with_its_cost(client: openai.OpenAI, video: str) -> None:
    stream = client.chat.completions.create(
        model="measured",
        messages=messages(video, QUESTION),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "B"
    assert deltas[0].role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices] == [None, None, "stop"]
    assert chunks[-1].usage is not None and not chunks[-1].choices
    assert len({chunk.id for chunk in chunks}) == 1


def test_without_a_question_both_descriptions_are_told(
    client: openai.OpenAI, video: str, clips: Path
) -> None:
    completion = client.chat.completions.create(model="measured", messages=messages(video))
    (row,) = MotionSight(Settings()).describe(clips_of(str(clips / "pan_right.mp4")))
    assert isinstance(row, MotionRecord)
    assert completion.choices[0].message.content == f"{row.object_motion}\n{row.camera_motion}"


def test_a_free_question_is_answered_with_the_description(client: openai.OpenAI, video: str) -> None:
    completion = client.chat.completions.create(
        model="measured", messages=messages(video, "How does the camera move?")
    )
    assert (completion.choices[0].message.content or "").startswith("The camera pans right")


def test_where_the_measurement_does_not_decide_there_is_a_refusal_and_no_letter(
    client: openai.OpenAI, video: str
) -> None:
    question = "Is the man in the video happy?\nA. He is\nB. He is not"
    completion = client.chat.completions.create(model="measured", messages=messages(video, question))
    message = completion.choices[0].message
    assert message.content == ""
    assert (message.refusal or "").startswith("The question asks for something that is not measured.")
    stream = client.chat.completions.create(model="measured", messages=messages(video, question), stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream]
    assert [delta.refusal for delta in deltas if delta.refusal] == [message.refusal]
    assert not any(delta.content for delta in deltas)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_frames_sent_as_images_are_a_clip(client: openai.OpenAI, kind: str) -> None:
    asked = frames_message(TEXTURE, QUESTION, kind=kind)
    completion = client.chat.completions.create(model="measured", messages=asked)
    assert completion.choices[0].message.content == "B"


def test_one_image_is_no_clip_to_be_measured(client: openai.OpenAI) -> None:
    asked = frames_message(TEXTURE[:1], QUESTION)
    message = client.chat.completions.create(model="measured", messages=asked).choices[0].message
    assert message.content == ""
    assert message.refusal == "One image shows no motion; send two frames of the clip or more."


def test_times_between_frames_are_those_that_are_said(client: openai.OpenAI) -> None:
    def rate(marks: list[str]) -> float:
        asked = frames_message(TEXTURE, QUESTION, marks=marks)
        completion = client.chat.completions.create(model="measured", messages=asked)
        evidence = (completion.model_extra or {})["motionsight"]["evidence"]
        return float(re.findall(r"to ([\d.]+) s", evidence)[0])

    fast = rate([f"Frame {number * 0.1:.1f}: " for number in range(len(TEXTURE))])
    slow = rate([f"<{number * 1.0:.1f} seconds>" for number in range(len(TEXTURE))])
    assert (fast, slow) == (pytest.approx(1.2, abs=0.1), pytest.approx(12.0, abs=1))


def test_a_video_can_come_with_the_request(client: openai.OpenAI, clips: Path) -> None:
    address = data_url((clips / "pan_right.mp4").read_bytes(), "video/mp4")
    completion = client.chat.completions.create(model="measured", messages=messages(address, QUESTION))
    assert completion.choices[0].message.content == "B"


def test_models_are_listed_under_the_annotator_s_name(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["measured", "motionsight"]
    assert client.models.retrieve("measured").owned_by == "motionsight"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_another_model_than_is_served_is_not_found(client: openai.OpenAI, video: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=messages(video))
    assert refused.value.code == "model_not_found"
    assert refused.value.param == "model"


def test_motionsight_itself_is_a_client(measured: Serving, clips: Path) -> None:
    annotator = f"openai:{measured.url}#measured"
    settings = Settings.model_validate({"annotator": annotator, "prompts": {"object": "none"}})
    (row,) = MotionSight(settings).describe(clips_of(str(clips / "pan_right.mp4"), settings))
    assert isinstance(row, MotionRecord), row
    assert "pans right" in row.camera_motion
    assert row.annotator == "openai:measured"
    assert row.camera_agreement is not None and row.camera_agreement > 0.5


def image_of(data: bytes, kind: str = "image/jpeg") -> list[Any]:
    part = {"type": "image_url", "image_url": {"url": data_url(data, kind)}}
    return [{"role": "user", "content": [part]}]


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"no picture", "NotAVideo", "Image 1 cannot be used: It is neither a JPEG nor a PNG nor a WebP."),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "Corrupt", "Image 1 cannot be used: "),
        (b"", "NotAVideo", "Image 1 cannot be used: "),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0",
            "Corrupt",
            "Image 1 cannot be used: ",
        ),
    ],
)
def test_a_hostile_image_is_a_bad_request(measured: Serving, data: bytes, code: str, sentence: str) -> None:
    got = measured.ask({"messages": image_of(data)})
    assert (got.status, got.error["code"]) == (400, code)
    assert got.error["message"].startswith(sentence)


def test_images_of_different_sizes_are_no_clip(measured: Serving) -> None:
    frames = [TEXTURE[0], TEXTURE[1][:100]]
    got = measured.ask({"messages": frames_message(frames, QUESTION)})
    assert got.status == 400
    assert got.error["message"].startswith("Image 2 cannot be used: It is 240x100 pixels large")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no video", "NotAVideo"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "ForbiddenProtocol"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "ForbiddenProtocol"),
    ],
)
def test_a_hostile_video_is_a_bad_request(measured: Serving, clips: Path, content: bytes, code: str) -> None:
    (clips / "hostile.mp4").write_bytes(content)
    for address in (file_url(clips / "hostile.mp4"), data_url(content, "video/mp4")):
        got = measured.ask(about(address))
        assert (got.status, got.error["code"]) == (400, code)
        assert got.error["type"] == "invalid_request_error"


def test_more_than_the_limits_allow_is_refused(measured: Serving, clips: Path) -> None:
    write_video(clips / "long.mp4", moving_texture(5), rate=1, times_ms=[0, 10_000, 20_000, 30_000, 40_000])
    got = measured.ask(about(file_url(clips / "long.mp4")))
    assert (got.status, got.error["code"]) == (413, "video_too_long")
    assert "at most 30 s" in got.error["message"]
    got = measured.ask({"messages": frames_message(TEXTURE * 2, QUESTION)})
    assert (got.status, got.error["code"]) == (413, "too_many_images")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.jpg",
        "file:///etc/passwd",
        "data:image/jpeg;base64,not base64!",
        "data:image/jpeg,plain",
        "data:text/html;base64,AAAA",
        "",
    ],
)
def test_an_image_is_never_fetched(measured: Serving, url: str) -> None:
    got = measured.ask(
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}
    )
    assert got.status == 400


def test_no_folder_of_the_machine_is_told_of_but_what_the_client_named(
    measured: Serving, clips: Path
) -> None:
    for address in ("file:///nothing.mp4", "file:///proc/self/environ", f"file://{clips}/../x.mp4"):
        got = measured.ask(about(address))
        assert got.status == 404
        assert got.error["message"].replace(repr(address), "") == (
            "There is no video at  below a root of this server."
        )
