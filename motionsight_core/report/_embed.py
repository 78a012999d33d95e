"""Data and programs inside an HTML page, so that nothing in them can end the element they are in."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from datetime import datetime
from typing import Any

from markupsafe import Markup

#: What could close a script element or open a comment in it; as JSON escapes it is the same text.
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def json_text(value: Any) -> Markup:
    """JSON in ASCII that can stand in a script element; what is no number becomes null.

    ASCII, because names may hold what has no form in UTF-8, and marks that turn the direction of text.
    """
    try:
        text = json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), default=_plain, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - this is what makes it safe


def packed(value: Any) -> Markup:
    """`json_text`, deflated and in base64: a third of its size, and nothing to read until it is asked for."""
    return Markup(base64.b64encode(zlib.compress(json_text(value).encode())).decode())  # noqa: S704 - base64


def source_text(text: str) -> Markup:
    """A program or style sheet of ours, as it is.

    Raises:
        ValueError: it holds what would end its element.
    """
    lowered = text.lower()
    if any(word in lowered for word in ("</script", "</style", "<!--", "\r")):
        raise ValueError("a program of the page holds what would end its element")
    return Markup(text)  # noqa: S704 - checked above


def content_hash(text: str) -> str:
    """The source expression of a Content-Security-Policy that allows exactly this inline element."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
