"""`motionsight serve` in a process of its own, and clients of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openai
from numpy.typing import NDArray

from tests.served import PATIENCE_S, ServedProcess


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


class Serving(ServedProcess):
    """The server of the method, with one decoding process."""

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        one = {"MOTIONSIGHT_RUNTIME__DECODE_PROCESSES": "1"}
        super().__init__("serve", "--port", "0", *arguments, variables=one | dict(variables or {}))

    def client(self, key: str = "none") -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=PATIENCE_S)

    def ask(self, body: Any, *, path: str = "/v1/chat/completions", **headers: str) -> Got:
        """One POST of JSON, or of bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._got("POST", path, data, {"content-type": "application/json"} | headers)

    def get(self, path: str, **headers: str) -> Got:
        return self._got("GET", path, None, headers)

    def _got(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Got:
        status, sent, body = self.exchange(method, path, data, headers)
        return Got(status, sent, json.loads(body))


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
