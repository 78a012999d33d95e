"""Where a picture is that is to be decoded; apart from what decodes it, which takes long to load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """Where one picture stands in a file that holds many."""

    offset: int
    """First byte."""
    length: int
    """Bytes."""
    time_s: float
    """When it is shown, seconds of the clip."""
