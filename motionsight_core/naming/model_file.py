"""The file of the packaged detector: where it is, which bytes it must have, and how they are read.

A guarded decoding process opens no file once it is sandboxed. So it imports this module before, and calls
`preload`, which keeps the bytes.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

PATH = Path(__file__).with_name("weights") / "nanodet_g.onnx"
#: Of the file; the README beside it says where the weights come from.
SHA256 = "e36c9e4f8d250fbb497ea2e29b523692d2110c5d239175df3098c856349d1fcd"
#: What enters the recipe: other weights are another recipe.
IDENTITY = f"nanodet_g-{SHA256[:16]}"


class ModelUnusable(Exception):
    """The file is missing or damaged; str() says which and what to do, in one sentence."""


_lock = threading.Lock()
_kept: bytes | ModelUnusable | None = None


def preload() -> None:
    """Read the file, so that `model_bytes` needs no file afterwards. Never raises: `model_bytes` does."""
    global _kept
    with _lock:
        if _kept is None:
            try:
                _kept = read_model_file(PATH)
            except ModelUnusable as reason:
                _kept = reason


def model_bytes() -> bytes:
    """The file's bytes.

    Raises:
        ModelUnusable: the file is missing or damaged.
    """
    preload()
    if isinstance(_kept, bytes):
        return _kept
    assert _kept is not None  # noqa: S101  preload sees to it
    raise _kept


def read_model_file(path: Path) -> bytes:
    """The bytes of a copy of the file.

    Raises:
        ModelUnusable: it cannot be read, or is not the file that this version was released with.
    """
    remedy = "tracks get no names; reinstall motionsight, or set naming.model=none."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnusable(
            f"The detector's file {path} cannot be read ({error.strerror}): {remedy}"
        ) from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ModelUnusable(
            f"The detector's file {path} is damaged (its SHA-256 is not the released one): {remedy}"
        )
    return content
