"""Clients are shared by a process; one that was made with other credentials than today's serves nobody.

Clouds' and endpoints' clients take their credentials from the environment when they are made. Whoever
changes these variables in a running process says so here, and clients are made anew.
"""

from __future__ import annotations

import itertools

_changes = itertools.count(1)
_epoch = 0


def credentials_epoch() -> int:
    """Part of the key under which a process keeps a client; another number, other credentials."""
    return _epoch


def credentials_changed() -> None:
    """From now on no client is used that was made before."""
    global _epoch
    _epoch = next(_changes)
