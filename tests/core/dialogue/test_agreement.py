"""`camera_agreement`: whether a text about the camera says what was measured."""

from __future__ import annotations

import pytest

from motionsight_core.camera_motion import CAMERA_MOTIONS, CameraLabel
from motionsight_core.dialogue.agreement import camera_agreement, moves_in
from motionsight_core.record import CameraMove


def moves(*labels: CameraLabel) -> tuple[CameraMove, ...]:
    return tuple(CameraMove(0.0, 2.0, label, 0.1, 0.9) for label in labels)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The camera pans left, then right.", {"pan": {"left", "right"}}),
        ("A smooth leftward pan, followed by a slow zoom out.", {"pan": {"left"}, "zoom": {"out"}}),
        ("The camera slowly zooms in while panning to the right; there is no tilt or roll.",
         {"zoom": {"in"}, "pan": {"right"}}),
        ("It pushes in toward the door, handheld.", {"zoom": {"in"}}),
        ("The camera pulls back and rises up.", {"zoom": {"out"}, "tilt": {"up"}}),
        ("The camera moves slowly to the left and up.", {"pan": {"left"}, "tilt": {"up"}}),
        ("The camera moves right as the man turns left.", {"pan": {"right"}}),
        ("The camera orbits the statue clockwise.", {"arc": set()}),
        ("The camera rolls counter-clockwise.", {"roll": {"ccw"}}),
        ("Static shot.", {"static": set()}),
        ("The camera doesn\u2019t move, no zoom.", {"static": set()}),
        ("The camera starts static and then tilts upward.", {"tilt": {"up"}}),
        ("The frame is not static: it drifts right.", {"pan": {"right"}}),
        ("The camera pans right without zooming, tilting, or rolling.", {"pan": {"right"}}),
        ("There is no pan, tilt, or zoom. The camera rolls clockwise.", {"roll": {"cw"}}),
        ("The camera follows the dog.", {}),
        ("A man walks left into a right-hand door.", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_the_camera_s_moves_are_read_from_a_text(text: str, named: dict[str, set[str]]) -> None:
    assert moves_in(text) == named


@pytest.mark.parametrize(
    ("text", "labels", "agreement"),
    [
        ("The camera pans right.", ("pan_right",), 1.0),
        ("The camera pans right.", ("truck_right",), 1.0),
        ("The camera dollies in.", ("zoom_in",), 1.0),
        ("The camera pans.", ("pan_left",), 1.0),
        ("The camera pans left.", ("pan_right",), 0.0),
        ("The camera pans right.", ("pan_right", "zoom_in"), 0.5),
        ("The camera pans right and zooms in.", ("pan_right",), 0.5),
        ("The camera pans left, then right.", ("pan_right",), 0.5),
        ("The camera is static.", ("static",), 1.0),
        ("The camera is static.", ("tilt_up",), 0.0),
        ("The camera orbits to the left.", ("arc_cw",), 1.0),
        ("The camera pans right.", ("static", "pan_right"), 1.0),
        ("The camera follows the dog.", ("pan_right",), None),
    ],
)
def test_agreement_is_the_share_of_kinds_on_which_both_agree(
    text: str, labels: tuple[CameraLabel, ...], agreement: float | None
) -> None:
    assert camera_agreement(text, moves(*labels)) == agreement


@pytest.mark.parametrize("label", [label for label in CAMERA_MOTIONS if label != "static"])
def test_our_own_words_for_a_move_agree_with_it(label: CameraLabel) -> None:
    motion = CAMERA_MOTIONS[label]
    for text in (
        f"The camera {motion.verb} {motion.adverb} slowly.",
        f"The camera, {motion.participle} {motion.adverb}, goes on.",
        f"The camera makes a {motion.noun}.",  # a bare "forward move" may be anybody's
    ):
        assert camera_agreement(text, moves(label)) == 1.0, text


@pytest.mark.parametrize(
    "label", [motion.label for motion in CAMERA_MOTIONS.values() if motion.sign and "move" not in motion.noun]
)
def test_our_own_noun_for_a_move_agrees_with_it_by_itself(label: CameraLabel) -> None:
    assert camera_agreement(CAMERA_MOTIONS[label].noun, moves(label)) == 1.0
