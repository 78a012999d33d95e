"""`motionsight serve` in a process of its own, and clients of it."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import openai
from numpy.typing import NDArray

from tests.warm import environment

#: A test waits for nothing that takes longer, seconds.
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Got:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any
    """Of JSON."""

    @property
    def error(self) -> dict[str, Any]:
        return self.body["error"]


class Serving:
    """A running server; leaving the `with` block kills it."""

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self.errors = TemporaryFile()  # noqa: SIM115 closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment() | {"MOTIONSIGHT_RUNTIME__DECODE_PROCESSES": "1"} | dict(variables or {}),
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()  # comes when the port is open, or ends with the process
        self.url = self.said.rpartition(" ")[2].strip()
        self.port = urlsplit(self.url).port

    def __enter__(self) -> Serving:
        if not self.url:
            self.process.wait(PATIENCE_S)
        assert self.url.startswith("http"), self.error_text()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()

    def error_text(self) -> str:
        """What it has written to standard error."""
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def client(self, key: str = "none") -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=PATIENCE_S)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, body: Any, *, path: str = "/v1/chat/completions", **headers: str) -> Got:
        """One POST of JSON, or of bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self._got("POST", path, data, given)

    def get(self, path: str, **headers: str) -> Got:
        return self._got("GET", path, None, headers)

    def _got(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Got:
        connection = self.connection()
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            sent = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, sent, json.loads(answer.read()))
        finally:
            connection.close()


def about(address: str, question: str = "", **fields: Any) -> dict[str, Any]:
    """A request about a video, as lmms-eval's `openai` model sends it with `pass_video_url`."""
    content: list[dict[str, Any]] = [{"type": "video_url", "video_url": {"url": address}}]
    if question:
        content.append({"type": "text", "text": question})
    return {"model": "motionsight", "messages": [{"role": "user", "content": content}]} | fields


def file_url(path: Path) -> str:
    return f"file://{path}"


def image_part(frame: NDArray[np.uint8], kind: str = "jpeg") -> dict[str, Any]:
    """A frame [h, w, 3] RGB as a part of a message."""
    _, data = cv2.imencode(f".{kind}", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return {"type": "image_url", "image_url": {"url": data_url(data.tobytes(), f"image/{kind}")}}


def data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def frames_message(
    frames: Sequence[NDArray[np.uint8]], question: str, *, marks: Sequence[str] = (), kind: str = "jpeg"
) -> list[Any]:
    """The messages of a question about frames, each after its mark."""
    content: list[dict[str, Any]] = []
    for number, frame in enumerate(frames):
        if marks:
            content.append({"type": "text", "text": marks[number]})
        content.append(image_part(frame, kind))
    return [{"role": "user", "content": [*content, {"type": "text", "text": question}]}]
