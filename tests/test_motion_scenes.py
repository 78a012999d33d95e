"""What the accuracy benchmark counts as right, on truths and measurements made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks._scenes_drawn import Draw
from benchmarks._scenes_matching import BoxCounts, SceneResult, result_of
from benchmarks._scenes_report import report
from benchmarks._scenes_scores import (
    box_precision,
    box_recall,
    by_stressor,
    calibration_error,
    counts_right,
    exact,
    move_precision,
    move_recall,
    numbers,
    per_label,
    reliability,
    static_precision,
    static_recall,
)
from motionsight_core.camera_motion import CameraLabel
from motionsight_core.measure import CameraPath, MotionMeasurement
from motionsight_core.record import Box, CameraMove, ObjectTrack, Repetition
from motionsight_core.synthetic import Dissolve, Move, Repetitions, SceneTruth, TrueTrack
from motionsight_core.synthetic.stressed import STRESSORS

TRUTH = SceneTruth("a.mp4", 480, 270, 30.0, 4.0, (Move(0.0, 4.0, "pan_right", 0.2),), "smooth", (), ())
PATH = CameraPath(*(np.zeros(0) for _ in range(6)))
MEASURED = MotionMeasurement(
    (CameraMove(0.0, 4.0, "pan_right", 0.21, 0.95),), "smooth", (), (), 0.1, 0.9, camera_path=PATH
)


def said(*moves: tuple[CameraLabel, float, float, float]) -> MotionMeasurement:
    """A measurement of moves: label, start, end, confidence."""
    claims = (CameraMove(start, end, label, 0.2, confidence) for label, start, end, confidence in moves)
    return replace(MEASURED, camera_moves=tuple(claims))


def compared(truth: SceneTruth, measurement: MotionMeasurement) -> SceneResult:
    return result_of("0001_pan", "pan", truth, measurement)


def boxes(x0: float, x1: float, *, count: int = 10) -> tuple[Box, ...]:
    """A box from .2 to .6 of the height in every tenth of a second."""
    return tuple(Box(index / 10, x0, 0.2, x1, 0.6) for index in range(count))


def track(x0: float, x1: float, number: int = 1, *, count: int = 10) -> ObjectTrack:
    return ObjectTrack(number, "moving region", 0.9, 0.0, 1.0, boxes(x0, x1, count=count))


def test_a_move_is_right_when_its_label_is_and_it_covers_half_of_the_true_span() -> None:
    long = compared(TRUTH, said(("pan_right", 1.5, 4.0, 0.9)))
    short = compared(TRUTH, said(("pan_right", 2.5, 4.0, 0.9)))
    other = compared(TRUTH, said(("pan_left", 0.0, 4.0, 0.9)))

    assert long.is_exact
    assert long.boundary_errors == [1.5, 0.0]
    assert not short.is_exact
    assert [claim.is_right for claim in short.claims] == [False]
    assert not other.is_exact
    assert other.opposite == 1
    assert "said pan_left 0.200 0.0-4.0 for pan_right 0.200 0.0-4.0" in other.problems


def test_a_move_counts_for_the_pan_that_it_looks_like_and_once_more_with_its_own_label() -> None:
    truck = replace(TRUTH, moves=(Move(0.0, 4.0, "truck_right", 0.2),), stressors=("parallax",))
    as_truck = compared(truck, said(("truck_right", 0.0, 4.0, 0.9)))
    as_pan = compared(truck, said(("pan_right", 0.0, 4.0, 0.9)))
    without_parallax = compared(TRUTH, said(("truck_right", 0.0, 4.0, 0.9)))

    assert as_truck.is_exact
    assert as_pan.is_exact
    assert (as_truck.places_true, as_truck.places_right, as_pan.places_right) == (1, 1, 0)
    assert (without_parallax.places_true, without_parallax.places_false) == (0, 1)
    # Near and far have their own rates.
    assert as_truck.rate_errors == []
    assert without_parallax.rate_errors == [0.0]


def test_a_true_move_begins_anew_at_a_cut() -> None:
    truth = replace(TRUTH, cuts=(2.0,))
    halves = replace(said(("pan_right", 0.0, 2.0, 0.9), ("pan_right", 2.0, 4.0, 0.9)), cuts=(2.05,))
    whole = replace(said(("pan_right", 0.0, 4.0, 0.9)), cuts=())

    right, wrong = compared(truth, halves), compared(truth, whole)

    assert right.is_exact
    assert (right.cuts_found, right.cuts_true, right.cuts_claimed) == (1, 1, 1)
    assert not wrong.is_exact
    assert wrong.cuts_found == 0


def test_a_hard_cut_said_of_a_dissolve_is_told_apart_and_measured_dissolves_are_looked_for() -> None:
    truth = replace(TRUTH, dissolves=(Dissolve(1.0, 2.0), Dissolve(3.0, 3.5, "fade_out")))
    result = compared(truth, replace(MEASURED, cuts=(1.5,)))

    assert (result.cuts_true, result.cuts_claimed, result.cuts_in_dissolves) == (0, 1, 1)
    assert (result.dissolves_true, result.dissolves_found) == (2, 0)

    knowing = replace(MEASURED, dissolves=(Dissolve(1.1, 1.8),))
    assert compared(truth, knowing).dissolves_found == 1


def test_boxes_are_matched_moment_by_moment_at_two_overlaps() -> None:
    truth = replace(TRUTH, objects=(TrueTrack("ball", boxes(0.2, 0.4)),))
    # Two thirds of the union are common, and of the false track's boxes none.
    close = compared(truth, replace(MEASURED, tracks=(track(0.2, 0.5), track(0.7, 0.9, 2, count=5))))
    # .12 of .28.
    loose = compared(truth, replace(MEASURED, tracks=(track(0.28, 0.48),)))

    assert box_recall([close], 0.3).value == box_recall([close], 0.5).value == 1.0
    assert box_precision([close], 0.3).value == pytest.approx(10 / 15, abs=1e-3)
    assert (close.objects, close.fragments) == (1, 1)
    assert box_recall([loose], 0.3).value == 1.0
    assert box_recall([loose], 0.5).value == 0.0


def test_what_is_incidental_is_neither_missed_nor_false() -> None:
    crowd = TrueTrack("ball", boxes(0.1, 0.2), incidental=True)
    truth = replace(TRUTH, objects=(crowd, TrueTrack("car", boxes(0.6, 0.8))))

    missed = compared(truth, replace(MEASURED, tracks=(track(0.6, 0.8),)))
    around = compared(truth, replace(MEASURED, tracks=(track(0.6, 0.8), track(0.05, 0.4, 2))))
    elsewhere = compared(truth, replace(MEASURED, tracks=(track(0.6, 0.8), track(0.4, 0.5, 2))))

    assert box_recall([missed], 0.3).value == box_precision([missed], 0.3).value == 1.0
    assert box_precision([around], 0.3).value == 1.0
    assert box_precision([elsewhere], 0.3).value == 0.5


def test_what_is_hidden_is_neither_missed_nor_false() -> None:
    hidden = tuple(index / 10 for index in range(4))
    truth = replace(TRUTH, objects=(TrueTrack("car", boxes(0.6, 0.8), hidden=hidden),))

    found = compared(truth, replace(MEASURED, tracks=(track(0.6, 0.8),)))
    missed = compared(truth, replace(MEASURED, tracks=(track(0.6, 0.8, count=4),)))
    beside = compared(truth, replace(MEASURED, tracks=(track(0.1, 0.3, count=4),)))

    assert found.boxes[0.3] == BoxCounts(true=6, found=6, claimed=6, right=6)
    assert missed.boxes[0.3] == BoxCounts(true=6, found=0, claimed=0, right=0)
    assert beside.boxes[0.3] == BoxCounts(true=6, found=0, claimed=4, right=0)


def test_two_tracks_of_one_object_are_fragments() -> None:
    truth = replace(TRUTH, objects=(TrueTrack("ball", boxes(0.2, 0.4)),))
    result = compared(truth, replace(MEASURED, tracks=(track(0.2, 0.4), track(0.22, 0.4, 2))))

    assert (result.objects, result.fragments) == (1, 2)


def test_a_count_of_repetitions_is_right_within_one() -> None:
    ball = TrueTrack("ball", boxes(0.2, 0.4), Repetitions(6, 0.5))
    repeating, other = (replace(TRUTH, objects=objects) for objects in ((ball,), ()))

    def counting(count: int) -> MotionMeasurement:
        repetition = Repetition(1, count, 0.5, 0.0, 3.0, 0.9)
        return replace(MEASURED, tracks=(track(0.2, 0.4),), repetitions=(repetition,))

    results = [
        compared(repeating, counting(7)),
        compared(repeating, counting(8)),
        compared(repeating, MEASURED),
    ]
    near, none = counts_right([*results, compared(other, MEASURED), compared(other, counting(2))])

    assert (near.part, near.whole) == (1, 3)
    assert (none.part, none.whole) == (1, 2)


def test_figures_over_scenes_add_up() -> None:
    still = replace(TRUTH, moves=(Move(0.0, 4.0, "static", 0.0),), stressors=("noise", "bars"))
    results = [
        compared(TRUTH, MEASURED),
        compared(TRUTH, said(("pan_right", 0.0, 4.0, 0.75), ("zoom_in", 0.0, 4.0, 0.65))),
        compared(still, said(("static", 0.0, 4.0, 1.0))),
        compared(still, said(("roll_cw", 0.0, 4.0, 0.25))),
    ]

    assert (exact(results).part, exact(results).whole) == (2, 4)
    assert str(move_precision(results)) == "0.500 (2/4)"
    assert str(move_recall(results)) == "1.000 (2/2)"
    assert str(static_precision(results)) == "1.000 (1/1)"
    assert str(static_recall(results)) == "0.500 (1/2)"
    assert ("pan_right", 2, 2, 2) in per_label(results)
    assert {name: len(group) for name, group in by_stressor(results).items()} == {
        "none": 2, "noise": 2, "bars": 2,
    }  # fmt: skip
    bins = reliability(results)
    assert [(one.claimed, one.right) for one in bins if one.claimed] == [(1, 0), (1, 0), (1, 1), (1, 1)]
    # |0 - .25|, |0 - .65|, |1 - .75| and |1 - .95| over four claims.
    assert calibration_error(bins) == pytest.approx((0.25 + 0.65 + 0.25 + 0.05) / 4)
    assert numbers(results)["move_precision"] == {"part": 2, "whole": 4, "value": 0.5}
    text = report(results)
    assert "exact label sets     0.500 (2/4)" in text
    assert "0001_pan [noise bars]: said roll_cw" in text


def test_a_set_mixes_plain_and_stressed_scenes_by_their_share() -> None:
    plain, mixed = Draw(1), Draw(1, 0.4)

    assert [plain.kind(index) for index in range(3)] == ["static", "pan", "tilt"]
    stressed = [mixed.kind(index) for index in range(300) if mixed.is_stressed(index)]
    assert len(stressed) == 120
    assert {stressed.count(name) for name in STRESSORS} == {6}
    assert mixed.film(2).name == f"0002_{mixed.kind(2)}"
    assert mixed.film(2).truth() == Draw(1, 0.4).film(2).truth()


def test_a_plain_scene_does_not_depend_on_the_stressed_ones(tmp_path: Path) -> None:
    one = Draw(3).film(4)

    assert one.truth().stressors == ()
    assert one.truth().duration_s == 3.5
    assert one.truth() == Draw(3, kinds=Draw(3).kinds, stressors=("noise",)).film(4).truth()
