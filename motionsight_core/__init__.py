"""MotionSight's library: decode, prompt, measure, describe. Imports neither Beam nor Prefect.

    from motionsight_core import MotionSight, clips_of

    for row in MotionSight().describe(clips_of("clips")):
        print(row.uri, row.camera_motion)

`motionsight.py` is the method in one file. The names below are stable; docs/api.md lists all that are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motionsight_core.annotation import Answer as Answer
    from motionsight_core.annotation import Asked as Asked
    from motionsight_core.catalog import Clip as Clip
    from motionsight_core.catalog import VideoObject as VideoObject
    from motionsight_core.environment import DEFAULT_WAREHOUSE as DEFAULT_WAREHOUSE
    from motionsight_core.motionsight import MotionSight as MotionSight
    from motionsight_core.planning.plan import clips_of as clips_of
    from motionsight_core.questions import Query as Query
    from motionsight_core.record import Failure as Failure
    from motionsight_core.record import MotionRecord as MotionRecord
    from motionsight_core.settings import Settings as Settings
    from motionsight_core.video.decoding import decode as decode

__version__ = "0.1.0"

# Names are imported when they are first used: the command line must answer --help at once, and a
# planner needs no decoder.
_HOMES = {
    "Answer": "annotation",
    "Asked": "annotation",
    "Clip": "catalog",
    "DEFAULT_WAREHOUSE": "environment",
    "Failure": "record",
    "MotionRecord": "record",
    "MotionSight": "motionsight",
    "Query": "questions",
    "Settings": "settings",
    "VideoObject": "catalog",
    "clips_of": "planning.plan",
    "decode": "video.decoding",  # not decode.py: a module of that name would hide the function
}

__all__ = [
    "DEFAULT_WAREHOUSE",
    "Answer",
    "Asked",
    "Clip",
    "Failure",
    "MotionRecord",
    "MotionSight",
    "Query",
    "Settings",
    "VideoObject",
    "clips_of",
    "decode",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"motionsight_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
