"""Clips of a data set that does not exist, with what was measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.from_measured import Facts, drafts_from_facts
from motionsight_core.benchmark_questions.measurements import Measurement
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.catalog import Clip
from motionsight_core.choosing import Measured
from motionsight_core.record import MOVING_REGION, CameraMove, ObjectTrack, Repetition
from motionsight_core.settings import QuestionsSettings
from tests.core.choosing.measurements import LENGTH_S, measured


def clip_named(name: str, **changes: Any) -> SourceClip:
    """A clip of LENGTH_S."""
    clip = Clip(f"/clips/{name}.mp4", "1-1", 0.0, LENGTH_S)
    made = SourceClip(
        clip_id=clip.clip_id,
        recipe="r1",
        uri=clip.uri,
        start_s=0.0,
        end_s=LENGTH_S,
        annotator="measured",
        object_motion="A dog runs to the left.",
        camera_motion="The camera pans right.",
        source="films",
        licence="CC-BY-4.0",
        cluster=None,
        split="train",
        media=f"media/{clip.clip_id}.mp4",
    )
    return replace(made, **changes)


def measurement(
    *moves: CameraMove,
    tracks: Sequence[ObjectTrack] = (),
    repetitions: Sequence[Repetition] = (),
    steadiness: str | None = None,
    name_score: float = 0.9,
    **changes: Any,
) -> Measurement:
    """As a row has it: certain, and static unless a camera move is named."""
    sure = [replace(track, score=max(track.score, 0.9)) for track in tracks]
    made = Measurement(
        width=320,
        height=180,
        fps=25.0,
        camera_moves=moves or (CameraMove(0.0, LENGTH_S, "static", 0.0, 1.0),),
        steadiness=steadiness or ("smooth" if moves else "static"),
        shot_changes=0,
        tracks=tuple(sure),
        name_scores={one.track_id: name_score for one in sure if one.label != MOVING_REGION},
        repetitions=tuple(repetitions),
        objects_at_once=len(sure),
        objects_in_all=len(sure),
    )
    return replace(made, **changes)


def as_measured(one: Measurement) -> Measured:
    """The same, as a question is answered by it."""
    moves = tuple(move for move in one.camera_moves if move.label != "static")
    return measured(*moves, tracks=one.tracks, repetitions=one.repetitions)


def drafts_of(
    measurements: Mapping[SourceClip, Measurement], **settings: Any
) -> tuple[list[Draft], list[Drop]]:
    """What is asked of clips, and which are not asked about."""
    chosen = QuestionsSettings(**settings)
    facts = Facts(chosen)
    for clip, one in measurements.items():
        facts.add(clip, one)
    return drafts_from_facts(facts, list(measurements), seed=chosen.seed)
