"""`openai:BASE_URL#MODEL`, taken apart, and the key that goes with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from motionsight_core.errors import UsageError

EXAMPLE = "openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct"


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """Which model at which OpenAI-compatible endpoint."""

    base_url: str
    """http(s) URL under which `/chat/completions` and `/models` are; it ends without a slash."""
    model: str
    """As the endpoint calls it."""

    @classmethod
    def parse(cls, annotator: str) -> EndpointAddress:
        """From `openai:BASE_URL#MODEL`; a URL without a path gets `/v1`.

        Raises:
            UsageError: no http(s) URL, no model, or a key in it. Never repeats what was given, as
                there may be a key in it.
        """
        url, _, model = annotator.removeprefix("openai:").strip().partition("#")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if "@" in url or "@" in parts.netloc or parts.query:
            raise UsageError(
                "The URL of an openai: annotator takes no user, password or query string: a key comes from "
                f"the environment variable that endpoint.key_variable names. For example {EXAMPLE}."
            )
        if parts.scheme not in ("http", "https") or not host:
            raise UsageError(f"An openai: annotator needs an http:// or https:// URL, for example {EXAMPLE}.")
        if not model.strip():
            raise UsageError(f"An openai: annotator needs the model after a #, for example {EXAMPLE}.")
        path = parts.path.rstrip("/") or "/v1"
        return cls(f"{parts.scheme}://{parts.netloc}{path}", model.strip())


def key_in(variable: str) -> str | None:
    """The key in an environment variable.

    Raises:
        UsageError: it cannot stand in a header; HTTP clients would print it when they say so.
    """
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"The environment variable {variable} holds characters that a key cannot have.")
    return key or None
