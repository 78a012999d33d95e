"""What is certain of what moves in a clip, as far as it can be asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from motionsight_core.benchmark_questions.measurements import Measurement
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.benchmark_questions.wording import (
    DIRECTIONS,
    OBJECT,
    SAME_SPEED,
    SLOWS_DOWN,
    SPEEDS_UP,
)
from motionsight_core.choosing.way_order import ways_in_order
from motionsight_core.choosing.ways import Way, in_picture
from motionsight_core.measure.track_path import TrackPath
from motionsight_core.measure.wording import MOMENT_S
from motionsight_core.naming.words import noun
from motionsight_core.record import MOVING_REGION, ObjectTrack

#: A way that has a direction is at least this long, frame widths ...
_LEAST_WAY = 0.2
#: ... and this near to it, cosine of the angle between.
_ALONG = 0.92
#: A way shorter than this is a movement in place, frame widths.
_IN_PLACE = 0.06
#: A speed has changed if it is so many times what it was, and is the same within the second ratio.
_CHANGED, _SAME = 2.2, 1.3


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What moves, and what the one thing does that can be asked about."""

    names: tuple[str, ...] = ()
    """Nouns of what moves, each once; empty where something that moves has no name."""
    moving: int | None = None
    """How many things move; None where this is not certain."""
    thing: str = ""
    """What questions call the one thing, such as "dog"; empty where there is none that stands out."""
    direction: str = ""
    """One of DIRECTIONS, in the picture."""
    in_order: tuple[str, str] | None = None
    """Two ways in a row in the picture, of left, right, up and down."""
    enters: str = ""
    """Edge of the frame: left, right, top or bottom."""
    leaves: str = ""
    swing: str = ""
    """up and down, or back and forth, in one place."""
    speed: str = ""
    """One of SPEEDS, before a camera that rests."""
    repetitions: int | None = None
    told: str = ""
    """What was measured of the thing, such as "goes 0.40 to the left (frame widths)"."""


def object_facts(
    clip: SourceClip, measurement: Measurement, *, confidence: float, name_score: float, camera_rests: bool
) -> ObjectFacts | str:
    """The facts, or why there are none.

    Args:
        clip: which is asked about.
        measurement: of it.
        confidence: the least that counts; what is below it may or may not move.
        name_score: the least score of a name.
        camera_rests: whether the camera is sure not to move.
    """
    if measurement.objects_at_once is None:
        return "Its objects were tracked by a model, and not measured."
    if measurement.shot_changes:
        return "Its shot changes, so that its objects are not the same throughout."
    tracks = measurement.tracks
    if not tracks:
        return "Nothing was measured that moves by itself."
    doubtful = [track for track in tracks if track.score < confidence]
    if doubtful:
        return (
            "What moves is less certain than questions.confidence: a track scores "
            f"{min(track.score for track in doubtful):.2f}."
        )
    names = [_name(track, measurement, name_score) for track in tracks]
    counted = measurement.objects_at_once == measurement.objects_in_all == len(tracks)
    facts = ObjectFacts(
        names=() if "" in names else tuple(dict.fromkeys(names)), moving=len(tracks) if counted else None
    )
    only = _only(names)
    if only is None:
        return facts
    track = tracks[only]
    facts = replace(facts, thing=names[only] or OBJECT, **_way_facts(track, clip, measurement, camera_rests))
    repeated = [one for one in measurement.repetitions if one.confidence >= confidence]
    if len(measurement.repetitions) == len(repeated) == 1 and repeated[0].track_id == track.track_id:
        facts = replace(facts, repetitions=repeated[0].count)
    return facts


def _name(track: ObjectTrack, measurement: Measurement, least: float) -> str:
    sure = track.label != MOVING_REGION and measurement.name_scores.get(track.track_id, 0.0) >= least
    return noun(track.label) if sure else ""


def _only(names: Sequence[str]) -> int | None:
    """The one track that there is, or the first of those whose name no other has."""
    if len(names) == 1:
        return 0
    if "" in names:
        return None
    counts = Counter(names)
    return next((place for place, name in enumerate(names) if counts[name] == 1), None)


def _way_facts(
    track: ObjectTrack, clip: SourceClip, measurement: Measurement, camera_rests: bool
) -> dict[str, Any]:
    """Where a track goes; of what repeats its motion, and of what turns, there is no one direction."""
    path, aspect = TrackPath.of(track), measurement.width / measurement.height
    way = in_picture(path, aspect)
    repeats = any(one.track_id == track.track_id for one in measurement.repetitions)
    in_order = None if repeats else ways_in_order(path, aspect)
    direction = "" if repeats or in_order or way.swing else _direction(way)
    return {
        "direction": direction,
        "in_order": in_order,
        "enters": path.entry_edge() if track.start_s - clip.start_s > MOMENT_S else "",
        "leaves": path.exit_edge() if clip.end_s - track.end_s > MOMENT_S else "",
        "swing": way.swing if way.length < _IN_PLACE and not repeats else "",
        "speed": _speed(path, way) if camera_rests and direction else "",
        "told": way.told(),
    }


def _direction(way: Way) -> str:
    if way.length < _LEAST_WAY:
        return ""
    for words, (right, down) in DIRECTIONS.items():
        if way.right * right - way.up * down >= _ALONG * way.length:
            return words
    return ""


def _speed(path: TrackPath, way: Way) -> str:
    """One of SPEEDS, where the change is clear, or clearly none."""
    change = path.speed_change()
    ratio = way.late / max(way.early, 1e-6)
    if change == "speeding up" and ratio > _CHANGED:
        return SPEEDS_UP
    if change == "slowing down" and ratio < 1 / _CHANGED:
        return SLOWS_DOWN
    return SAME_SPEED if not change and 1 / _SAME < ratio < _SAME else ""
