"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PLAIN_EVERY_S = 10.0


@contextmanager
def bar(title: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """Shows how many of `total` are done; call what it yields with the number done so far."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.update(task, completed=done)
        return
    said_at = time.monotonic()

    def say(done: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _PLAIN_EVERY_S:
            said_at = time.monotonic()
            print(f"{title}: {done} of {total}", file=sys.stderr, flush=True)

    yield say


@contextmanager
def watched(count: Callable[[], int], title: str, *, total: int) -> Iterator[None]:
    """Shows a count that others advance, while the block runs."""
    ended = threading.Event()
    with bar(title, total=total) as advance:

        def watch() -> None:
            while not ended.wait(0.25):
                advance(count())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
