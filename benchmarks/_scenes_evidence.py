"""What speaks for each claimed camera move and track, and whether it is right: to fit probabilities on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks._scenes_matching import BOX_IOUS, SceneResult, box_iou, is_of
from motionsight_core.measure import MotionMeasurement
from motionsight_core.synthetic import SceneTruth


def moves_with_evidence(result: SceneResult, measurement: MotionMeasurement) -> list[dict[str, Any]]:
    """A row for each move but `static`: its label, whether it is right up to parallax, its evidence."""
    if not measurement.move_evidence:
        return []
    return [
        {"label": claim.label, "right": claim.is_right, **asdict(evidence)}
        for claim, evidence in zip(result.claims, measurement.move_evidence, strict=True)
    ]


def tracks_with_evidence(truth: SceneTruth, measurement: MotionMeasurement) -> list[dict[str, Any]]:
    """A row for each track: whether most of its boxes are right, and its evidence.

    Tracks of something incidental, which are neither right nor wrong, have none.
    """
    meant = [box for track in truth.objects if not track.incidental for box in track.boxes]
    besides = [box for track in truth.objects if track.incidental for box in track.boxes]
    rows = []
    for track, evidence in zip(measurement.tracks, measurement.track_evidence, strict=True):
        right = sum(any(box_iou(box, other) >= BOX_IOUS[0] for other in meant) for box in track.boxes)
        beside = sum(any(is_of(box, other) for other in besides) for box in track.boxes)
        if 2 * right >= len(track.boxes) or 2 * beside < len(track.boxes):
            rows.append({"right": 2 * right >= len(track.boxes), **asdict(evidence)})
    return rows
