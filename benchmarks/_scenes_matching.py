"""What of a measurement is right: one scene's truth against what was measured of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.measure import MotionMeasurement
from motionsight_core.record import Box, CameraMove, ObjectTrack
from motionsight_core.settings import MeasureSettings
from motionsight_core.synthetic import Move, SceneTruth, TrueTrack

FAMILY = {"truck": "pan", "pedestal": "tilt", "dolly": "zoom"}
#: Least common time over the union of the true and the measured span.
LEAST_SPAN_IOU = 0.5
BOX_IOUS = (0.3, 0.5)
#: A cut is found when it is said within this time, seconds: the frames measured are a tenth apart.
CUT_TOLERANCE_S = 0.15
#: True boxes below this share of the frame are left out: nearly out of it.
LEAST_BOX = 0.002


@dataclass(frozen=True)
class Claim:
    """One move that the measurement claims (`static` is one)."""

    label: str
    confidence: float
    is_right: bool
    """Up to parallax: a pan is right where a truck was true."""
    is_exact: bool
    """With its very label."""


@dataclass
class BoxCounts:
    """At one overlap."""

    true: int = 0
    found: int = 0
    claimed: int = 0
    right: int = 0


@dataclass
class SceneResult:
    """All counts of one scene."""

    name: str
    kind: str
    stressors: tuple[str, ...]
    true: list[str] = field(default_factory=list)
    """Labels of the true moves up to parallax."""
    claims: list[Claim] = field(default_factory=list)
    is_exact: bool = False
    opposite: int = 0
    rate_errors: list[float] = field(default_factory=list)
    """Relative; where parallax shows, a rate has no one true value."""
    boundary_errors: list[float] = field(default_factory=list)
    """Seconds."""
    places_true: int = 0
    """True moves of a camera that goes somewhere before visible parallax."""
    places_right: int = 0
    """Those said with their very label."""
    places_false: int = 0
    """Such moves claimed where none is true."""
    cuts_true: int = 0
    cuts_found: int = 0
    cuts_claimed: int = 0
    cuts_in_dissolves: int = 0
    """Hard cuts claimed during a dissolve or fade."""
    dissolves_true: int = 0
    dissolves_found: int = 0
    dissolves_claimed: int = 0
    boxes: dict[float, BoxCounts] = field(default_factory=dict)
    objects: int = 0
    """True objects that some track follows."""
    fragments: int = 0
    """Tracks that follow them."""
    count_true: int | None = None
    """Of the repetitions."""
    count_said: int | None = None
    steadiness: tuple[str, str] = ("", "")
    """True and measured."""
    problems: list[str] = field(default_factory=list)
    badness: float = 0.0
    """Errors, for the order in which to look at scenes."""


def result_of(name: str, kind: str, truth: SceneTruth, measurement: MotionMeasurement) -> SceneResult:
    """Compares one scene."""
    result = SceneResult(name, kind, truth.stressors)
    _moves(result, truth, measurement)
    _cuts(result, truth, measurement)
    _boxes(result, truth, measurement.tracks)
    _counts(result, truth, measurement)
    result.steadiness = (truth.steadiness, measurement.steadiness)
    return result


def family(label: str) -> str:
    """The label of what a move looks like without parallax."""
    kind, _, way = label.partition("_")
    return f"{FAMILY.get(kind, kind)}_{way}" if way else label


def _changes_place(label: str) -> bool:
    return CAMERA_MOTIONS[label].changes_place


def _moves(result: SceneResult, truth: SceneTruth, measurement: MotionMeasurement) -> None:
    true = [(family(move.label), move) for move in within_shots(truth)]
    claimed = [(family(move.label), move) for move in measurement.camera_moves]
    result.true = [label for label, _ in true]
    left = list(true)
    for label, move in claimed:
        match = next(
            (pair for pair in left if pair[0] == label and span_iou(pair[1], move) >= LEAST_SPAN_IOU), None
        )
        if match is None:
            result.claims.append(Claim(move.label, move.confidence, False, False))
            axis = label.split("_")[0]
            result.opposite += any(other != label and other.startswith(axis) for other, _ in left)
            continue
        left.remove(match)
        is_exact = match[1].label == move.label
        result.claims.append(Claim(move.label, move.confidence, True, is_exact))
        result.places_right += is_exact and _changes_place(move.label)
        if label != "static":
            if not _changes_place(match[1].label) or "parallax" not in truth.stressors:
                result.rate_errors.append(abs(move.rate / match[1].rate - 1))
            result.boundary_errors += [
                abs(move.start_s - match[1].start_s),
                abs(move.end_s - match[1].end_s),
            ]
    result.places_true = sum(_changes_place(move.label) for _, move in true)
    if not result.places_true:
        result.places_false = sum(_changes_place(move.label) for _, move in claimed)
    result.is_exact = not left and len(claimed) == len(true)
    if not result.is_exact:
        result.problems.append(f"said {_spoken(claimed)} for {_spoken(true)}")
        result.badness += len(left) + sum(not claim.is_right for claim in result.claims)


def _spoken(moves: Sequence[tuple[str, Move | CameraMove]]) -> str:
    return ", ".join(f"{m.label} {m.rate:.3f} {m.start_s:.1f}-{m.end_s:.1f}" for _, m in moves)


def within_shots(truth: SceneTruth) -> list[Move]:
    """The true moves, ended and begun anew at each cut: a measured one never crosses it."""
    bounds = [0.0, *truth.cuts, truth.duration_s]
    parts = [
        replace(move, start_s=max(move.start_s, low), end_s=min(move.end_s, high))
        for move in truth.moves
        for low, high in itertools.pairwise(bounds if move.label != "static" else (0.0, truth.duration_s))
    ]
    return [part for part in parts if part.end_s - part.start_s >= MeasureSettings().min_move_s]


def span_iou(one: Move, other: CameraMove) -> float:
    """Common time over the union of two spans."""
    low, high = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
    union = max(one.end_s, other.end_s) - min(one.start_s, other.start_s)
    return max(high - low, 0.0) / union


def _cuts(result: SceneResult, truth: SceneTruth, measurement: MotionMeasurement) -> None:
    said = measurement.cuts
    result.cuts_true, result.cuts_claimed = len(truth.cuts), len(said)
    result.cuts_found = sum(any(abs(cut - other) <= CUT_TOLERANCE_S for other in said) for cut in truth.cuts)
    spans = [(one.start_s, one.end_s) for one in truth.dissolves]
    result.cuts_in_dissolves = sum(
        any(low - CUT_TOLERANCE_S <= cut <= high + CUT_TOLERANCE_S for low, high in spans) for cut in said
    )
    dissolves = [(one.start_s, one.end_s) for one in measurement.dissolves]
    result.dissolves_true, result.dissolves_claimed = len(spans), len(dissolves)
    result.dissolves_found = sum(any(low < b and a < high for a, b in dissolves) for low, high in spans)
    if not result.cuts_found == result.cuts_true == result.cuts_claimed:
        result.problems.append(f"cuts {said} for {truth.cuts}")
        result.badness += result.cuts_true + result.cuts_claimed - 2 * result.cuts_found


def _boxes(result: SceneResult, truth: SceneTruth, tracks: Sequence[ObjectTrack]) -> None:
    """Matches the boxes of each moment. What is hidden need not be found, and may be."""
    said = [box for track in tracks for box in track.boxes]
    counted = [track for track in truth.objects if not track.incidental]
    besides = [box for track in truth.objects if track.incidental for box in track.boxes]
    meant = [box for track in counted for box in track.shown if _area(box) >= LEAST_BOX]
    hidden = [box for track in counted for box in set(track.boxes).difference(track.shown)]
    for least in BOX_IOUS:
        right = [any(box_iou(box, other) >= least for other in meant) for box in said]
        judged = [
            is_right
            or not (
                any(is_of(box, other) for other in besides)
                or any(box_iou(box, other) >= least for other in hidden)
            )
            for box, is_right in zip(said, right, strict=True)
        ]
        found = sum(any(box_iou(box, other) >= least for other in said) for box in meant)
        result.boxes[least] = BoxCounts(len(meant), found, sum(judged), sum(right))
    counts = result.boxes[BOX_IOUS[0]]
    if counts.true and counts.found < counts.true / 2:
        result.problems.append(f"boxes {counts.found}/{counts.true}")
    if counts.claimed - counts.right > 10:
        result.problems.append(f"false boxes {counts.claimed - counts.right}")
    result.badness += (counts.true - counts.found + counts.claimed - counts.right) / 40
    followed = Counter(owner for track in tracks if (owner := _owner(track, counted)) is not None)
    result.objects, result.fragments = len(followed), sum(followed.values())


def is_of(box: Box, beside: Box) -> bool:
    """Whether a box is of something incidental: half inside it, or around its middle."""
    if abs(box.t_s - beside.t_s) > 0.051:
        return False
    middle = ((beside.x0 + beside.x1) / 2, (beside.y0 + beside.y1) / 2)
    around = box.x0 <= middle[0] <= box.x1 and box.y0 <= middle[1] <= box.y1
    return around or _common(box, beside) >= 0.5 * _area(box)


def _owner(track: ObjectTrack, true: Sequence[TrueTrack]) -> int | None:
    """The object that most of a track's boxes show, at least a third of them."""
    shares = [
        sum(any(box_iou(box, other) >= BOX_IOUS[0] for other in one.boxes) for box in track.boxes)
        for one in true
    ]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best if best is not None and 3 * shares[best] >= len(track.boxes) else None


def _counts(result: SceneResult, truth: SceneTruth, measurement: MotionMeasurement) -> None:
    """The largest count of repetitions that is true, and the largest that is said of a track."""
    result.count_true = max(
        (track.repetitions.count for track in truth.objects if track.repetitions), default=None
    )
    result.count_said = max((one.count for one in measurement.repetitions), default=None)


def box_iou(one: Box, other: Box) -> float:
    """Overlap of two boxes of the same moment; 0 for different moments."""
    if abs(one.t_s - other.t_s) > 0.051:
        return 0.0
    common = _common(one, other)
    return common / max(_area(one) + _area(other) - common, 1e-9)


def _common(one: Box, other: Box) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)
