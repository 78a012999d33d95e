"""MotionSight's Beam transforms: references in, rows out.

    import apache_beam as beam

    from motionsight_core import clips_of
    from transforms import AnnotateMotion

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        rows, failures = pipeline | beam.Create(list(clips_of("clips"))) | AnnotateMotion()
        rows | beam.Map(lambda row: print(row.uri, row.camera_motion))

Video never crosses a shuffle: elements are references to clips, and rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transforms._annotate import Annotated, AnnotateMotion, DescribeClips
from transforms._answer import Answered, AnswerQuestions
from transforms._catalog import AnnotateCatalog
from transforms._commit import CommitRows, Job, Outcomes, begin_run
from transforms._decode import DecodeClips, Decoded
from transforms._plan import PlanClips, Planned
from transforms._scenes import DecodedScenes, DecodeScenes
from transforms._stage import Attempt, StageRows
from transforms._stage_answers import StageAnswers
from transforms._stream import AnnotateNotifications, AnnotateSource

if TYPE_CHECKING:
    from transforms._inference import MotionSightHandler
    from transforms._score import ScoreDescriptions

__all__ = [
    "AnnotateCatalog",
    "AnnotateMotion",
    "AnnotateNotifications",
    "AnnotateSource",
    "Annotated",
    "AnswerQuestions",
    "Answered",
    "Attempt",
    "CommitRows",
    "DecodeClips",
    "DecodeScenes",
    "Decoded",
    "DecodedScenes",
    "DescribeClips",
    "Job",
    "MotionSightHandler",
    "Outcomes",
    "PlanClips",
    "Planned",
    "ScoreDescriptions",
    "StageAnswers",
    "StageRows",
    "begin_run",
]


def __getattr__(name: str) -> Any:
    if name == "MotionSightHandler":
        from transforms._inference import MotionSightHandler

        return MotionSightHandler
    if name == "ScoreDescriptions":
        from transforms._score import ScoreDescriptions

        return ScoreDescriptions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
