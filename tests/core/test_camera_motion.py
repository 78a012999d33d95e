"""The table of the camera's moves is whole, and says of each label what the contract says."""

from __future__ import annotations

from typing import get_args

import pytest

from motionsight_core.camera_motion import (
    CAMERA_MOTIONS,
    STEADINESS,
    UNITS,
    Axis,
    CameraLabel,
    Steadiness,
    label_of,
)


def test_every_label_has_one_line_in_the_order_of_the_type() -> None:
    assert tuple(CAMERA_MOTIONS) == get_args(CameraLabel)
    assert all(label == motion.label for label, motion in CAMERA_MOTIONS.items())
    assert get_args(Steadiness) == STEADINESS
    assert tuple(UNITS) == get_args(Axis)


@pytest.mark.parametrize("label", [label for label in CAMERA_MOTIONS if label != "static"])
def test_a_label_and_its_opposite_differ_in_sign_and_direction_alone(label: str) -> None:
    motion = CAMERA_MOTIONS[label]
    (other,) = (each for each in CAMERA_MOTIONS.values() if each.kind == motion.kind and each.label != label)
    assert (motion.axis, motion.unit, motion.changes_place) == (other.axis, other.unit, other.changes_place)
    assert motion.sign == -other.sign != 0
    assert f"{motion.kind}_{motion.direction}" == label
    assert label_of(motion.axis, motion.sign, changes_place=motion.changes_place) == label


@pytest.mark.parametrize(
    ("turn", "place"),
    [
        ("pan_left", "truck_left"),
        ("tilt_up", "pedestal_up"),
        ("zoom_out", "dolly_out"),
        ("roll_cw", "roll_cw"),
    ],
)
def test_a_camera_that_goes_somewhere_has_a_label_of_its_own_but_in_a_roll(turn: str, place: str) -> None:
    motion = CAMERA_MOTIONS[turn]
    assert label_of(motion.axis, motion.sign) == turn
    assert label_of(motion.axis, motion.sign, changes_place=True) == place


def test_there_is_no_move_without_a_direction() -> None:
    with pytest.raises(ValueError, match="no camera move along 'pan' with the sign 0"):
        label_of("pan", 0)
