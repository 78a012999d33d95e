"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PLAIN_EVERY_S = 10.0


@contextmanager
def bar(
    title: str, *, total: int, remark: Callable[[int], str] | None = None
) -> Iterator[Callable[[int], None]]:
    """Shows how many of `total` are done; call what it yields with the number done so far.

    Args:
        remark: what to say beside a number done; the time to go, if unset.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        last = TimeRemainingColumn() if remark is None else TextColumn("{task.fields[remark]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), last)
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(title, total=total, remark="")
            yield lambda done: progress.update(task, completed=done, remark=remark(done) if remark else "")
        return
    said_at = time.monotonic()

    def say(done: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _PLAIN_EVERY_S:
            said_at = time.monotonic()
            said = remark(done) if remark else ""
            print(f"{title}: {done} of {total}{said and '; ' + said}", file=sys.stderr, flush=True)

    yield say


@contextmanager
def watched(
    count: Callable[[], int], title: str, *, total: int, remark: Callable[[int], str] | None = None
) -> Iterator[None]:
    """Shows a count that others advance, while the block runs; `remark` as for `bar`."""
    ended = threading.Event()
    with bar(title, total=total, remark=remark) as advance:

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
