"""When a flow run is cancelled, or its process is told to end: nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.exceptions import TerminationSignal


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Ends the decoding processes where the block is left by a signal.

    Beam's threads wait for them; without them a pipeline that nobody waits for any more ends soon, and so
    does this process.
    """
    try:
        yield
    except (TerminationSignal, KeyboardInterrupt):
        from motionsight_core.guarded.pool import close_shared_decoders

        close_shared_decoders()
        raise
