"""From votes to a name."""

from __future__ import annotations

import pytest

from motionsight_core.naming.types import Detection
from motionsight_core.naming.vocabulary import UNSAYABLE
from motionsight_core.naming.voting import Ballot, Corners, Verdict, fit_of

TRACK = (0.2, 0.2, 0.6, 0.8)


def voted(*frames: dict[str, float], box: Corners = TRACK) -> Verdict | None:
    """The verdict of frames, in each of which a detector finds these names with these scores in one box."""
    ballot = Ballot()
    for frame in frames:
        ballot.add(TRACK, [Detection(name, score, box) for name, score in frame.items()], 1.0)
    return ballot.verdict(UNSAYABLE)


def said(*frames: dict[str, float], box: Corners = TRACK) -> str:
    verdict = voted(*frames, box=box)
    return verdict.name if verdict is not None and verdict.is_sure else ""


def test_frames_that_agree_name_a_track_and_the_score_is_their_mean() -> None:
    verdict = voted({"dog": 0.7}, {"dog": 0.5}, {"dog": 0.6}, {})
    assert verdict is not None
    assert (verdict.name, verdict.frames, verdict.is_sure) == ("dog", 3, True)
    assert verdict.score == pytest.approx(0.45)


def test_two_frames_are_too_few_however_sure_they_are() -> None:
    assert said({"dog": 0.9}, {"dog": 0.9}) == ""


def test_what_one_frame_in_five_says_is_not_said() -> None:
    assert said({"horse": 0.6}, {}, {}, {}, {"horse": 0.6}, {"horse": 0.4}, {}, {}, {}, {}) == ""


def test_two_names_that_contradict_each_other_leave_the_track_without() -> None:
    assert said(*[{"cat": 0.6, "dog": 0.55}] * 4) == ""
    assert said(*[{"cat": 0.6}, {"dog": 0.6}] * 3) == ""


def test_the_names_of_vehicles_that_are_mixed_up_add_up_to_the_one_said_most() -> None:
    assert said({"truck": 0.5}, {"car": 0.5}, {"truck": 0.5}, {"car": 0.4, "truck": 0.5}) == "truck"
    assert said({"car": 0.5}, {"bus": 0.4}, {"car": 0.5}, {"truck": 0.5}) == "car"


@pytest.mark.parametrize("thing", ["bicycle", "motorcycle", "horse", "skateboard", "tennis racket"])
def test_a_person_with_a_thing_is_a_person(thing: str) -> None:
    assert said(*[{"person": 0.5, thing: 0.6}] * 4) == "person"


def test_a_motorcycle_whose_rider_is_hardly_seen_is_a_motorcycle() -> None:
    assert said(*[{"motorcycle": 0.7}] * 3, {"motorcycle": 0.7, "person": 0.3}) == "motorcycle"


def test_a_child_before_a_bed_is_a_person_and_the_bed_alone_is_nothing() -> None:
    assert said(*[{"person": 0.5, "bed": 0.7}] * 4) == "person"
    assert said(*[{"bed": 0.9}] * 4) == ""


@pytest.mark.parametrize("gear", ["surfboard", "frisbee", "tennis racket"])
def test_sports_gear_is_no_name_of_what_moves(gear: str) -> None:
    assert said(*[{gear: 0.9}] * 6) == ""


def test_a_box_elsewhere_does_not_vote() -> None:
    assert said(*[{"dog": 0.9}] * 4, box=(0.55, 0.7, 0.95, 0.98)) == ""


def test_a_whole_person_names_the_arm_that_moves() -> None:
    arm = (0.3, 0.3, 0.4, 0.5)
    person = (0.2, 0.1, 0.45, 0.7)
    ballot = Ballot()
    for _ in range(4):
        ballot.add(arm, [Detection("person", 0.8, person)], 1.0)
    verdict = ballot.verdict(UNSAYABLE)
    assert verdict is not None and verdict.is_sure and verdict.name == "person"


def test_fit_is_one_for_the_same_box_none_for_boxes_apart_and_kind_to_a_box_inside() -> None:
    assert fit_of(TRACK, TRACK) == pytest.approx(1.0)
    assert fit_of((0.0, 0.0, 0.1, 0.1), (0.5, 0.5, 0.6, 0.6)) == 0.0
    assert fit_of((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 0.5, 0.5)) == pytest.approx(0.5), "its IoU is 0.25"
