"""A clip that stays where it is."""

from __future__ import annotations

from dataclasses import dataclass

from motionsight_core.catalog import Clip


@dataclass(frozen=True, slots=True)
class Reference:
    """A span of a source, which nothing was written of. Few trainers read spans, and none a version."""

    path: str
    """The source's uri."""
    version: str
    first_s: float
    """The span's start in the source, seconds."""
    duration_s: float


def reference_to(clip: Clip) -> Reference:
    """A clip by its source and span."""
    return Reference(clip.uri, clip.version, clip.start_s, clip.end_s - clip.start_s)
