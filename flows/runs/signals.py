"""Ending in good order: what is begun is finished, nothing else is begun, and no signal is lost."""

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


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Ctrl-C takes effect when the block is left.

    For imports that take seconds: modules that are being imported catch all sorts of exceptions, and a
    KeyboardInterrupt among them would be lost. Does nothing in a thread that gets no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: came.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came.is_set():
            signal.raise_signal(signal.SIGINT)
