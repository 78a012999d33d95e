"""A chat completion that is answered by the method: the request read, its video opened, the reply written.

    from motionsight_core.serving import read_request

    body = b'{"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "file:///a.mp4"}}]}]}'
    print(read_request(body).video)  # file:///a.mp4

The form is OpenAI's (https://platform.openai.com/docs/api-reference/chat), with `video_url` parts as vLLM and
lmms-eval write them. Nothing here knows of sockets; `flows.serve` is the server.
"""

from __future__ import annotations

from motionsight_core.serving.answering import Said, Sights
from motionsight_core.serving.completion import completion, error_body, events, model_list
from motionsight_core.serving.opening import MediaLimits, Opening
from motionsight_core.serving.refusals import RequestError, said_to_client
from motionsight_core.serving.request import ChatRequest, read_request
from motionsight_core.serving.roots import Roots

__all__ = [
    "ChatRequest",
    "MediaLimits",
    "Opening",
    "RequestError",
    "Roots",
    "Said",
    "Sights",
    "completion",
    "error_body",
    "events",
    "model_list",
    "read_request",
    "said_to_client",
]
