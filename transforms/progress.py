"""How far a run on this machine is: counted in the process itself.

Beam reports counters when a pipeline has ended; people want to know before.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict

_lock = threading.Lock()
#: Of each run, by attempt.
_done: defaultdict[str, Counter[str]] = defaultdict(Counter)


def count_done(run_id: str, attempt: str) -> None:
    """One more clip of the run is a row or a failure, in this attempt at its shard."""
    with _lock:
        _done[run_id][attempt] += 1


def forget(run_id: str, attempt: str) -> None:
    """The attempt failed: its clips are to be done again."""
    with _lock:
        _done[run_id].pop(attempt, None)


def clips_done(run_id: str) -> int:
    """Clips of the run that became a row or a failure in this process, so far."""
    with _lock:
        return _done[run_id].total()
