"""MotionSight's Beam transforms: references in, staged rows out."""

from __future__ import annotations

from transforms._annotate import Annotated, AnnotateMotion, MotionSightHandler
from transforms._catalog import AnnotateCatalog
from transforms._decode import DecodeClips, Decoded
from transforms._plan import PlanClips, Planned
from transforms._stage import Attempt, StageRows

__all__ = [
    "AnnotateCatalog",
    "AnnotateMotion",
    "Annotated",
    "Attempt",
    "DecodeClips",
    "Decoded",
    "MotionSightHandler",
    "PlanClips",
    "Planned",
    "StageRows",
]
