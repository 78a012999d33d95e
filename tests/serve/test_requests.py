"""What a body of JSON is read as: one question about one clip, or one sentence that says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.serving import ChatRequest, RequestError, read_request
from motionsight_core.serving.choices import read_choices
from motionsight_core.serving.frame_marks import cut_mark, read_mark
from motionsight_core.serving.opening import times_of
from motionsight_core.serving.request import Image
from tests.serve.serving import about

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def read(fields: Any) -> ChatRequest:
    return read_request(json.dumps(fields).encode())


def user(*content: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


def test_the_request_of_lmms_eval_is_read() -> None:
    request = read(
        about(
            "file:///data/a.mp4",
            "Which way?\nA. left\nB. right",
            max_tokens=16,
            temperature=0,
            seed=1,
            media_io_kwargs={"video": {"num_frames": 10}},
        )
    )
    assert request.video == "file:///data/a.mp4"
    assert request.question == "Which way?\nA. left\nB. right"
    assert (request.model, request.stream, request.images) == ("motionsight", False, ())


def test_the_system_s_words_are_kept_apart_from_the_question() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [text("Letters only.")]},
        *about("file:///a.mp4", "What moves?")["messages"],
    ]
    request = read({"messages": messages})
    assert (request.instructions, request.question) == ("Be brief.\nLetters only.", "What moves?")


@pytest.mark.parametrize(
    ("marks", "times_s"),
    [
        (["Frame 0.0: ", "\nFrame 0.5: ", "\nFrame 2.0: "], [0.0, 0.5, 2.0]),  # the paper's, and ours
        (["<0.0 seconds>", "<1.5 seconds>", "<3.0 seconds>"], [0.0, 1.5, 3.0]),  # Qwen3-VL
        (["0 s", "[4s]", "(8 sec):"], [0.0, 4.0, 8.0]),
        (["Frame1: ", "\nFrame2: ", "\nFrame3: "], [None, None, None]),  # InternVL numbers its frames
        (["", "\n", " "], [None, None, None]),
    ],
)
def test_times_before_images_are_read_and_are_no_part_of_the_question(
    marks: list[str], times_s: list[float | None]
) -> None:
    parts = [part for mark in marks for part in (text(mark), IMAGE)]
    request = read(user(text("These are frames.\n"), *parts, text("\nWhat moves?")))
    assert [image.time_s for image in request.images] == times_s
    assert request.question == "These are frames.\nWhat moves?"


def test_images_without_times_are_half_a_second_apart() -> None:
    assert times_of([Image("", None)] * 3) == [0.0, 0.5, 1.0]
    assert times_of([Image("", 3.0), Image("", None)]) == [0.0, 0.5]
    assert times_of([Image("", 2.0), Image("", 1.0)]) == [0.0, 0.5], "times that run backwards are none"


def test_times_that_were_rounded_to_the_same_are_spread() -> None:
    assert times_of([Image("", time_s) for time_s in (1.0, 1.0, 1.1, 1.1, 1.2)]) == pytest.approx(
        [1.0, 1.05, 1.1, 1.15, 1.2]
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([], "The body is not a JSON object."),
        ({}, "messages is not a list of messages."),
        ({"messages": [{"role": "system", "content": "x"}]}, "There is no message of the user."),
        (user(text("What moves?")), "this one has 0 videos and 0 images"),
        (user(*about("file:///a")["messages"][0]["content"] * 2), "this one has 2 videos and 0 images"),
        (user(IMAGE, *about("file:///a")["messages"][0]["content"]), "1 videos and 1 images"),
        (user(IMAGE, text("and then"), IMAGE), "Between the images stands more"),
        (user({"type": "input_audio", "input_audio": {}}), "another type than text, image_url and video_url"),
        (user({"type": "video_url", "video_url": {}}), "A part of type video_url has no url."),
        (user({"type": "text"}), "A part of type text has no text."),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "earlier turns and tools are not supported"),
        ({"messages": about("file:///a")["messages"] * 2}, "not the last one, or not the only one"),
        ({"messages": [{"role": "user", "content": 5}]}, "neither a text nor a list of parts"),
        ({"messages": [{"role": "system", "content": [IMAGE]}]}, "something else than text"),
        (about("file:///a", n=2), "n is not supported"),
        (about("file:///a", tools=[{}]), "tools is not supported"),
        (about("file:///a", logprobs=True), "logprobs is not supported"),
        (about("file:///a", response_format={"type": "json_object"}), "response_format is not supported"),
        (about("file:///a", model=5), "model is a text"),
        (about("file:///a", "x" * 20_001), "longer than 20000 characters"),
    ],
)
def test_what_is_not_supported_is_said_in_one_sentence(fields: Any, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence) as refused:
        read(fields)
    assert refused.value.status == 400
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"messages": NaN}', b"null", b'"x"'])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read_request(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "image_url", "video_url", "url", "x"]),
            inner | st.sampled_from(["user", "system", "text", "image_url", "video_url"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(messages=JSON, model=JSON, options=JSON)
def test_any_json_is_a_request_or_a_refusal(messages: Any, model: Any, options: Any) -> None:
    try:
        request = read({"messages": messages, "model": model, "stream_options": options})
    except RequestError as error:
        assert error.status == 400
    else:
        assert (request.video is None) != (not request.images)


@pytest.mark.parametrize(
    ("asked", "question", "labels", "options"),
    [
        (
            "How does the camera move?\nA. It pans left\nB. It pans right\n"
            "Answer with only the option letter (A, B, C, D, E, or F).",  # lmms-eval's MotionBench
            "How does the camera move?",
            ("A", "B"),
            ("It pans left", "It pans right"),
        ),
        (
            "Watch the video and choose.\nQuestion: Which way?\nOptions:\n(A) left\n(B) right\n(C) up\n"
            "Only give the best option.",  # MVBench's form
            "Which way?",
            ("A", "B", "C"),
            ("left", "right", "up"),
        ),
        ("Which way?\n\na) left\n\nb) right", "Which way?", ("a", "b"), ("left", "right")),
        ("Does it pan? Please answer yes or no.", "Does it pan?", ("Yes", "No"), ("Yes", "No")),
        ("Does it pan left, yes or no?", "Does it pan left?", ("Yes", "No"), ("Yes", "No")),
    ],
)
def test_options_are_found_in_a_text(
    asked: str, question: str, labels: tuple[str, ...], options: tuple[str, ...]
) -> None:
    found = read_choices(asked)
    assert found is not None
    assert (found.question, found.labels, found.options) == (question, labels, options)


@pytest.mark.parametrize(
    "asked", ["What moves?", "A. Only one option", "B. x\nC. y", "A person walks.\nBoth?", ""]
)
def test_a_question_without_options_has_none(asked: str) -> None:
    assert read_choices(asked) is None


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at_for_marks_and_options(words: str) -> None:
    rest, _ = cut_mark(words)
    assert words.startswith(rest)
    assert read_mark(rest + "\nFrame 1.5: ") is None or not rest.strip()
    choices = read_choices(words)
    assert choices is None or len(choices.options) == len(choices.labels) >= 2
