"""Choices that look random and never change: by a hash of what is chosen for, and the seed."""

from __future__ import annotations

import hashlib


def digest(*parts: object) -> str:
    """SHA-256 of the parts, joined by NUL characters, as hex digits."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def share(*parts: object) -> float:
    """A number in [0, 1), evenly spread over different parts."""
    return int(digest(*parts)[:13], 16) / 16**13
