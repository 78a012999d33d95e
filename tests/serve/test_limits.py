"""Bounded concurrency, time-outs, clients that go away, and the end, with a model that waits until told."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.core.mllm.scripted import MODEL, ScriptedEndpoint, fails, obliging, said, says
from tests.serve.conftest import asks
from tests.serve.serving import PATIENCE_S, Got, Serving, about, file_url

QUESTION = "Which way does it pan? Answer with the option's letter.\nA. left\nB. right"


@pytest.fixture(scope="module")
def shared_endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(clips: Path, shared_endpoint: ScriptedEndpoint) -> Iterator[Serving]:
    """A server of two slots and a queue of one, whose model is at the endpoint."""
    options = ("--concurrency", "2", "--queue", "1")
    with Serving("--root", str(clips), *options, *asks(shared_endpoint)) as serving:
        yield serving


@pytest.fixture
def endpoint(shared_endpoint: ScriptedEndpoint) -> ScriptedEndpoint:
    """An endpoint that understands, and was asked nothing yet."""
    shared_endpoint.answers = [obliging]
    shared_endpoint.requests.clear()
    shared_endpoint.most_at_once = 0
    return shared_endpoint


@pytest.fixture
def serving(shared_server: Serving, endpoint: ScriptedEndpoint) -> Serving:
    return shared_server


@pytest.fixture
def request_body(clips: Path) -> dict[str, Any]:
    return about(file_url(clips / "pan_right.mp4"), QUESTION)


@contextmanager
def held(endpoint: ScriptedEndpoint) -> Iterator[Callable[[], None]]:
    """The model answers nothing until what is given is called, or the block is left."""
    release = threading.Event()
    endpoint.before_answer = lambda: release.wait(PATIENCE_S)
    try:
        yield release.set
    finally:
        release.set()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def load(serving: Serving) -> tuple[int, int]:
    """Requests that are answered, and that wait."""
    health = serving.get("/health").body
    return health["running"], health["waiting"]


@contextmanager
def asked(serving: Serving, body: Any, times: int) -> Iterator[list[Future[Got]]]:
    """So many requests at once."""
    with ThreadPoolExecutor(times) as threads:
        yield [threads.submit(serving.ask, body) for _ in range(times)]


def test_a_model_s_reply_is_passed_on_as_it_is_and_its_tokens_are_counted(
    serving: Serving, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    endpoint.answers = [lambda request: says("camera" if "one word" in said(request) else "(B) right")]
    request_body["messages"].insert(0, {"role": "system", "content": "Think of the camera."})
    got = serving.ask(request_body)
    assert got.body["choices"][0]["message"]["content"] == "(B) right"
    assert got.body["model"] == f"openai:{MODEL}"
    assert got.body["usage"] == {"prompt_tokens": 642, "completion_tokens": 24, "total_tokens": 666}
    decoupling, question = endpoint.requests
    assert said(decoupling).endswith(f"Question: Think of the camera.\n\n{QUESTION}")
    # The words are the client's to the last: what follows the frames is the question alone.
    assert question["messages"][-1]["content"][-1]["text"].strip() == f"Think of the camera.\n\n{QUESTION}"


def test_only_so_many_are_answered_at_once_and_wait_and_others_are_told_when_to_ask_again(
    serving: Serving, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    with held(endpoint) as release, asked(serving, request_body, 3) as answers:
        until(lambda: load(serving) == (2, 1) and endpoint.most_at_once == 2)
        full = serving.ask(request_body)
        assert (full.status, full.error["code"]) == (429, "too_many_requests")
        assert full.headers["retry-after"] == "1"
        large = serving.ask(request_body | {"metadata": "x" * 8_000_000})
        assert (large.status, large.headers["retry-after"]) == (429, "1")
        release()
        assert [answer.result().status for answer in answers] == [200] * 3
    assert endpoint.most_at_once == 2
    until(lambda: load(serving) == (0, 0))


def test_a_client_that_goes_away_leaves_its_place_and_its_work_is_given_up(
    serving: Serving, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    with held(endpoint) as release:
        running = [gone(serving, request_body), gone(serving, request_body)]
        until(lambda: endpoint.most_at_once == 2)
        waiting = gone(serving, request_body)
        until(lambda: load(serving) == (2, 1))
        waiting.close()
        until(lambda: load(serving) == (2, 0))
        assert serving.ask({}).status == 400, "what is wrong is told though no slot is free"
        for client in running:
            client.close()
        others: list[socket.socket] = []

        def all_places_are_taken_again() -> bool:
            others.append(gone(serving, request_body))
            return load(serving) == (2, 3)

        until(all_places_are_taken_again)
        for client in others:
            client.close()
        until(lambda: load(serving) == (2, 0))
        release()
        until(lambda: load(serving) == (0, 0))
    # What was under way was answered, and nothing after it was asked.
    assert len(endpoint.requests) == 2
    assert serving.ask(request_body).status == 200


def gone(serving: Serving, body: Any) -> socket.socket:
    """A client that has asked, and does not wait for the answer."""
    client = socket.create_connection(("127.0.0.1", serving.port))
    data = json.dumps(body).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    client.sendall(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)
    return client


def test_a_request_that_takes_too_long_is_given_up(
    clips: Path, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    with Serving("--root", str(clips), "--timeout", "3", *asks(endpoint)) as serving:
        serving.ask(request_body)  # once the decoder runs, 3 s are enough to reach the model
        with held(endpoint) as release:
            got = serving.ask(request_body)
            release()
        assert (got.status, got.error["code"], got.error["type"]) == (504, "timeout", "server_error")
        until(lambda: load(serving) == (0, 0))
        assert serving.ask(request_body).status == 200


def test_sigterm_answers_what_was_asked_and_takes_no_more(
    clips: Path, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    options = ("--concurrency", "1", "--queue", "5")
    with Serving("--root", str(clips), *options, *asks(endpoint)) as serving:
        idle = serving.connection()
        idle.request("GET", "/health")
        idle.getresponse().read()
        with held(endpoint) as release, asked(serving, request_body, 2) as answers:
            until(lambda: load(serving) == (1, 1))
            serving.process.send_signal(signal.SIGTERM)
            until(lambda: refuses(serving))
            release()
            assert [answer.result().status for answer in answers] == [200, 200]
        idle.close()
        assert serving.process.wait(PATIENCE_S) == 143
        assert serving.error_text() == "motionsight: Ended by SIGTERM; the requests in hand were answered.\n"


def refuses(serving: Serving) -> bool:
    try:
        socket.create_connection(("127.0.0.1", serving.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_fails_behind_the_server_is_logged_and_told_in_general_words(
    serving: Serving, endpoint: ScriptedEndpoint, request_body: dict[str, Any]
) -> None:
    endpoint.answers = [fails(500, "at /home/secret/model.py")]
    failed = serving.ask(request_body)
    endpoint.answers = [fails(401, "no key at 10.0.0.7")]
    locked = serving.ask(request_body)
    endpoint.answers = [says("camera"), says("", reason="content_filter")]
    refused = serving.ask(request_body)
    logged = serving.error_text()
    assert (failed.status, failed.error["code"]) == (502, "AnnotatorFailed")
    assert (locked.status, locked.error["code"], locked.headers["retry-after"]) == (
        503,
        "ModelUnavailable",
        "5",
    )
    message = refused.body["choices"][0]["message"]
    assert (refused.status, message["content"]) == (200, "")
    assert message["refusal"] == "The model behind this server refused the request."
    said_to_clients = json.dumps([failed.body, locked.body, refused.body])
    assert "secret" not in said_to_clients and "127.0.0.1" not in said_to_clients
    assert "502 AnnotatorFailed: The endpoint failed on the request (HTTP 500: at /home/secret" in logged
    assert "503 ModelUnavailable: The endpoint http://127.0.0.1" in logged
    assert "200 refused: The model refused: content filter" in logged
