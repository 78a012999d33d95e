"""The exact sentences of hand-made measurements."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from motionsight_core.camera_motion import Steadiness
from motionsight_core.measure import CameraPath, MotionMeasurement
from motionsight_core.measure.narrate import describe_camera, describe_objects
from motionsight_core.measure.types import ShakenSpan
from motionsight_core.record import Box, CameraMove, ObjectTrack

START_S, END_S = 0.0, 4.0


def measurement(
    *moves: CameraMove,
    steadiness: Steadiness = "smooth",
    shaken: tuple[ShakenSpan, ...] = (),
    cuts: tuple[float, ...] = (),
    tracks: tuple[ObjectTrack, ...] = (),
    pan: float = 0.0,
) -> MotionMeasurement:
    """A measurement whose camera path pans evenly at `pan` widths a second."""
    t_s = np.arange(40) / 10 + 0.05
    zeros = np.zeros(40)
    return MotionMeasurement(
        camera_moves=moves or (CameraMove(START_S, END_S, "static", 0.0, 1.0),),
        steadiness=steadiness,
        cuts=cuts,
        tracks=tracks,
        motion_score=0.0,
        clarity=1.0,
        camera_path=CameraPath(t_s, np.full(40, pan), zeros, zeros, zeros, np.ones(40)),
        shaken=shaken,
    )


def track(
    number: int,
    first: tuple[float, float, float, float],
    last: tuple[float, float, float, float],
    *,
    start_s: float = 0.0,
    end_s: float = 3.9,
    score: float = 0.5,
) -> ObjectTrack:
    """A track whose sides go evenly from the first box to the last, clipped to the frame."""
    times = np.arange(round(start_s * 10), round(end_s * 10) + 1) / 10
    share = ((times - start_s) / (end_s - start_s))[:, None]
    sides = ((1 - share) * np.array(first) + share * np.array(last)).clip(0, 1)
    boxes = tuple(Box(float(t_s), *map(float, box)) for t_s, box in zip(times, sides, strict=True))
    return ObjectTrack(number, "moving region", score, start_s, end_s, boxes)


def camera(told: MotionMeasurement, end_s: float = END_S) -> str:
    return describe_camera(told, start_s=START_S, end_s=end_s)


def objects(*tracks: ObjectTrack, pan: float = 0.0) -> str:
    return describe_objects(measurement(tracks=tracks, pan=pan), start_s=START_S, end_s=END_S)


@pytest.mark.parametrize(
    ("steadiness", "text"),
    [
        ("static", "The camera is fixed: a steady view, as from a tripod, throughout."),
        ("unsteady", "The camera stays on one view and trembles a little, as if held by hand."),
        ("shaky", "The camera stays on one view but shakes strongly, as if held by hand."),
    ],
)
def test_a_camera_without_moves_is_told_by_how_it_is_held(steadiness: Steadiness, text: str) -> None:
    assert camera(measurement(steadiness=steadiness)) == text


def test_a_move_over_the_whole_clip_is_told_with_its_way() -> None:
    told = measurement(CameraMove(0.0, 4.0, "pan_right", 0.125, 1.0), pan=0.125)
    assert camera(told) == (
        "The camera pans right at a moderate speed throughout, by about half the frame's width."
    )


def test_a_move_that_ends_early_is_followed_by_rest() -> None:
    told = measurement(CameraMove(0.4, 2.9, "pan_right", 0.1, 1.0), pan=0.1)
    assert camera(told) == (
        "The camera pans right at a moderate speed from 0.4 s to 2.9 s, by about a quarter of the frame's "
        "width, then holds still."
    )


def test_a_move_that_starts_late_follows_rest() -> None:
    told = measurement(CameraMove(2.0, 4.0, "zoom_in", 0.2, 1.0))
    assert camera(told) == (
        "The camera holds still until 2.0 s, then zooms in at a moderate speed to the end, until things are "
        "1.5 times as large."
    )


def test_moves_at_once_share_a_sentence() -> None:
    told = measurement(
        CameraMove(0.0, 4.0, "pan_left", 0.3, 1.0), CameraMove(0.0, 3.8, "zoom_out", 0.05, 1.0)
    )
    assert camera(told) == "The camera pans left fast while zooming out slowly throughout."


def test_moves_in_a_row_are_told_in_a_row() -> None:
    told = measurement(
        CameraMove(0.0, 2.0, "tilt_up", 0.05, 1.0), CameraMove(2.1, 4.0, "tilt_down", 0.05, 1.0)
    )
    assert camera(told) == "The camera tilts up slowly until 2.0 s. It then tilts down slowly to the end."


@pytest.mark.parametrize(
    ("pan", "when", "way"),
    [
        ((11.5, 12.0), "From 11.5 s to the end", "a quarter of the frame's width"),
        ((0.0, 0.6), "Until 0.6 s", "a third of the frame's width"),
        ((5.0, 7.0), "From 5.0 s to 7.0 s", "the frame's whole width"),
        ((0.0, 8.0), "Until 8.0 s", "4 times the frame's width"),
        ((3.0, 12.0), "From 3.0 s to the end", "4 times the frame's width"),
    ],
)
def test_a_shorter_move_inside_a_longer_one_is_told_with_its_own_time(
    pan: tuple[float, float], when: str, way: str
) -> None:
    told = measurement(CameraMove(0.0, 12.0, "zoom_in", 0.05, 1.0), CameraMove(*pan, "pan_right", 0.5, 1.0))
    assert camera(told, 12.0) == (
        "The camera zooms in slowly throughout, until things are 1.8 times as large. "
        f"{when} it also pans right fast, by about {way}."
    )


def test_moves_that_overlap_in_part_are_told_with_both_times() -> None:
    told = measurement(
        CameraMove(0.0, 6.0, "pan_left", 0.1, 1.0), CameraMove(4.0, 12.0, "zoom_in", 0.05, 1.0)
    )
    assert camera(told, 12.0) == (
        "The camera pans left at a moderate speed until 6.0 s, by about two thirds of the frame's width. "
        "From 4.0 s to the end it also zooms in slowly, until things are 1.5 times as large."
    )


def test_what_follows_a_short_move_is_linked_to_the_end_of_the_long_one() -> None:
    long, short = CameraMove(0.0, 6.0, "zoom_in", 0.01, 1.0), CameraMove(1.0, 2.0, "pan_left", 0.1, 1.0)
    assert camera(measurement(long, short, CameraMove(6.1, 9.0, "tilt_up", 0.05, 1.0)), 12.0) == (
        "The camera zooms in slowly until 6.0 s. From 1.0 s to 2.0 s it also pans left at a moderate speed. "
        "It then tilts up slowly until 9.0 s, then holds still."
    )
    assert camera(measurement(long, short), 12.0) == (
        "The camera zooms in slowly until 6.0 s. From 1.0 s to 2.0 s it also pans left at a moderate speed. "
        "From 6.0 s on it holds still."
    )


def test_a_move_in_the_middle_of_a_short_clip_does_not_last_throughout() -> None:
    told = measurement(CameraMove(0.3, 0.6, "tilt_up", 0.1, 1.0))
    assert (
        camera(told, 0.9) == "The camera tilts up at a moderate speed from 0.3 s to 0.6 s, then holds still."
    )


def test_shake_in_a_part_of_a_clip_is_told_with_its_time() -> None:
    def shaken(*spans: tuple[float, float], word: Steadiness = "shaky") -> tuple[ShakenSpan, ...]:
        return tuple(ShakenSpan(*span, word) for span in spans)

    assert camera(measurement(steadiness="static", shaken=shaken((6.4, 9.0))), 9.0) == (
        "The camera stays on one view. From 6.4 s to the end the picture shakes strongly, as if the camera "
        "were held by hand."
    )
    assert camera(measurement(steadiness="shaky", shaken=shaken((0.0, 5.0))), 9.0) == (
        "The camera stays on one view. Until 5.0 s the picture shakes strongly, as if the camera were held "
        "by hand."
    )
    assert camera(
        measurement(steadiness="static", shaken=shaken((1.0, 3.0), (5.0, 7.0), word="unsteady")), 9.0
    ) == (
        "The camera stays on one view. From 1.0 s to 3.0 s and from 5.0 s to 7.0 s the picture trembles a "
        "little, as if the camera were held by hand."
    )
    assert camera(measurement(steadiness="unsteady", shaken=shaken((1.0, 3.0))), 9.0) == (
        "The camera stays on one view and trembles a little, as if held by hand. From 1.0 s to 3.0 s the "
        "picture shakes strongly, as if the camera were held by hand."
    )
    four = shaken((0.0, 1.0), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0))
    assert camera(measurement(steadiness="static", shaken=four), 9.0).endswith(
        "At times the picture shakes strongly, as if the camera were held by hand."
    )


def test_moves_of_the_cameras_place_have_words_of_their_own() -> None:
    assert camera(measurement(CameraMove(0.0, 4.0, "arc_cw", 4.0, 1.0))) == (
        "The camera circles clockwise around the scene slowly throughout."
    )
    assert camera(measurement(CameraMove(0.0, 4.0, "dolly_in", 0.02, 1.0))) == (
        "The camera moves forward slowly throughout, until things are 1.1 times as large."
    )


def test_many_small_moves_of_a_hand_are_summarised() -> None:
    moves = [
        CameraMove(0.0, 1.0, "pan_right", 0.02, 0.5),
        CameraMove(0.0, 1.0, "tilt_up", 0.03, 0.5),
        CameraMove(1.5, 2.5, "pan_left", 0.05, 0.5),
    ]
    assert camera(measurement(*moves, steadiness="unsteady")) == (
        "Hand-held: the picture trembles a little, with small drifts to the left, up and to the right. "
        "The largest move is a slow pan left from 1.5 s to 2.5 s."
    )


def test_cuts_come_first() -> None:
    assert camera(measurement(cuts=(2.0,), steadiness="static")).startswith("The shot changes at 2.0 s. The")
    assert camera(measurement(cuts=(1.0, 2.0), steadiness="static")).startswith(
        "The shot changes at 1.0 s and 2.0 s."
    )
    many = tuple(float(k) / 2 for k in range(1, 7))
    assert camera(measurement(cuts=many, steadiness="static")).startswith(
        "The shot changes six times, first at 0.5 s and last at 3.0 s."
    )


def test_without_tracks_nothing_moves() -> None:
    assert objects() == "Nothing is seen moving against the background."


def test_an_object_that_enters_and_crosses_is_told_with_both_times() -> None:
    entering = track(1, (-0.15, 0.5, 0.05, 0.7), (0.6, 0.5, 0.8, 0.7), start_s=1.0, end_s=3.1)
    assert objects(entering) == (
        "A region about a fifth of the frame wide enters at the left edge at 1.0 s and crosses fast to the "
        "right by 3.1 s."
    )


def test_an_object_that_leaves_is_told_with_its_edge() -> None:
    leaving = track(1, (0.5, 0.5, 0.6, 0.7), (0.97, 0.5, 1.07, 0.7), end_s=2.4)
    assert objects(leaving) == (
        "A region about a tenth of the frame wide moves from the middle to the right edge and leaves "
        "there at 2.4 s."
    )


def test_growth_is_worded_with_care() -> None:
    growing = track(1, (0.45, 0.4, 0.55, 0.55), (0.3, 0.2, 0.7, 0.8))
    assert objects(growing) == (
        "A region stays in the middle and moves in place throughout, growing from a tenth to two fifths of "
        "the frame's width, as if coming closer."
    )


def test_an_object_that_jumps_up_and_down_is_said_to() -> None:
    boxes = []
    for index in range(40):
        top = 0.3 + 0.1 * float(np.sin(index * 0.8))
        boxes.append(Box(index / 10, 0.1, top, 0.2, top + 0.2))
    jumping = ObjectTrack(1, "moving region", 0.5, 0.0, 3.9, tuple(boxes))
    assert objects(jumping) == (
        "A region about a tenth of the frame wide moves up and down on the left throughout."
    )


def test_what_keeps_its_place_under_a_pan_is_followed() -> None:
    followed = track(1, (0.4, 0.4, 0.6, 0.6), (0.42, 0.4, 0.62, 0.6))
    assert objects(followed, pan=0.2) == (
        "A region about a fifth of the frame wide stays in the middle as the camera follows it throughout."
    )


@pytest.mark.parametrize(("rates", "followed"), [("tilt", True), ("zoom", True), ("roll", False)])
def test_what_keeps_its_place_and_size_under_a_tilt_or_a_flight_ahead_is_followed(
    rates: str, followed: bool
) -> None:
    jeep = track(1, (0.4, 0.5, 0.6, 0.7), (0.42, 0.5, 0.62, 0.7))
    still = measurement(tracks=(jeep,))
    path = replace(still.camera_path, **{rates: np.full(40, 0.12)})
    told = describe_objects(replace(still, camera_path=path), start_s=START_S, end_s=END_S)
    assert told.endswith("as the camera follows it throughout.") is followed


def test_what_drifts_a_little_in_a_long_pan_is_followed_and_what_crosses_is_not() -> None:
    drifting, crossing = (track(1, (0.3, 0.4, 0.5, 0.6), (x, 0.4, x + 0.2, 0.6)) for x in (0.42, 0.8))
    assert "as the camera follows it" in objects(drifting, pan=0.25)
    assert "follows" not in objects(crossing, pan=0.25)


def test_a_camera_that_turns_only_for_a_moment_follows_nothing() -> None:
    keeps_its_place = track(1, (0.4, 0.4, 0.6, 0.6), (0.42, 0.4, 0.62, 0.6))
    told = measurement(tracks=(keeps_its_place,))
    told.camera_path.pan[-5:] = 1.5

    assert describe_objects(told, start_s=START_S, end_s=END_S) == (
        "A region about a fifth of the frame wide stays in the middle and moves in place throughout."
    )


def test_a_smaller_object_is_told_second_and_the_least_ones_are_summed_up() -> None:
    large = track(1, (0.1, 0.2, 0.5, 0.9), (0.12, 0.2, 0.52, 0.9), score=0.8)
    small = track(2, (0.6, 0.1, 0.7, 0.2), (0.9, 0.1, 1.0, 0.2), score=0.3, end_s=3.0)
    others = [track(k, (0.8, 0.8, 0.85, 0.9), (0.8, 0.8, 0.85, 0.9), score=0.1, end_s=1.0) for k in (3, 4, 5)]
    assert objects(large, small, *others) == (
        "A region about two fifths of the frame wide stays on the left and moves in place throughout. "
        "A smaller one moves to the right edge and leaves there at 3.0 s. "
        "Three other regions move in the lower right."
    )


def test_reading_a_measurement_does_not_import_opencv() -> None:
    program = "import sys, motionsight_core.measure.types; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_single_frame_claims_nothing() -> None:
    from dataclasses import replace

    empty = CameraPath(*[np.zeros(0)] * 6)
    one_frame = replace(measurement(), camera_path=empty)
    assert camera(one_frame) == "The clip has too few frames to tell how the camera moves."
    assert (
        describe_objects(one_frame, start_s=0.0, end_s=0.04)
        == "The clip has too few frames to tell what moves."
    )
