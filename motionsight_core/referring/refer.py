"""Object referring (section 3.2, eq. 2): from names to boxes to trajectories.

The named objects are detected in key frames. Those of the first are followed through the clip; those
of a later one that no known trajectory explains have entered since, and are followed both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.referring._base import Detection, Detector, Tracker, Trajectory, View, sampled_of
from motionsight_core.referring._boxes import box_iou
from motionsight_core.referring._measured import MeasuredDetector
from motionsight_core.referring.masks import Mask, mask_iou
from motionsight_core.settings import ReferringSettings

#: IoU from which on a detected and a tracked box are the same object, where there are no masks. Boxes
#: of one object jitter with every limb that a detector takes in or not, so the masks' 0.8 would find
#: the same object anew at each key frame; 0.5 is what Pascal VOC counts as found.
SAME_BOX_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Referred:
    """One object that was found by its name and followed."""

    track_id: int
    """1 and up, best first."""
    label: str
    """The name that it was found for."""
    score: float
    """Of its detection, 0 to 1."""
    trajectory: Trajectory


def refer(
    clips: Sequence[DecodedClip],
    names: Sequence[tuple[str, ...]],
    detector: Detector,
    tracker: Tracker,
    settings: ReferringSettings,
) -> list[tuple[Referred, ...] | Exception]:
    """The named objects of each clip, or the exception that this clip raised; never raises for one.

    A clip's objects are ranked by score times the share of sampled frames in which they are seen, and
    the best `max_objects` of them are kept. In a key frame no more detections than that are followed.

    Args:
        clips: with sampled frames; detected in one call, for batches across clips.
        names: of each clip, the objects to look for.
        detector: finds them in the key frames: the first sampled frame and every
            `redetect_every`-th one after it. The measured detector, which costs nothing, is asked in
            every frame.
        tracker: follows what was found.
        settings: thresholds and limits.
    """
    every = 1 if isinstance(detector, MeasuredDetector) else settings.redetect_every
    found = _detected(clips, names, detector, every)
    answers: list[tuple[Referred, ...] | Exception] = []
    for clip, detections in zip(clips, found, strict=True):
        if isinstance(detections, Exception):
            answers.append(detections)
            continue
        try:
            answers.append(_referred(clip, detections, tracker, settings))
        except Exception as error:
            answers.append(error)
    return answers


def to_object_tracks(referred: Sequence[Referred], times_s: NDArray[np.float64]) -> tuple[ObjectTrack, ...]:
    """The objects as the record and `focus_regions` take them: a box for each frame in which one is seen.

    Args:
        referred: objects of one clip; those that are never seen are left out.
        times_s: [T] times of the sampled frames, source seconds.
    """
    return tuple(
        _object_track(referred_object, times_s)
        for referred_object in referred
        if referred_object.trajectory.seen.any()
    )


#: A clip's key frames, in order, with what was detected in each.
_KeyFrames = list[tuple[int, list[Detection]]]


def _detected(
    clips: Sequence[DecodedClip], names: Sequence[tuple[str, ...]], detector: Detector, every: int
) -> list[_KeyFrames | Exception]:
    views: list[list[View] | Exception] = []
    for clip, clip_names in zip(clips, names, strict=True):
        try:
            frames = range(0, len(sampled_of(clip)), every)
        except ValueError as error:
            views.append(error)
            continue
        views.append([View(clip, frame, clip_names) for frame in frames])
    good = [clip_views for clip_views in views if not isinstance(clip_views, Exception)]
    found = iter(_detected_together(good, detector))
    return [clip_views if isinstance(clip_views, Exception) else next(found) for clip_views in views]


def _detected_together(clips: list[list[View]], detector: Detector) -> list[_KeyFrames | Exception]:
    try:
        found = iter(detector.detect([view for views in clips for view in views]))
    except Exception as error:
        if len(clips) <= 1:
            return [error] * len(clips)
        # One of them is to blame: the others get their answer alone.
        return [answer for views in clips for answer in _detected_together([views], detector)]
    return [[(view.frame, next(found)) for view in views] for views in clips]


def _referred(
    clip: DecodedClip, key_frames: _KeyFrames, tracker: Tracker, settings: ReferringSettings
) -> tuple[Referred, ...]:
    known: list[tuple[Detection, Trajectory]] = []
    for frame, detections in key_frames:
        detections = sorted(detections, key=lambda detection: -detection.score)
        trajectories = [trajectory for _, trajectory in known]
        entered = _unexplained(clip, frame, detections, trajectories, tracker, settings)
        entered = entered[: settings.max_objects]
        if not entered:
            continue
        followed = tracker.track(clip, frame, _array(entered))
        for detection, trajectory in zip(entered, followed, strict=True):
            if not any(_coincide(trajectory, other, settings.mask_iou) for _, other in known):
                known.append((detection, trajectory))
    ranked = sorted(known, key=lambda one: -one[0].score * float(one[1].seen.mean()))
    return tuple(
        Referred(number, detection.label, detection.score, trajectory)
        for number, (detection, trajectory) in enumerate(ranked[: settings.max_objects], 1)
        if trajectory.seen.any()
    )


def _unexplained(
    clip: DecodedClip,
    frame: int,
    detections: list[Detection],
    known: list[Trajectory],
    tracker: Tracker,
    settings: ReferringSettings,
) -> list[Detection]:
    """The detections of one frame that are none of the known objects.

    Masks tell objects apart even where they overlap, so that every detection with an object's mask is
    that object. Boxes do not: there an object explains one detection, the one that fits best.
    """
    seen = [trajectory for trajectory in known if trajectory.seen[frame]]
    if not seen or not detections:
        return detections
    boxes = _array(detections)
    masks = tracker.segment(clip, frame, boxes)
    by_box = box_iou(boxes, np.stack([trajectory.boxes[frame] for trajectory in seen]))
    explained: set[int] = set()
    spent: set[int] = set()
    for detection, other in zip(*np.unravel_index(np.argsort(-by_box, axis=None), by_box.shape), strict=True):
        mask, other_mask = masks[detection], seen[other].masks[frame]
        if mask is not None and other_mask is not None:
            if mask_iou(mask, other_mask) >= settings.mask_iou:
                explained.add(int(detection))
        elif by_box[detection, other] >= SAME_BOX_IOU and detection not in explained and other not in spent:
            explained.add(int(detection))
            spent.add(int(other))
    return [detection for number, detection in enumerate(detections) if number not in explained]


def _coincide(one: Trajectory, other: Trajectory, least_iou: float) -> bool:
    """Whether two trajectories overlap by that much on average, where both are seen."""
    both = np.flatnonzero(one.seen & other.seen)
    if not len(both):
        return False
    return float(np.mean([_iou_at(int(frame), one, other) for frame in both])) >= least_iou


def _iou_at(frame: int, one: Trajectory, other: Trajectory) -> float:
    mask, other_mask = one.masks[frame], other.masks[frame]
    if isinstance(mask, Mask) and isinstance(other_mask, Mask):
        return mask_iou(mask, other_mask)
    return float(box_iou(one.boxes[frame : frame + 1], other.boxes[frame : frame + 1])[0, 0])


def _array(detections: Sequence[Detection]) -> NDArray[np.float64]:
    return np.array([detection.box for detection in detections], np.float64).reshape(-1, 4)


def _object_track(referred: Referred, times_s: NDArray[np.float64]) -> ObjectTrack:
    frames = np.flatnonzero(referred.trajectory.seen)
    boxes = tuple(
        Box(round(float(times_s[frame]), 3), *np.round(referred.trajectory.boxes[frame], 4).tolist())
        for frame in frames
    )
    return ObjectTrack(
        track_id=referred.track_id,
        label=referred.label,
        score=round(float(referred.score), 4),
        start_s=boxes[0].t_s,
        end_s=boxes[-1].t_s,
        boxes=boxes,
    )
