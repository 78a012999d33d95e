"""How right the weightless measurement is, on random rendered scenes whose motion is known.

    python benchmarks/motion_scenes.py --count 60 --seed 1

Prints precision, recall and exact label sets of the camera's moves (a move counts when its label is right
and it covers at least half of the true span), the static clips, rates, boundaries, cuts, steadiness and the
moving regions at IoU 0.3; then the scenes that came out wrong.
truck, pedestal and dolly are counted as the pan, tilt and zoom that they look like.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from motionsight_core.catalog import VideoObject, split
from motionsight_core.measure import MotionMeasurement
from motionsight_core.record import Box, CameraMove
from motionsight_core.settings import MeasureSettings
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import KINDS, Move, SceneTruth, random_scene, render
from motionsight_core.video.decoding import decode, probe

FAMILY = {"truck": "pan", "pedestal": "tilt", "dolly": "zoom"}
#: Least common time over the union of the true and the measured span.
LEAST_SPAN_IOU = 0.5
LEAST_BOX_IOU = 0.3
#: A cut is found when it is said within this time, seconds: the frames measured are a tenth apart.
CUT_TOLERANCE_S = 0.15
#: True boxes below this share of the frame are left out: nearly out of it.
LEAST_BOX = 0.002


@dataclass
class Scores:
    """Counts over all scenes."""

    right: Counter[str] = field(default_factory=Counter)
    claimed: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    scenes: Counter[str] = field(default_factory=Counter)
    steadiness: Counter[tuple[str, str]] = field(default_factory=Counter)
    rate_errors: list[float] = field(default_factory=list)
    boundary_errors: list[float] = field(default_factory=list)
    opposite: int = 0
    cuts_found: int = 0
    cuts_true: int = 0
    cuts_claimed: int = 0
    boxes_true: int = 0
    boxes_found: int = 0
    boxes_claimed: int = 0
    boxes_right: int = 0
    failures: list[str] = field(default_factory=list)


def measured(path: Path) -> MotionMeasurement:
    """What the annotator measures of a whole video, by the decoder that annotates."""
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    clip = split(video, duration_s=probe(video))[0]
    motion = decode(clip, products=("motion",)).motion
    assert motion is not None
    return motion


def family(label: str) -> str:
    """The label of what a move looks like without parallax."""
    kind, _, way = label.partition("_")
    return f"{FAMILY.get(kind, kind)}_{way}" if way else label


def add(scores: Scores, kind: str, truth: SceneTruth, measurement: MotionMeasurement, name: str) -> None:
    """Counts one scene."""
    problems = [*_add_moves(scores, kind, truth, measurement), *_add_cuts(scores, truth, measurement)]
    scores.steadiness[truth.steadiness, measurement.steadiness] += 1
    found, total = _add_boxes(scores, truth, measurement)
    if total and found < total / 2:
        problems.append(f"boxes {found}/{total}")
    if problems:
        scores.failures.append(f"{name}: {'; '.join(problems)}")


def _add_moves(scores: Scores, kind: str, truth: SceneTruth, measurement: MotionMeasurement) -> list[str]:
    scores.scenes[kind] += 1
    true = [(family(move.label), move) for move in _within_shots(truth)]
    claimed = [(family(move.label), move) for move in measurement.camera_moves]
    for label, _ in true:
        scores.true[label] += 1
    for label, _ in claimed:
        scores.claimed[label] += 1
    left = list(true)
    for label, move in claimed:
        match = next(
            (pair for pair in left if pair[0] == label and _span_iou(pair[1], move) >= LEAST_SPAN_IOU), None
        )
        if match is None:
            axis = label.split("_")[0]
            scores.opposite += any(other != label and other.startswith(axis) for other, _ in left)
            continue
        left.remove(match)
        scores.right[label] += 1
        if label != "static":
            scores.rate_errors.append(abs(move.rate / match[1].rate - 1))
            scores.boundary_errors += [
                abs(move.start_s - match[1].start_s),
                abs(move.end_s - match[1].end_s),
            ]
    exact = not left and len(claimed) == len(true)
    scores.exact[kind] += exact
    if exact:
        return []
    said = [f"{move.label} {move.rate:.3f} {move.start_s:.1f}-{move.end_s:.1f}" for _, move in claimed]
    meant = [f"{move.label} {move.rate:.3f} {move.start_s:.1f}-{move.end_s:.1f}" for _, move in true]
    return [f"said {', '.join(said)} for {', '.join(meant)}"]


def _within_shots(truth: SceneTruth) -> list[Move]:
    """The true moves, ended and begun anew at each cut: a measured one never crosses it."""
    bounds = [0.0, *truth.cuts, truth.duration_s]
    parts = [
        replace(move, start_s=max(move.start_s, low), end_s=min(move.end_s, high))
        for move in truth.moves
        for low, high in itertools.pairwise(bounds if move.label != "static" else (0.0, truth.duration_s))
    ]
    return [part for part in parts if part.end_s - part.start_s >= MeasureSettings().min_move_s]


def _span_iou(one: Move, other: CameraMove) -> float:
    low, high = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
    union = max(one.end_s, other.end_s) - min(one.start_s, other.start_s)
    return max(high - low, 0.0) / union


def _add_cuts(scores: Scores, truth: SceneTruth, measurement: MotionMeasurement) -> list[str]:
    found = sum(any(abs(cut - said) <= CUT_TOLERANCE_S for said in measurement.cuts) for cut in truth.cuts)
    scores.cuts_found += found
    scores.cuts_true += len(truth.cuts)
    scores.cuts_claimed += len(measurement.cuts)
    if found == len(truth.cuts) == len(measurement.cuts):
        return []
    return [f"cuts {measurement.cuts} for {truth.cuts}"]


def _add_boxes(scores: Scores, truth: SceneTruth, measurement: MotionMeasurement) -> tuple[int, int]:
    """Matches the boxes of each moment: found and existing true ones."""
    said = [box for track in measurement.tracks for box in track.boxes]
    meant = [
        box
        for track in truth.objects
        for box in track.boxes
        if (box.x1 - box.x0) * (box.y1 - box.y0) >= LEAST_BOX
    ]
    found = sum(any(_box_iou(box, other) >= LEAST_BOX_IOU for other in said) for box in meant)
    right = sum(any(_box_iou(box, other) >= LEAST_BOX_IOU for other in meant) for box in said)
    scores.boxes_true += len(meant)
    scores.boxes_found += found
    scores.boxes_claimed += len(said)
    scores.boxes_right += right
    return found, len(meant)


def _box_iou(one: Box, other: Box) -> float:
    """Overlap of two boxes of the same moment; 0 for different moments."""
    if abs(one.t_s - other.t_s) > 0.051:
        return 0.0
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    common = max(width, 0.0) * max(height, 0.0)
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other)]
    return common / max(sum(areas) - common, 1e-9)


def report(scores: Scores) -> str:
    """The table."""
    moving = [label for label in scores.true | scores.claimed if label != "static"]
    right = sum(scores.right[label] for label in moving)
    lines = [
        f"scenes               {sum(scores.scenes.values())}",
        f"exact label sets     {_ratio(sum(scores.exact.values()), sum(scores.scenes.values()))}",
        f"move precision       {_ratio(right, sum(scores.claimed[label] for label in moving))}",
        f"move recall          {_ratio(right, sum(scores.true[label] for label in moving))}",
        f"static correct       {_ratio(scores.right['static'], scores.true['static'])}",
        f"opposite direction   {scores.opposite}",
        f"rate error, median   {np.median(scores.rate_errors or [0.0]):.3f} (relative)",
        f"boundary error       {np.median(scores.boundary_errors or [0.0]):.3f} s median, "
        f"{np.percentile(scores.boundary_errors or [0.0], 90):.3f} s 90th percentile",
        f"cuts                 {scores.cuts_found} of {scores.cuts_true} found, "
        f"{scores.cuts_claimed} claimed",
        f"boxes recall         {_ratio(scores.boxes_found, scores.boxes_true)}",
        f"boxes precision      {_ratio(scores.boxes_right, scores.boxes_claimed)}",
        "",
        "label        true  claimed  right",
    ]
    lines += [
        f"{label:<12} {scores.true[label]:4} {scores.claimed[label]:8} {scores.right[label]:6}"
        for label in sorted(scores.true | scores.claimed)
    ]
    lines += ["", "kind         exact  of"]
    lines += [f"{kind:<12} {scores.exact[kind]:5} {count:3}" for kind, count in sorted(scores.scenes.items())]
    lines += ["", "steadiness   true -> measured"]
    lines += [
        f"{meant:>12} -> {said:<9} {count}" for (meant, said), count in sorted(scores.steadiness.items())
    ]
    return "\n".join([*lines, "", *scores.failures])


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "- (none)"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=60, help="scenes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", choices=sorted(KINDS), help="kinds of scenes; all by default")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    kinds = options.kinds or list(KINDS)
    scores = Scores()
    with tempfile.TemporaryDirectory() as directory:
        for index in range(options.count):
            kind = kinds[index % len(kinds)]
            scene = random_scene(np.random.default_rng([options.seed, index]), kind=kind)
            path = Path(directory) / f"{index:04d}_{kind}.mp4"
            truth = render(scene, path)
            add(scores, kind, truth, measured(path), path.stem)
            path.unlink()
    print(report(scores))


if __name__ == "__main__":
    main()
