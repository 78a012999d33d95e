"""An endpoint that answers as it is told to, over real sockets."""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from motionsight_core.settings import Settings

MODEL = "scripted/model"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    body: Any
    """Written as JSON, unless it is bytes."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


#: The connection ends without an answer.
BROKEN = Answer(None, status=0)


def says(text: Any = "It moves.", *, reason: str = "stop", **message: Any) -> Answer:
    """A chat completion as vLLM writes it, with fields that OpenAI does not have."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "reasoning_content": None, "tool_calls": []}
        | message,
        "logprobs": None,
        "finish_reason": reason,
        "stop_reason": None,
    }
    usage = {
        "prompt_tokens": 321,
        "total_tokens": 333,
        "completion_tokens": 12,
        "prompt_tokens_details": None,
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [choice],
    }
    return Answer(body | {"usage": usage, "prompt_logprobs": None, "kv_transfer_params": None})


def begins_with(probabilities: dict[str, float]) -> Answer:
    """A chat completion of one token, with the probabilities of the likeliest, as vLLM writes them."""
    tokens = [
        {"token": token, "logprob": math.log(share), "bytes": list(token.encode())}
        for token, share in sorted(probabilities.items(), key=lambda one: -one[1])
    ]
    answer = says(tokens[0]["token"], reason="length")
    answer.body["choices"][0]["logprobs"] = {"content": [tokens[0] | {"top_logprobs": tokens}]}
    return answer


def said(request: dict[str, Any]) -> str:
    """The words of a request's last message."""
    content = request["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def obliging(request: dict[str, Any]) -> Answer:
    """What a model that understands would say of a ball that rolls while the camera pans."""
    text = said(request)
    if "JSON" in text:
        return says('{"groups": [{"action": "rolls", "objects": ["ball"]}]}')
    if "how the camera moves" in text:
        return says("The camera pans right.")
    if "one word" in text:
        return says("camera")
    return says("B" if "letter" in text else "A ball rolls.")


def shown_videos(request: dict[str, Any]) -> Answer:
    """Says when the frames of each video are, as vLLM reads them (`VideoMediaIO.load_base64`)."""
    media = request.get("media_io_kwargs", {}).get("video", {})
    found = []
    for part in request["messages"][-1]["content"]:
        if part["type"] != "video_url":
            continue
        head, _, data = part["video_url"]["url"].partition(",")
        assert head == "data:video/jpeg;base64"
        files = [base64.b64decode(file, validate=True) for file in data.split(",")][
            : media.get("num_frames", 32)
        ]
        assert all(file.startswith(b"\xff\xd8\xff") for file in files)
        indices = media.get("frames_indices", list(range(len(files))))
        if not all(isinstance(index, int) for index in indices):
            return fails(400, "frames_indices must be a list of integers")
        if len(indices) != len(files):
            return fails(400, f"frames_indices length ({len(indices)}) must match number of frames sent")
        if media.get("total_num_frames", len(files)) < len(files):
            return fails(400, "total_num_frames must be >= number of frames sent")
        found.append([index / media.get("fps", 1) for index in indices])
    return says(json.dumps(found))


def fails(status: int, message: str = "no", **headers: str) -> Answer:
    return Answer({"error": {"message": message, "type": "x", "code": status}}, status, headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    #: As many connections as are asked for at once: the kernel resets some of those that find the queue full.
    request_queue_size = 128


class ScriptedEndpoint:
    """Answers chat completions in turn; the last answer stays."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[dict[str, Any]], Answer]] = [says()]
        self.models = Answer({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.before_answer: Callable[[], object] = lambda: None
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> ScriptedEndpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, *, path: str = "/v1", mllm: object = None, **endpoint: object) -> Settings:
        """Of an annotator at this endpoint; no second tries unless `retries` says so."""
        host, port = self._server.server_address[:2]
        annotator = f"openai:http://{host}:{port}{path}#{MODEL}"
        return Settings.model_validate(
            {"annotator": annotator, "mllm": mllm or {}, "endpoint": {"retries": 0} | endpoint}
        )

    def _next(self, request: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._lock:
            self.requests.append(request)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer

    def _count(self, change: int) -> None:
        with self._lock:
            self._at_once += change
            self.most_at_once = max(self.most_at_once, self._at_once)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint._count(1)
                try:
                    endpoint.before_answer()
                finally:
                    endpoint._count(-1)
                known = self.path == "/v1/chat/completions"
                self._write(endpoint._next(request, dict(self.headers)) if known else fails(404))

            def do_GET(self) -> None:
                self._write(endpoint.models if self.path == "/v1/models" else fails(404))

            def _write(self, answer: Answer) -> None:
                if answer is BROKEN:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                headers = {"content-type": "application/json", "content-length": str(len(body))}
                for name, value in (headers | answer.headers).items():
                    self.send_header(name, value)
                # A client that gave up is no error of the server's.
                with suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
