"""Naming by a detector of object referring, on the sampled frames of a batch of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip
from motionsight_core.measure.found import FoundTracks, by_prominence, judged
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.naming.candidates import Candidate, sharpness_of
from motionsight_core.naming.moving import recognised
from motionsight_core.naming.types import Detection
from motionsight_core.naming.vocabulary import COCO_NAMES, UNSAYABLE
from motionsight_core.referring import Detector, View
from motionsight_core.settings import Settings

#: Sampled frames of a clip that are looked at, at most.
MOST_FRAMES = 10


def with_detector(settings: Settings) -> Settings:
    """The settings with which the detector that `naming.model` names is opened as one of object referring."""
    referring = settings.referring.model_copy(update={"detector": settings.naming.model})
    return settings.model_copy(update={"referring": referring})


def name_tracks(
    clips: Sequence[DecodedClip], names: Sequence[str], detector: Detector
) -> list[MotionMeasurement]:
    """The measurement of each clip with the names of its tracks.

    Args:
        clips: with sampled frames and their measurement; detected in one call, for batches across clips.
        names: what is looked for; if empty, the names of the packaged detector.
        detector: of object referring.

    Raises:
        ValueError: a clip was decoded without one of the two.
    """
    asked = tuple(names) or COCO_NAMES
    views = [View(clip, frame, asked) for clip in clips for frame in _frames(clip)]
    found = dict(zip([(id(view.clip), view.frame) for view in views], detector.detect(views), strict=True))
    return [_named(clip, found, () if names else tuple(UNSAYABLE)) for clip in clips]


def _named(
    clip: DecodedClip, found: dict[tuple[int, int], list[Detection]], unsayable: Sequence[str]
) -> MotionMeasurement:
    motion = _motion_of(clip)
    frames = _frames(clip)
    if not frames or clip.sampled is None:
        return motion
    candidates = [
        Candidate(float(clip.sampled.times_s[frame]), number, _sharpness(clip.sampled.pixels[frame]), frame)
        for number, frame in enumerate(frames)
    ]
    not_kept = motion.objects_in_all - len(motion.tracks)
    moving = FoundTracks(
        by_prominence(motion.tracks, motion.track_evidence),
        motion.track_evidence,
        max(not_kept, 0),
        motion.objects_at_once if not_kept > 0 else 0,
    )
    found_things = recognised(
        moving,
        candidates,
        lambda frame: found[id(clip), frame],
        unsayable=unsayable,
        most_frames=len(candidates),
    )
    named = judged(found_things)
    kept = {track.track_id for track in named.tracks}
    return replace(
        motion,
        tracks=named.tracks,
        track_evidence=named.evidence,
        objects_at_once=named.most_at_once,
        objects_in_all=named.in_all,
        names=named.names,
        detections=named.detections,
        # A track that became part of another has none of its own.
        repetitions=tuple(one for one in motion.repetitions if one.track_id in kept),
    )


def _frames(clip: DecodedClip) -> list[int]:
    """Which sampled frames are looked at: evenly in time, none where nothing moves."""
    if clip.sampled is None:
        raise ValueError("tracks are named in sampled frames; ask for the product 'sampled'")
    if not _motion_of(clip).tracks:
        return []
    count = min(MOST_FRAMES, len(clip.sampled))
    return np.unique(np.linspace(0, len(clip.sampled) - 1, count).round().astype(int)).tolist()


def _motion_of(clip: DecodedClip) -> MotionMeasurement:
    if clip.motion is None:
        raise ValueError("measured tracks are named; ask for the product 'motion'")
    return clip.motion


def _sharpness(pixels: NDArray[np.uint8]) -> float:
    return sharpness_of(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
