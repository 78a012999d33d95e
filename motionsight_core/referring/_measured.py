"""Referring with no weights: the moving regions that the measurement found are the objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.referring._base import Detection, Trajectory, View, sampled_of
from motionsight_core.referring._boxes import box_iou, boxes_at
from motionsight_core.referring.masks import Mask

#: Overlap below which a box and a measured track have nothing to do with each other. Low, because a
#: measured region is what moves of an object, often a part of it.
LEAST_IOU = 0.1


class MeasuredDetector:
    """Finds what moves, under its own label and score, whatever names and thresholds say.

    The measurement knows regions, not what they are; a name that an LLM gave cannot be looked up.
    """

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        """The measured tracks that are present at each view's time, best first.

        Raises:
            ValueError: a clip was decoded without the product `motion`.
        """
        return [self._in_view(view) for view in views]

    def _in_view(self, view: View) -> list[Detection]:
        tracks = _motion_of(view.clip).tracks
        boxes = boxes_at(tracks, sampled_of(view.clip).times_s[view.frame : view.frame + 1])[:, 0]
        found = [
            Detection(track.label, track.score, (box[0], box[1], box[2], box[3]))
            for track, box in zip(tracks, boxes.tolist(), strict=True)
            if box[0] < box[2] and box[1] < box[3]  # false for NaN
        ]
        return sorted(found, key=lambda detection: -detection.score)


class MeasuredTracker:
    """Follows a box along the measured track that it overlaps; knows boxes only, no masks."""

    def segment(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Mask | None]:
        """None for each box."""
        return [None] * len(boxes)

    def track(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Trajectory]:
        """For each box the measured track that overlaps it best, each track for one box.

        A box that no track overlaps stays where it is in all frames: an object not seen to move.

        Raises:
            ValueError: the clip was decoded without the product `motion`.
        """
        measured = boxes_at(_motion_of(clip).tracks, sampled_of(clip).times_s)
        count = measured.shape[1]
        followed = {box: measured[track] for box, track in _matches(boxes, measured[:, frame])}
        return [
            Trajectory(followed.get(number, np.tile(box, (count, 1))), (None,) * count)
            for number, box in enumerate(boxes)
        ]


def _matches(boxes: NDArray[np.float64], measured: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs (box, track), the best overlap first, each box and each track once."""
    iou = box_iou(boxes, measured)
    pairs: list[tuple[int, int]] = []
    while iou.size and iou.max() >= LEAST_IOU:
        box, track = np.unravel_index(int(iou.argmax()), iou.shape)
        pairs.append((int(box), int(track)))
        iou[box, :] = iou[:, track] = 0.0
    return pairs


def _motion_of(clip: DecodedClip) -> MotionMeasurement:
    if clip.motion is None:
        raise ValueError("the measured detector and tracker need a clip decoded with the product 'motion'")
    return clip.motion
