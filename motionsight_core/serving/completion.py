"""The bodies of answers, as OpenAI's clients read them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from motionsight_core.serving.answering import Said
from motionsight_core.serving.refusals import RequestError


def completion(said: Said, model: str) -> dict[str, Any]:
    """A chat completion.

    A refusal is the field `refusal`, beside a content that is empty: a harness that looks for a letter in the
    content finds none in it.
    """
    message = {"role": "assistant", "content": said.text, "refusal": said.refusal or None}
    return {
        **_head("chat.completion", model),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(said),
        "motionsight": _evidence(said),
    }


def events(said: Said, model: str, *, include_usage: bool) -> Iterator[bytes]:
    """The same as server-sent events. The method gives its text at its end, so it is one piece."""
    head = _head("chat.completion.chunk", model)

    def chunk(**fields: Any) -> bytes:
        usage = {"usage": None} if include_usage else {}
        return f"data: {json.dumps(head | usage | fields, ensure_ascii=False)}\n\n".encode()

    def choice(delta: dict[str, Any], reason: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]

    yield chunk(choices=choice({"role": "assistant", "content": ""}))
    yield chunk(choices=choice({"refusal": said.refusal} if said.refusal else {"content": said.text}))
    yield chunk(choices=choice({}, "stop"), motionsight=_evidence(said))
    if include_usage:
        yield chunk(choices=[], usage=_usage(said))
    yield b"data: [DONE]\n\n"


def error_body(error: RequestError) -> dict[str, Any]:
    """An error in OpenAI's form."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def model_list(names: tuple[str, ...], created: int) -> dict[str, Any]:
    """The models of a server."""
    data = [{"id": name, "object": "model", "created": created, "owned_by": "motionsight"} for name in names]
    return {"object": "list", "data": data}


def _head(kind: str, model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def _usage(said: Said) -> dict[str, int]:
    return {
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.completion_tokens,
        "total_tokens": said.prompt_tokens + said.completion_tokens,
    }


def _evidence(said: Said) -> dict[str, Any] | None:
    """What OpenAI's form has no place for: what the answer rests on."""
    if said.answer is None:
        return None
    answer = said.answer
    return {
        "aspect": answer.aspect,
        "evidence": answer.evidence or None,
        "object_names": list(answer.object_names),
        "notes": list(answer.notes),
    }
