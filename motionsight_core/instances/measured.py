"""Captions told from the measurement, with no weights: a track's name, size and motion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from motionsight_core.annotation import Annotation, Caption
from motionsight_core.measure.object_description import Scene, subject_and_motion
from motionsight_core.measure.track_path import TrackPath
from motionsight_core.measure.wording import sentence
from motionsight_core.record import MOVING_REGION, ObjectTrack

#: When something happens tells no two things apart that are there together.
_TIMES = re.compile(r" (?:at|until|by|from|to) \d+\.\d s(?: on| to \d+\.\d s)?| throughout")


def measured_captions(annotation: Annotation, chosen: Sequence[ObjectTrack]) -> tuple[Caption, ...]:
    """A caption for each chosen track.

    It is checked where it singles its track out by construction: no other track of the clip has its name and
    moves in the same way, whatever the times. What has no name could be any other track that moves like it;
    where there are more things than tracks, nothing is certain.
    """
    motion, clip = annotation.motion, annotation.clip
    scene = Scene.of(motion, start_s=clip.start_s, end_s=clip.end_s)
    told = {
        track.track_id: (track.label, *subject_and_motion(TrackPath.of(track), (), scene))
        for track in motion.tracks
        if track.boxes
    }
    all_known = motion.objects_in_all <= len(motion.tracks)
    captions: list[Caption] = []
    for track in chosen:
        label, look, does = told[track.track_id]
        others = [(name, other) for number, (name, _, other) in told.items() if number != track.track_id]
        alone = all_known and not any(_fits(label, does, name, other) for name, other in others)
        captions.append(Caption(track.track_id, look, sentence(f"it {does}"), checked=alone))
    return tuple(captions)


def _fits(label: str, does: str, name: str, other: str) -> bool:
    """Whether a caption of this label and motion may be taken for one of another track."""
    may_be_it = MOVING_REGION in (label, name) or label == name
    return may_be_it and _TIMES.sub("", does) == _TIMES.sub("", other)
