"""How many requests are answered at once, how many wait, and what becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from motionsight_core.serving import RequestError

T = TypeVar("T")

#: Seconds after which a client that found the queue full may ask again.
_RETRY_AFTER_S = 1


class Slots:
    """Threads in which requests are answered, and a queue of bounded length before them.

    Args:
        count: requests that are answered at once.
        queue: requests that may wait for a slot.
    """

    def __init__(self, count: int, queue: int) -> None:
        self._most = count + queue
        self._free = asyncio.Semaphore(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="answer")
        self._present = 0
        self.running = 0
        """Slots that are taken, also by work that nobody waits for any more."""
        self.waiting = 0
        """Requests that wait for a slot."""

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, which is taken before a body is read, so that memory is bounded.

        Raises:
            RequestError: there is none.
        """
        if self._present >= self._most:
            raise RequestError(
                429,
                "too_many_requests",
                f"This server has {self._most} requests at once already; ask again.",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    async def run(self, work: Callable[[], T]) -> T:
        """Do blocking work when there is a slot for it.

        A slot is free again when the work has ended, also where nobody waits for it any more.
        """
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        loop = asyncio.get_running_loop()
        done = self._threads.submit(work)
        done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._release))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Take no more work; what is being done is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _release(self) -> None:
        self.running -= 1
        self._free.release()
