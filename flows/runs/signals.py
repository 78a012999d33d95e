"""Ending in good order: what is begun is finished, and nothing else is begun."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def stop_on_sigterm(saying: str) -> Iterator[threading.Event]:
    """An event that SIGTERM sets. A second SIGTERM ends the process at once.

    Args:
        saying: one sentence, printed when the signal comes.
    """
    came = threading.Event()

    def note(number: int, frame: object) -> None:
        came.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # Not through sys.stderr: what the signal interrupted may be writing there, and nobody writes twice.
        with suppress(OSError):
            os.write(2, f"SIGTERM: {saying}\n".encode())

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)
