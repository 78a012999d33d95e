"""How far a run on this machine is: counted in the process itself.

Beam reports counters when a pipeline has ended; people want to know before.
"""

from __future__ import annotations

import threading
from collections import Counter

_lock = threading.Lock()
_done: Counter[str] = Counter()


def count_done(run_id: str) -> None:
    """One more clip of the run is a row or a failure."""
    with _lock:
        _done[run_id] += 1


def clips_done(run_id: str) -> int:
    """Clips of the run that became a row or a failure in this process, so far."""
    with _lock:
        return _done[run_id]
