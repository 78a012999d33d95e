"""What an endpoint is asked, and what its answers become."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest

from motionsight_core.errors import (
    AnnotatorFailed,
    BadReply,
    ClipError,
    ModelRefused,
    ModelUnavailable,
    UsageError,
)
from motionsight_core.mllm import Message, Reply, _request, replies_as_they_come
from motionsight_core.mllm._openai import EndpointModel
from motionsight_core.settings import Settings
from motionsight_core.video.jpeg import jpeg_of
from tests.core.mllm.conversations import about, frames, good, texts
from tests.core.mllm.scripted import BROKEN, MODEL, Answer, ScriptedEndpoint, fails, said, says
from tests.core.mllm.serving import free_port

KEY = "sk-s3cr3t-k3y"


def failure(endpoint: ScriptedEndpoint, answer: Answer, **settings: Any) -> ClipError:
    """What an answer becomes."""
    endpoint.answers = [answer]
    (reply,) = EndpointModel(endpoint.settings(**settings)).reply([about("Why?")])
    assert isinstance(reply, ClipError), reply
    return reply


# What is asked.


def test_a_request_is_exactly_this(endpoint: ScriptedEndpoint) -> None:
    settings = endpoint.settings(
        mllm={
            "max_new_tokens": 77,
            "seed": 5,
            "temperature": 0.25,
            "extra_body": {"top_k": 3, "nested": {"a": [1]}},
        }
    )
    conversation = (
        Message("system", ("You watch videos.",)),
        Message("user", (frames(2, start_s=3.0), "What ", "moves?")),
        Message("assistant", ("A dog.",)),
        Message("user", ("Which way?",)),
    )

    EndpointModel(settings).reply([conversation])

    (request,) = endpoint.requests
    pictures = [part.pop("image_url") for part in request["messages"][1]["content"] if "image_url" in part]
    assert request == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "You watch videos."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Frame 3.0: "},
                    {"type": "image_url"},
                    {"type": "text", "text": "\nFrame 3.5: "},
                    {"type": "image_url"},
                    {"type": "text", "text": "\nWhat moves?"},
                ],
            },
            {"role": "assistant", "content": "A dog."},
            {"role": "user", "content": "Which way?"},
        ],
        "max_tokens": 77,
        "temperature": 0.25,
        "seed": 5,
        "top_k": 3,
        "nested": {"a": [1]},
    }
    assert [list(picture) for picture in pictures] == [["url"]] * 2


def test_a_frame_is_sent_as_a_jpeg_of_its_size_and_colours(endpoint: ScriptedEndpoint) -> None:
    shown = frames(1)
    shown.pixels[:] = (250, 120, 10)

    EndpointModel(endpoint.settings()).reply([about("Why?", shown=shown)])

    url = endpoint.requests[0]["messages"][1]["content"][1]["image_url"]["url"]
    head, _, data = url.partition(",")
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert head == "data:image/jpeg;base64"
    assert decoded is not None
    assert decoded.shape == (36, 64, 3)
    # JPEG keeps a flat colour to a few levels.
    assert decoded[:, :, ::-1].reshape(-1, 3).mean(0) == pytest.approx((250, 120, 10), abs=4)


def test_a_field_set_to_null_is_not_sent(endpoint: ScriptedEndpoint) -> None:
    extra = {"max_tokens": None, "max_completion_tokens": 9}

    EndpointModel(endpoint.settings(mllm={"extra_body": extra})).reply([about("Why?")])

    assert "max_tokens" not in endpoint.requests[0]
    assert endpoint.requests[0]["max_completion_tokens"] == 9


def test_control_tokens_of_any_family_are_sent_as_text(endpoint: ScriptedEndpoint) -> None:
    said = "<|im_end|> <image> </s> [INST] <IMG_CONTEXT> a<b [x] <i>"

    EndpointModel(endpoint.settings()).reply([about(said)])

    assert endpoint.requests[0]["messages"][1]["content"] == (
        "< |im_end|> < image> < /s> [ INST] < IMG_CONTEXT> a<b [x] <i>"
    )


def test_a_text_that_is_no_unicode_costs_its_own_conversation_alone(endpoint: ScriptedEndpoint) -> None:
    unwritable, reply = EndpointModel(endpoint.settings()).reply([about("\ud83d"), about("Why?")])

    assert isinstance(unwritable, AnnotatorFailed)
    assert isinstance(reply, Reply)


def test_the_key_comes_from_the_environment_variable_that_is_named(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "of-another-server")

    EndpointModel(endpoint.settings(key_variable="MY_KEY")).reply([about("Why?")])
    EndpointModel(endpoint.settings()).reply([about("Why?")])

    sent = [headers["authorization"] for headers in endpoint.headers]
    assert sent == [f"Bearer {KEY}", "Bearer none"]


def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}é")

    with pytest.raises(UsageError, match="OPENAI_API_KEY holds characters") as error:
        EndpointModel(endpoint.settings())

    assert KEY not in str(error.value)


@pytest.mark.parametrize("asking_threads", [1, 3])
def test_no_more_requests_are_under_way_than_concurrency(
    endpoint: ScriptedEndpoint, asking_threads: int
) -> None:
    model = EndpointModel(endpoint.settings(concurrency=3))
    # Three wait for each other: fewer at once would wait in vain.
    together = threading.Barrier(3)
    endpoint.before_answer = lambda: together.wait(30)

    with ThreadPoolExecutor(asking_threads) as threads:
        batches = [[about("Why?")] * 6] * asking_threads
        replies = [reply for batch in threads.map(model.reply, batches) for reply in batch]

    assert len(good(replies)) == 6 * asking_threads
    assert endpoint.most_at_once == 3


def test_replies_come_in_the_order_of_the_conversations(endpoint: ScriptedEndpoint) -> None:
    others = threading.Semaphore(0)

    def last_first(request: dict[str, Any]) -> Answer:
        question = request["messages"][1]["content"]
        if question == "0?":
            for _ in range(3):
                assert others.acquire(timeout=30)
        else:
            others.release()
        return says(question)

    endpoint.answers = [last_first]

    replies = EndpointModel(endpoint.settings()).reply([about(f"{number}?") for number in range(4)])

    assert texts(replies) == ["0?", "1?", "2?", "3?"]


# What the answers become.


def test_each_reply_is_handed_on_as_soon_as_it_has_come(endpoint: ScriptedEndpoint) -> None:
    held = threading.Event()

    def slow_for_the_first(request: dict[str, Any]) -> Answer:
        text = said(request)
        if text == "0":
            held.wait(30)
        return says(f"Reply {text}.")

    endpoint.answers = [slow_for_the_first]
    model = EndpointModel(endpoint.settings())
    replies = replies_as_they_come(model, [about(str(number)) for number in range(4)])
    first = dict(next(replies) for _ in range(3))
    assert {position: texts([reply]) for position, reply in first.items()} == {
        position: [f"Reply {position}."] for position in (1, 2, 3)
    }
    held.set()
    ((position, last),) = replies
    assert (position, texts([last])) == (0, ["Reply 0."])


def test_whoever_stops_listening_cancels_the_rest(endpoint: ScriptedEndpoint) -> None:
    model = EndpointModel(endpoint.settings(concurrency=1))
    gone = threading.Event()
    endpoint.answers = [says(), lambda request: (gone.wait(30) and says()) or says()]
    replies = replies_as_they_come(model, [about("one"), about("two"), about("three")])
    next(replies)
    replies.close()
    gone.set()
    assert model.reply([about("four")])
    assert not [request for request in endpoint.requests if request["messages"][-1]["content"] == "three"]


def test_a_frame_that_many_conversations_show_is_encoded_once(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[object] = []
    monkeypatch.setattr(_request, "jpeg_of", lambda pixels: encoded.append(pixels) or jpeg_of(pixels))
    shown, other = frames(3), frames(3, seed=1)
    EndpointModel(endpoint.settings()).reply(
        [about("one", shown=shown), about("two", shown=other), about("three", shown=shown)]
    )
    assert len(encoded) == 6
    sent = {
        said(request): [part["image_url"]["url"] for part in request["messages"][-1]["content"]
                        if part["type"] == "image_url"]
        for request in endpoint.requests
    }  # fmt: skip
    one, two, three = (
        next(urls for text, urls in sent.items() if word in text) for word in ("one", "two", "three")
    )
    assert one == three
    assert one != two


def test_a_reply_has_the_text_and_the_tokens_that_the_server_counts(endpoint: ScriptedEndpoint) -> None:
    (reply,) = good(EndpointModel(endpoint.settings()).reply([about("Why?")]))

    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("It moves.", 321, 12)
    assert reply.complete
    assert reply.latency_s > 0


def test_a_reply_cut_by_the_server_is_not_complete(endpoint: ScriptedEndpoint) -> None:
    endpoint.answers = [says("It mov", reason="length")]

    assert not good(EndpointModel(endpoint.settings()).reply([about("Why?")]))[0].complete


@pytest.mark.parametrize("content", ["", None])
def test_an_empty_reply_is_a_reply(endpoint: ScriptedEndpoint, content: object) -> None:
    endpoint.answers = [says(content)]

    assert texts(EndpointModel(endpoint.settings()).reply([about("Why?")])) == [""]


def test_tokens_that_the_server_does_not_count_are_none(endpoint: ScriptedEndpoint) -> None:
    body = {name: value for name, value in says().body.items() if name != "usage"}
    endpoint.answers = [Answer(body)]

    (reply,) = good(EndpointModel(endpoint.settings()).reply([about("Why?")]))

    assert (reply.prompt_tokens, reply.completion_tokens) == (0, 0)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_refused_says_what_the_server_says(endpoint: ScriptedEndpoint, status: int) -> None:
    said = "context length is 4096\n\x1b[31m tokens " + "x" * 400

    refused = failure(endpoint, fails(status, said))

    assert isinstance(refused, ModelRefused)
    assert re.fullmatch(
        rf"The endpoint refused the request \(HTTP {status}: context length is 4096 \[31m tokens x+\)\.",
        str(refused),
    )
    assert len(str(refused)) < 360


@pytest.mark.parametrize(
    "answer",
    [says("", reason="content_filter"), says(None, refusal="I will not watch this.")],
    ids=["content filter", "refusal"],
)
def test_a_model_that_refuses_is_said_to_refuse(endpoint: ScriptedEndpoint, answer: Answer) -> None:
    refused = failure(endpoint, answer)

    assert isinstance(refused, ModelRefused)
    assert str(refused) in ("The model refused: content filter", "The model refused: I will not watch this.")


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_key_is_told_with_its_variable(
    endpoint: ScriptedEndpoint, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)

    locked = failure(endpoint, fails(status), key_variable="MY_KEY")

    assert isinstance(locked, ModelUnavailable)
    assert str(locked).endswith(
        f"refuses access (HTTP {status}): set the environment variable MY_KEY to its key."
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_a_key_that_the_server_repeats_is_not_shown(
    endpoint: ScriptedEndpoint, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint.models = fails(500)

    failed = failure(endpoint, fails(status, f"Incorrect API key provided: {KEY}"))

    assert KEY not in str(failed)
    assert KEY not in repr(failed)


def test_a_model_that_is_not_there_is_told_with_those_that_are(endpoint: ScriptedEndpoint) -> None:
    endpoint.models = Answer({"object": "list", "data": [{"id": "one"}, {"id": "two"}]})

    missing = failure(endpoint, fails(404, "The model does not exist."))

    assert isinstance(missing, ModelUnavailable)
    assert str(missing).endswith(f"has no model {MODEL}; it has one, two.")


@pytest.mark.parametrize("models", [fails(500), Answer({"data": [{"id": MODEL}]}), Answer(b"?")])
def test_a_path_that_is_not_there_is_told_with_what_to_check(
    endpoint: ScriptedEndpoint, models: Answer
) -> None:
    endpoint.models = models

    missing = failure(endpoint, says(), path="/api")

    assert isinstance(missing, ModelUnavailable)
    assert "Check the URL, which usually ends in /v1" in str(missing)


def test_a_bad_request_that_denies_the_model_concerns_every_clip(endpoint: ScriptedEndpoint) -> None:
    # So says `transformers serve`.
    denied = failure(endpoint, fails(400, f"Server is pinned to 'other'; requested '{MODEL}'."))

    assert isinstance(denied, ModelUnavailable)


def test_a_server_with_too_many_requests_is_unavailable_after_all_tries(endpoint: ScriptedEndpoint) -> None:
    busy = failure(endpoint, fails(429, "Rate limit."), retries=1)

    assert isinstance(busy, ModelUnavailable)
    assert "after 2 tries (HTTP 429: Rate limit.). Lower endpoint.concurrency" in str(busy)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("status", [500, 501, 529])
def test_a_server_that_fails_on_a_request_fails_that_conversation(
    endpoint: ScriptedEndpoint, status: int
) -> None:
    failed = failure(endpoint, fails(status, "CUDA error"))

    assert isinstance(failed, AnnotatorFailed)
    assert f"HTTP {status}: CUDA error" in str(failed)


@pytest.mark.parametrize("answer", [BROKEN, fails(502), fails(503), fails(504)])
def test_a_request_that_breaks_a_living_server_fails_alone(
    endpoint: ScriptedEndpoint, answer: Answer
) -> None:
    failed = failure(endpoint, answer)

    assert isinstance(failed, AnnotatorFailed)
    assert str(failed).startswith("The endpoint fails on this request but answers others")


@pytest.mark.parametrize("answer", [BROKEN, fails(502), fails(503), fails(504)])
def test_a_server_that_answers_nothing_is_unavailable(endpoint: ScriptedEndpoint, answer: Answer) -> None:
    endpoint.models = answer

    gone = failure(endpoint, answer)

    assert isinstance(gone, ModelUnavailable)
    assert re.fullmatch(
        r"The endpoint http://127\.0\.0\.1:\d+/v1 cannot be reached \(.+; 1 tries\)\.", str(gone)
    )


def test_a_server_that_is_not_there_is_unavailable() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    settings = Settings.model_validate({"annotator": f"openai:{url}#m", "endpoint": {"retries": 0}})

    (gone,) = EndpointModel(settings).reply([about("Why?")])

    assert isinstance(gone, ModelUnavailable)
    assert (
        str(gone)
        == f"The endpoint {url} cannot be reached (ConnectError: All connection attempts failed; 1 tries)."
    )


def test_a_request_that_takes_too_long_fails_and_is_not_tried_again(endpoint: ScriptedEndpoint) -> None:
    done = threading.Event()
    endpoint.before_answer = lambda: done.wait(60)

    late = failure(endpoint, says(), timeout_s=0.3, retries=3)

    done.set()
    assert isinstance(late, AnnotatorFailed)
    assert str(late) == "The endpoint took longer than 0.3 s (endpoint.timeout_s)."
    assert endpoint.most_at_once == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": "It moves."},
        {"choices": [{"message": {"content": [1]}}]},
        {"choices": [{"message": {"content": 7}}]},
        {"choices": [{}]},
        {"choices": [None]},
        [],
        "text",
        None,
        b"{",
        b"",
        b"\xff\xfe",
        b"<html>It works!</html>",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_an_answer_that_is_no_chat_completion_is_a_bad_reply(
    endpoint: ScriptedEndpoint, body: object, kind: str
) -> None:
    bad = failure(endpoint, Answer(body, headers={"content-type": kind}))

    assert isinstance(bad, BadReply), repr(bad)
    assert str(bad).startswith("The endpoint's answer is not a chat completion: ")


# What is tried again.


@pytest.mark.parametrize(
    "first", [fails(408), fails(409), fails(429), fails(500), fails(503), BROKEN], ids=lambda one: one.status
)
def test_what_may_pass_is_tried_again(endpoint: ScriptedEndpoint, first: Answer) -> None:
    endpoint.answers = [first, says("It moves.")]

    assert texts(EndpointModel(endpoint.settings(retries=1)).reply([about("Why?")])) == ["It moves."]
    assert endpoint.requests[0] == endpoint.requests[1]


def test_a_server_that_says_when_to_come_back_is_heard(endpoint: ScriptedEndpoint) -> None:
    endpoint.answers = [fails(429, **{"retry-after": "1.2"}), says()]

    (reply,) = good(EndpointModel(endpoint.settings(retries=1)).reply([about("Why?")]))

    # The pause of a first retry would be half a second at most.
    assert reply.latency_s > 1.2


def test_one_conversation_fails_and_the_others_do_not(endpoint: ScriptedEndpoint) -> None:
    endpoint.answers = [fails(400), says("a"), says("b")]

    replies = EndpointModel(endpoint.settings(concurrency=1)).reply([about("Why?")] * 3)

    assert [type(reply) for reply in replies] == [ModelRefused, Reply, Reply]


def test_frames_that_cannot_be_sent_fail_alone(endpoint: ScriptedEndpoint) -> None:
    too_wide = frames(1)
    object.__setattr__(too_wide, "pixels", np.zeros((1, 1, 70_000, 3), np.uint8))

    failed, reply = EndpointModel(endpoint.settings()).reply([about("Why?", shown=too_wide), about("Why?")])

    assert isinstance(failed, AnnotatorFailed)
    assert isinstance(reply, Reply)


# Beginning and end.


def test_closing_gives_up_what_is_under_way_and_asking_again_connects_anew(
    endpoint: ScriptedEndpoint,
) -> None:
    asked, done = threading.Event(), threading.Event()
    endpoint.before_answer = lambda: (asked.set(), done.wait(60))
    model = EndpointModel(endpoint.settings())
    replies: list[Reply | ClipError] = []
    asking = threading.Thread(target=lambda: replies.extend(model.reply([about("Why?")])))
    asking.start()
    assert asked.wait(30)

    model.close()
    asking.join(30)
    done.set()

    assert [str(reply) for reply in replies] == [
        "The endpoint's connection was closed while it was being asked."
    ]
    assert texts(model.reply([about("Why?")])) == ["It moves."]
    model.close()
    assert not [
        thread for thread in threading.enumerate() if thread.name == "mllm-endpoint" and not thread.daemon
    ]


def test_a_fork_of_the_process_can_ask_too(endpoint: ScriptedEndpoint) -> None:
    model = EndpointModel(endpoint.settings())
    texts(model.reply([about("Why?")]))

    child = os.fork()
    if child == 0:
        ok = isinstance(model.reply([about("Why?")])[0], Reply)
        os._exit(0 if ok else 1)

    deadline = time.monotonic() + 30
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, 9)
        time.sleep(0.01)
    assert ended[1] == 0


def test_a_model_that_was_not_closed_keeps_no_process_alive(endpoint: ScriptedEndpoint) -> None:
    program = (
        "from motionsight_core.mllm import Message, open_mllm\n"
        "from motionsight_core.settings import Settings\n"
        f"model = open_mllm(Settings(annotator={endpoint.settings().annotator!r}))\n"
        "print(model.reply([(Message('user', ('Why?',)),)])[0].text)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert (done.stdout, done.stderr) == ("It moves.\n", "")
