"""For any velocities: opposite moves never overlap, and no description contradicts itself."""

from __future__ import annotations

import itertools
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.measure.camera_description import _phases, describe_camera
from motionsight_core.measure.move_evidence import MoveEvidence
from motionsight_core.measure.moves import moves_of_shot
from motionsight_core.measure.samples import CameraSamples
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.record import CameraMove
from motionsight_core.settings import MeasureSettings


@st.composite
def velocities(draw: st.DrawFn) -> CameraSamples:
    """Any camera: held, turning round from pair to pair, shaking, in any depth."""
    count = draw(st.integers(1, 40))

    def each_of(*values: float) -> np.ndarray:
        return np.array(draw(st.lists(st.sampled_from(values), min_size=count, max_size=count)))

    steps = each_of(0.04, 0.1, 0.2)
    columns: dict[str, Any] = {field.name: np.zeros(count) for field in fields(CameraSamples)}
    columns["end_s"] = np.cumsum(steps)
    columns["start_s"] = columns["end_s"] - steps
    for name, scale in {"pan": 1, "tilt": 1, "zoom": 1, "roll": 20, "far_drift": 1}.items():
        columns[name] = scale * each_of(-0.4, -0.06, -0.02, 0.0, 0.02, 0.06, 0.4)
    columns["near_drift"] = -columns["far_drift"]
    columns["inliers"] = np.ones(count)
    columns["depth_ratio"] = np.array(
        draw(st.lists(st.sampled_from((1.0, 1.5)), min_size=count, max_size=count))
    )
    columns["held"] = np.zeros(count, np.bool_)
    return CameraSamples(**columns)


def are_opposite(one: CameraMove, other: CameraMove) -> bool:
    mine, yours = CAMERA_MOTIONS[one.label], CAMERA_MOTIONS[other.label]
    return mine.axis == yours.axis and mine.sign == -yours.sign


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] - 1e-9 and other[0] < one[1] - 1e-9


@given(velocities(), st.sampled_from((0.0, 0.1, 0.3)))
def test_opposite_moves_of_one_kind_never_overlap_nor_do_their_phases(
    samples: CameraSamples, min_move_s: float
) -> None:
    found = moves_of_shot(samples, MeasureSettings(min_move_s=min_move_s), 16 / 9)
    moves = [one.move for one in found]

    for one, other in itertools.combinations(moves, 2):
        if CAMERA_MOTIONS[one.label].axis == CAMERA_MOTIONS[other.label].axis:
            assert not overlap((one.start_s, one.end_s), (other.start_s, other.end_s))
    for one, other in itertools.combinations(_phases(moves), 2):
        if any(are_opposite(mine, yours) for mine in one.moves for yours in other.moves):
            assert not overlap((one.start_s, one.end_s), (other.start_s, other.end_s))
    assert all(np.isfinite(list(vars_of(one.evidence))).all() for one in found)


@settings(deadline=None)
@given(velocities())
def test_what_turns_round_is_not_told_to_last_throughout(samples: CameraSamples) -> None:
    moves = tuple(one.move for one in moves_of_shot(samples, MeasureSettings(), 16 / 9))
    path = CameraPath(
        (samples.start_s + samples.end_s) / 2,
        samples.pan,
        samples.tilt,
        samples.zoom,
        samples.roll,
        samples.inliers,
    )
    measurement = MotionMeasurement(moves, "smooth", (), (), 0.1, 0.9, camera_path=path)

    text = describe_camera(measurement, start_s=0.0, end_s=float(samples.end_s[-1]))

    for one, other in itertools.combinations(moves, 2):
        motion = CAMERA_MOTIONS[one.label]
        if are_opposite(one, other) and motion.verb in ("pans", "tilts", "zooms", "rolls"):
            for told in (f"{motion.verb} {motion.adverb}", f"{motion.participle} {motion.adverb}"):
                sentences = [part for part in text.split(". ") if told in part.lower()]
                assert not any("throughout" in part for part in sentences), text


def vars_of(evidence: MoveEvidence) -> list[float]:
    return [getattr(evidence, field.name) for field in fields(evidence)]
