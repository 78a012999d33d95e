"""What an endpoint's answer means: a reply, or which error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from motionsight_core.errors import AnnotatorFailed, BadReply, ClipError, ModelRefused, one_line
from motionsight_core.mllm._base import Reply

if TYPE_CHECKING:
    import openai  # which takes a second to import, and models in this process use this module as well

#: The request itself is refused: a content filter, a prompt too long, an image it will not read.
REFUSED = (400, 413, 422)
#: How servers say that they take no frames as a video. vLLM: "At most 0 video(s) may be provided", old ones
#: fail on `VideoMetadata`; `transformers serve`: "Unexpected fields in the request: {'media_io_kwargs'}";
#: OpenAI: "Invalid value: 'video_url'"; llama.cpp: "unsupported content[].type"; others say that they do not
#: support video input.
_NO_VIDEO = re.compile(
    r"media_io_kwargs|video_url|VideoMetadata|at most \d+ video|unsupported content\[\]\.type"
    r"|(?:not |un)support(?:s|ed)?\b.*\bvideo|\bvideo\b.*(?:not |un)support",
    re.IGNORECASE,
)
#: Who stands in for the model (a proxy, a load balancer) cannot reach it.
GATEWAY = (502, 503, 504)


def choice_of(completion: Any) -> Any:
    """The one choice in the body of a chat completion, which the SDK does not check, or the ClipError."""
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        return BadReply("The endpoint's answer is not a chat completion: it has no choices.")
    refusal = getattr(getattr(choices[0], "message", None), "refusal", None)
    if refusal or getattr(choices[0], "finish_reason", None) == "content_filter":
        return ModelRefused(f"The model refused: {one_line(str(refusal or 'content filter'))}")
    return choices[0]


def reply_of(completion: Any, latency_s: float) -> Reply | ClipError:
    """The reply in the body of a chat completion."""
    choice = choice_of(completion)
    if isinstance(choice, ClipError):
        return choice
    content = getattr(getattr(choice, "message", None), "content", 0)
    if not isinstance(content, str | None):
        return BadReply("The endpoint's answer is not a chat completion: its content is not text.")
    usage = getattr(completion, "usage", None)
    return Reply(
        text=content or "",
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        latency_s=latency_s,
        complete=getattr(choice, "finish_reason", None) != "length",
    )


def refusal_of(error: openai.APIStatusError) -> ClipError:
    """The error for a status that concerns this request alone."""
    said = f"HTTP {error.status_code}: {server_says(error)}"
    if error.status_code in REFUSED:
        return ModelRefused(f"The endpoint refused the request ({said}).")
    return AnnotatorFailed(f"The endpoint failed on the request ({said}).")


def refuses_logprobs(error: openai.APIStatusError) -> bool:
    """Whether a bad request is bad because the endpoint gives no log-probabilities: true of every clip."""
    return error.status_code in REFUSED and "logprob" in server_says(error).casefold()


def refuses_video(error: openai.APIStatusError) -> bool:
    """Whether a request with frames as a video failed since the endpoint takes none: true of every clip."""
    return error.status_code in (*REFUSED, 500) and bool(_NO_VIDEO.search(server_says(error)))


def denies_model(error: openai.APIStatusError, model: str) -> bool:
    """Whether a bad request is bad because the endpoint does not serve the model: true of every clip.

    Most endpoints say 404; `transformers serve` and some gateways say 400.
    """
    if error.code == "model_not_found" or error.param == "model":
        return True
    named = re.search(rf"""['"`]{re.escape(model)}['"`]""", error.message)
    return bool(named and re.search(r"\b(requested|not found|not exist|no such|unknown)\b", error.message))


def server_says(error: openai.APIStatusError) -> str:
    """The server's own message, one line of at most 300 characters."""
    body: Any = error.body
    for name in ("message", "detail", "error"):
        if isinstance(body, dict) and body.get(name):
            body = body[name]
            break
    return one_line(body, unprintable=" ") if body else "no message"


def _count(usage: Any, name: str) -> int:
    count = getattr(usage, name, None)
    return count if isinstance(count, int) else 0
