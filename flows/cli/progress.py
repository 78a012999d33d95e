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
    title: str, *, total: int, unit: str = "", remark: Callable[[int], str] | None = None
) -> Iterator[Callable[[int], None]]:
    """Shows how many of `total` are done; call what it yields with the number done so far.

    What is done twice, because it had to be tried again, does not count as more than there is.

    Args:
        total: how many there are.
        unit: of what, in the plural.
        remark: what to say beside a number done; the time to go, if unset.
    """
    show = _drawn if sys.stderr.isatty() else _plain
    with show(title, total, unit, remark) as advance:
        yield lambda done: advance(min(done, total))


@contextmanager
def _drawn(
    title: str, total: int, unit: str, remark: Callable[[int], str] | None
) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    last = TimeRemainingColumn() if remark is None else TextColumn("{task.fields[remark]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), last)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, count="", remark="")
        yield lambda done: progress.update(
            task, completed=done, count=counted(done, total, unit), remark=remark(done) if remark else ""
        )


@contextmanager
def _plain(
    title: str, total: int, unit: str, remark: Callable[[int], str] | None
) -> Iterator[Callable[[int], None]]:
    said_at = time.monotonic()

    def say(done: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _PLAIN_EVERY_S:
            said_at = time.monotonic()
            said = remark(done) if remark else ""
            line = f"{title}: {counted(done, total, unit)}{said and '; ' + said}"
            print(line, file=sys.stderr, flush=True)

    yield say


def counted(done: int, total: int, unit: str) -> str:
    """For example `3 of 7 videos`."""
    return f"{done} of {total} {unit}".rstrip()


@contextmanager
def watched(
    count: Callable[[], int],
    title: str,
    *,
    total: int,
    unit: str = "",
    remark: Callable[[int], str] | None = None,
) -> Iterator[None]:
    """Shows a count that others advance, while the block runs; arguments as for `bar`."""
    ended = threading.Event()
    with bar(title, total=total, unit=unit, remark=remark) as advance:

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
