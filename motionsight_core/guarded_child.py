"""What runs inside a guarded decoding process: set the limits, then answer requests until the end.

Started by `motionsight_core.guard` with the pipe's descriptor, the memory limit in MiB and the
parent's process id as arguments.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import cv2

from motionsight_core.decoding import decode, probe
from motionsight_core.errors import ClipError, Corrupt, DecoderCrashed, TooLarge

READY = "ready"


def main() -> None:
    descriptor, memory_mb, parent = (int(argument) for argument in sys.argv[1:4])
    # Decoding in the background of a service must not starve it.
    cv2.setNumThreads(1)
    _end_with(parent)
    _limit_memory(memory_mb)
    pipe = Connection(descriptor)
    pipe.send(READY)
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            pipe.send(_answer(pipe.recv()))


def _answer(request: tuple[Any, ...]) -> Any:
    """The result, or the ClipError as an object: exceptions of libraries need not survive pickling."""
    try:
        kind, *arguments = request
        if kind == "probe":
            video, settings, path = arguments
            return probe(video, settings, path=path)
        clip, settings, products, path = arguments
        return decode(clip, settings, products=products, path=path)
    except ClipError as error:
        return type(error)(str(error))
    except MemoryError:
        return _too_much_memory()
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            return _too_much_memory()
        return Corrupt(f"The video's pictures cannot be processed: {error.err}.")
    except Exception as error:
        # A defect of ours: it costs this clip, is named in its row, and not the process.
        return DecoderCrashed(f"Decoding failed unexpectedly: {type(error).__name__}: {error}.")


def _too_much_memory() -> TooLarge:
    return TooLarge("Decoding needs more memory than limits.memory_mb allows.")


def _limit_memory(memory_mb: int) -> None:
    """Limit what this process may allocate; a no-op where the platform has no such limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with(parent: int) -> None:
    """Exit when the parent is gone, even in the middle of a request."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
