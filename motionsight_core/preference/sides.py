"""Which description stands on the left, and in which order pairs are shown: by hash, never by chance.

The same annotator sees the same pair in the same way after a restart, and on another server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from motionsight_core.preference.pairs import Pair, Side


def left_side(annotator: str, pair_id: str, seed: int = 0) -> Side:
    """The side of a pair that an annotator sees on the left."""
    return "a" if _digest("side", seed, annotator, pair_id)[0] & 1 else "b"


def ordered(pairs: Iterable[Pair], seed: int = 0) -> list[Pair]:
    """Pairs in the order in which everybody sees them: clips mixed, a clip's aspects one after the other.

    It is the same for all annotators, so that their choices overlap also where nobody comes to the end.
    """
    return sorted(
        pairs,
        key=lambda pair: (_digest("order", seed, pair.clip_id), pair.clip_id, pair.aspect, pair.pair_id),
    )


def _digest(purpose: str, seed: int, *parts: str) -> bytes:
    return hashlib.sha256("\0".join((purpose, str(seed), *parts)).encode()).digest()
