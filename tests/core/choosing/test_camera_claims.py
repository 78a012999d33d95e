"""What options and questions claim of a camera, in the words in which people ask."""

from __future__ import annotations

import pytest

from motionsight_core.choosing.camera_claims import camera_claim
from motionsight_core.choosing.camera_phrases import has_unread_words
from motionsight_core.choosing.question import plain


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Left", ["pan left"]),
        ("Upwards", ["tilt up"]),
        ("Clockwise", ["roll cw"]),
        ("Zoom in", ["zoom in"]),
        ("Pan", ["pan"]),
        ("Horizontally", ["pan"]),
        ("Leftward motion", ["pan left"]),
        ("From left to right", ["pan right"]),
        ("Right to left.", ["pan left"]),
        ("It moves from the bottom to the top", ["tilt up"]),
        ("The camera moves towards the left", ["pan left"]),
        ("The camera moves in the left direction", ["pan left"]),
        ("The camera moves to the left while zooming in", ["pan left, zoom in"]),
        ("The camera tilts upward and pans to the right", ["pan right, tilt up"]),
        ("rotates clockwise", ["roll cw"]),
        ("Does the camera circle counter-clockwise around the scene?", ["arc ccw"]),
        ("It moves around the statue", ["arc"]),
        ("orbits clockwise", ["arc cw"]),
        ("Moves closer", ["zoom in"]),
        ("tracks to the right", ["pan right"]),
        ("the camera ascends", ["tilt up"]),
        ("Pan right, then tilt up", ["pan right", "tilt up"]),
        ("pans left, then right, then left", ["pan left", "pan right", "pan left"]),
        ("Tilts down, followed by a zoom out", ["tilt down", "zoom out"]),
        ("The camera pans left before zooming in", ["pan left", "zoom in"]),
        ("zooms in after panning left", ["pan left", "zoom in"]),
        ("After panning left, the camera zooms in", ["pan left", "zoom in"]),
        ("The camera pans left without zooming", ["pan left"]),
        ("Static.", ["static"]),
        ("Still", ["static"]),
        ("The camera does not move", ["static"]),
        ("The camera isn\u2019t moving", ["static"]),
        ("No camera movement", ["static"]),
        ("It remains in place", ["static"]),
        ("Does the camera not move?", ["static"]),
        ("The camera is not static", ["any"]),
        ("Does the camera move?", ["any"]),
        ("The camera does not pan", ["not pan"]),
        ("It is held still, then pans left", ["static", "pan left"]),
        ("It zooms in on the man, then pans in a circle", ["zoom in", "pan"]),
        ("moves into the room", ["zoom in"]),
        ("The scene moves to the left", []),
        ("The man walks to the left", []),
        ("The camera follows the dog", []),
        ("Does the dog run towards the camera?", []),
    ],
)
def test_moves_are_read_in_their_order(text: str, steps: list[str]) -> None:
    claim = camera_claim(plain(text))
    read = []
    for step in claim.steps:
        parts = [" ".join(pair).strip() for pair in sorted(step.moves)]
        parts += [f"not {' '.join(pair).strip()}" for pair in sorted(step.denied)]
        read.append(", ".join(parts + ["static"] * step.is_static))
    assert read == steps


@pytest.mark.parametrize(
    ("text", "is_shaky"),
    [
        ("The camera shakes", True),
        ("hand-held", True),
        ("held by hand", True),
        ("The camera does not shake", False),
        ("on a tripod", False),
        ("A smooth pan to the left", False),
        ("pans left", None),
    ],
)
def test_steadiness_is_read(text: str, is_shaky: bool | None) -> None:
    assert camera_claim(plain(text)).is_shaky is is_shaky


@pytest.mark.parametrize(
    ("text", "changes_place"),
    [
        ("dollies in", True),
        ("trucks left", True),
        ("pans left", False),
        ("zooms in", False),
        ("moves left", None),
    ],
)
def test_words_of_going_and_of_turning_are_told_apart(text: str, changes_place: bool | None) -> None:
    assert camera_claim(plain(text)).changes_place is changes_place


def test_a_question_that_claims_more_than_moves_has_unread_words() -> None:
    assert not has_unread_words("does the camera slowly pan from left to right at the beginning of the video")
    assert has_unread_words("does the camera pan left to follow the dog")
