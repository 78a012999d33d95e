"""Which option a measurement decides on, and where it decides on none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from motionsight_core.choosing import Measured, choose
from motionsight_core.errors import ClipError, Undecided, UsageError
from motionsight_core.record import Dissolve, Repetition
from tests.core.choosing.measurements import measured, move, region, track, turning

LEFT = measured(move("pan_left"))
LEFT_ZOOMING = measured(move("pan_left"), move("zoom_in"))
LEFT_THEN_ZOOM = measured(move("pan_left", 0, 2.8), move("zoom_in", 3.1, 6))
LEFT_THEN_RIGHT = measured(move("pan_left", 0, 3), move("pan_right", 3.2, 6))
LEFT_AFTER_A_REST = measured(move("pan_left", 2, 6))
UP = measured(move("tilt_up"))
TRUCK = measured(move("truck_left"))
GUESSED = measured(move("pan_left", confidence=0.4))
STATIC = measured()
SHAKY = measured(steadiness="shaky")
DOG = measured(tracks=[track("dog", (0.2, 0.5), (0.8, 0.5))])
MAN = track("person", (0.8, 0.5), (0.6, 0.5), span_s=(2.0, 6.0), number=2)
DOG_AND_MAN = measured(tracks=[track("dog", (0.2, 0.5), (0.8, 0.5)), MAN])
REGION = measured(tracks=[region((0.2, 0.5), (0.8, 0.5))])
FALLING = measured(tracks=[region((0.5, 0.2), (0.52, 0.8))])
COMING = measured(tracks=[track("person", (0.5, 0.5), (0.5, 0.55), size=(0.1, 0.3))])
FOLLOWED = measured(move("pan_right", rate=0.2), tracks=[track("dog", (0.5, 0.5), (0.5, 0.5))])
STARTING = measured(tracks=[track("car", (0.1, 0.5), (0.8, 0.5), easing=2.0)])
TURNING = measured(tracks=[turning((0.2, 0.3), (0.7, 0.3), (0.7, 0.8))])
JUMPING = measured(
    tracks=[track("person", (0.5, 0.5), (0.5, 0.5))], repetitions=[Repetition(1, 5, 1.0, 0.0, 5.0, 0.8)]
)
CUT = measured(cuts=[2.0, 4.0])
EDITED = measured(
    cuts=[1.0],
    dissolves=[
        Dissolve(2.0, 2.6),
        Dissolve(3.5, 4.0, "fade_out"),
        Dissolve(4.0, 4.4, "fade_in"),
        Dissolve(5.5, 6.0, "fade_out"),
    ],
)

YES_NO = ("Yes", "No")


@pytest.mark.parametrize(
    ("clip", "question", "options", "right"),
    [
        (
            LEFT,
            "How does the camera move?",
            ("It pans left", "It pans right", "It tilts up", "It is static"),
            0,
        ),
        (LEFT, "HOW DOES THE CAMERA MOVE?", ("A. RIGHT", "B. LEFT", "C. UP"), 1),
        (LEFT, "What is the camera doing?", ("(a) panning right", "(b) panning left"), 1),
        (LEFT, "Which direction does the camera pan?", ("From left to right", "From right to left"), 1),
        (LEFT, "What kind of camera movement is shown?", ("Pan", "Tilt", "Zoom", "Static"), 0),
        (LEFT, "Which of these does the camera not do?", ("pan left", "zoom in", "move"), 1),
        (LEFT, "How does the camera move?", ("It pans left", "It zooms in", "Cannot be determined"), 0),
        (
            LEFT_ZOOMING,
            "How does the camera move?",
            ("pans left", "zooms in", "pans left while zooming in"),
            2,
        ),
        (LEFT_ZOOMING, "How does the camera move?", ("It moves left", "It moves right", "static"), 0),
        (LEFT_ZOOMING, "Which way does the camera pan?", ("left", "right"), 0),
        (LEFT_THEN_RIGHT, "What does the camera do?", ("It pans", "It tilts"), 0),
        (LEFT_ZOOMING, "Which moves does the camera make?", ("pan", "zoom", "both", "neither"), 2),
        (LEFT, "Which moves does the camera make?", ("pan", "zoom", "both", "neither"), 0),
        (UP, "Which moves does the camera make?", ("pan", "zoom", "none of the above"), 2),
        (STATIC, "How does the camera move?", ("pans left", "zooms in", "It does not move"), 2),
        (TRUCK, "What does the camera do?", ("It pans left", "It trucks left"), 1),
        (TRUCK, "What does the camera do?", ("It pans left", "It pans right"), 0),
        (SHAKY, "What does the camera do?", ("shaky, handheld", "static, on a tripod", "pans left"), 0),
    ],
)
def test_the_camera_s_moves_decide(clip: Measured, question: str, options: Sequence[str], right: int) -> None:
    assert choose(question, options, clip).position == right


@pytest.mark.parametrize(
    ("clip", "question", "options", "right"),
    [
        (LEFT_THEN_ZOOM, "In which order?", ("pans left, then zooms in", "zooms in, then pans left"), 0),
        (LEFT_THEN_ZOOM, "In which order?", ("pans left after zooming in", "zooms in after panning left"), 1),
        (LEFT_THEN_ZOOM, "What happens?", ("pans left while zooming in", "pans left, then zooms in"), 1),
        (LEFT_ZOOMING, "What happens?", ("pans left while zooming in", "pans left, then zooms in"), 0),
        (LEFT_THEN_ZOOM, "What does the camera do first?", ("pans left", "zooms in"), 0),
        (LEFT_THEN_ZOOM, "What does the camera do at the end?", ("pans left", "zooms in"), 1),
        (LEFT_THEN_ZOOM, "What does the camera do in the second half?", ("pans left", "zooms in"), 1),
        (LEFT_THEN_ZOOM, "What does the camera do after panning left?", ("tilts up", "zooms in"), 1),
        (LEFT_THEN_ZOOM, "What does the camera do before it zooms in?", ("tilts up", "pans left"), 1),
        (LEFT_THEN_RIGHT, "How does the camera move?", ("left, then right", "right, then left", "left"), 0),
        (LEFT_AFTER_A_REST, "What does the camera do first?", ("It holds still", "It pans left"), 0),
        (
            LEFT_AFTER_A_REST,
            "What does the camera do?",
            ("static, then pans left", "pans left, then is static"),
            0,
        ),
        (DOG_AND_MAN, "Who enters first?", ("the dog", "the woman"), 0),
        (DOG_AND_MAN, "Which comes last?", ("The person", "The dog"), 0),
        (
            TURNING,
            "In which order does the object move in the picture?",
            ("First down, then to the right", "First to the left, then up", "First to the right, then down"),
            2,
        ),
        (TURNING, "In what order does it go?", ("down before going right", "right before going down"), 1),
    ],
)
def test_order_in_time_decides(clip: Measured, question: str, options: Sequence[str], right: int) -> None:
    assert choose(question, options, clip).position == right


@pytest.mark.parametrize(
    ("question", "options", "right"),
    [
        ("Which object moves?", ("The cat", "The dog", "The horse", "The car"), 1),
        ("What is moving in the video?", ("a woman", "a puppy"), 1),
        ("Which animal moves?", ("a dog", "a cow", "none of the above"), 0),
        ("Which animal moves?", ("a cat", "a cow", "none of the above"), 2),
    ],
)
def test_what_was_recognised_says_which_thing_moves(
    question: str, options: Sequence[str], right: int
) -> None:
    assert choose(question, options, DOG).position == right


@pytest.mark.parametrize(
    ("clip", "question", "options", "why"),
    [
        (REGION, "Which object moves?", ("The dog", "The cat"), "not recognised"),
        (STATIC, "Which object moves?", ("The dog", "The cat"), "nothing was measured"),
        (DOG_AND_MAN, "Which object moves?", ("The dog", "The man", "The car"), "about equally well"),
        (
            DOG,
            "In which order does the dog move?",
            ("First to the right, then up", "First up, then to the right"),
            "does not go straight in one direction and then in another",
        ),
    ],
)
def test_which_moves_and_in_which_order_is_left_open_where_it_was_not_measured(
    clip: Measured, question: str, options: Sequence[str], why: str
) -> None:
    with pytest.raises(Undecided, match=why):
        choose(question, options, clip)


@pytest.mark.parametrize(
    ("clip", "question", "yes"),
    [
        (LEFT, "Does the camera move?", True),
        (LEFT, "Does the camera pan left?", True),
        (LEFT, "Does the camera pan right?", False),
        (LEFT, "Is the camera static?", False),
        (LEFT, "Does the camera pan right to follow the dog?", False),
        (LEFT_ZOOMING, "Does the camera zoom in?", True),
        (LEFT_ZOOMING, "Does the camera only pan left?", False),
        (LEFT_THEN_ZOOM, "Does the camera pan left before zooming in?", True),
        (LEFT_THEN_ZOOM, "Does the camera zoom in and then pan left?", False),
        (STATIC, "Is the camera moving?", False),
        (STATIC, "Does the camera stay still?", True),
        (SHAKY, "Is the camera shaky?", True),
        (SHAKY, "Is the camera held steady?", False),
        (DOG, "Does the dog run to the left?", False),
        (DOG, "Does the dog run to the right?", True),
        (DOG, "Is the dog moving toward the camera?", False),
        (DOG, "Is the dog moving?", True),
        (COMING, "Is the person getting closer?", True),
    ],
)
def test_a_yes_or_no_is_decided(clip: Measured, question: str, yes: bool) -> None:
    assert choose(question, YES_NO, clip).position == (0 if yes else 1)
    assert choose(question, ("No, it does not.", "Yes, it does."), clip).position == (1 if yes else 0)


@pytest.mark.parametrize(
    ("clip", "question", "options", "right"),
    [
        (DOG, "Which way does the dog run?", ("left", "right"), 1),
        (DOG, "What does the dog do?", ("It walks to the left", "It walks to the right", "It stands up"), 1),
        (DOG, "In which direction does the animal move?", ("Right to left", "Left to right"), 1),
        (
            REGION,
            "Which way does the object move?",
            ("left to right", "right to left", "toward the camera"),
            0,
        ),
        (FALLING, "Where does it go?", ("up", "down", "left", "right"), 1),
        (COMING, "Which way does the man walk?", ("toward the camera", "away from the camera", "left"), 0),
        (FOLLOWED, "Which way does the dog run?", ("to the left", "to the right", "it stays in place"), 1),
        (DOG_AND_MAN, "Which way does the woman walk?", ("to the left", "to the right"), 0),
        (
            DOG_AND_MAN,
            "Which moves faster, the dog or the person?",
            ("the dog", "the person", "both the same"),
            0,
        ),
        (STARTING, "Does the car speed up or slow down?", ("It slows down", "It speeds up"), 1),
        (STARTING, "How does the speed of the car change?", ("constant", "slows down", "accelerates"), 2),
        (DOG_AND_MAN, "Which is slower?", ("dog", "person"), 1),
        (LEFT, "Is the camera movement fast or slow?", ("slow", "moderate", "fast"), 1),
        (measured(move("pan_left", rate=0.5)), "How fast does the camera pan?", ("slowly", "fast"), 1),
        (measured(move("pan_left", rate=0.02)), "How fast does the camera pan?", ("slowly", "fast"), 0),
    ],
)
def test_directions_and_speeds_decide(
    clip: Measured, question: str, options: Sequence[str], right: int
) -> None:
    assert choose(question, options, clip).position == right


@pytest.mark.parametrize(
    ("clip", "question", "options", "right"),
    [
        (JUMPING, "How many times does the man jump?", ("3", "4", "5", "7"), 2),
        (JUMPING, "How often does the person jump?", ("Twice", "five times"), 1),
        (JUMPING, "How many times does it jump?", ("less than 3", "3-6", "more than 6"), 1),
        (JUMPING, "How many times does he jump?", ("2", "6", "9"), 1),  # counts are right within one
        (CUT, "How many cuts are there?", ("one", "two", "three"), 1),
        (CUT, "How many shots does the video have?", ("1", "2", "3"), 2),
        (STATIC, "How many cuts are there?", ("None", "At least one"), 0),
        (EDITED, "How many shots are there?", ("two", "three", "four", "five"), 2),
        (EDITED, "How many scene transitions does the video have?", ("1", "3", "5"), 1),
        (DOG_AND_MAN, "How many people walk?", ("0", "1", "2"), 1),
        (LEFT_THEN_RIGHT, "How many times does the camera pan?", ("once", "twice"), 1),
    ],
)
def test_counts_decide(clip: Measured, question: str, options: Sequence[str], right: int) -> None:
    assert choose(question, options, clip).position == right


@pytest.mark.parametrize(
    ("clip", "question", "options", "why"),
    [
        (DOG, "What colour is the dog?", ("brown", "black"), "asks for something that is not measured"),
        (DOG, "Which hand does the man use?", ("left", "right"), "asks for something that is not measured"),
        (DOG, "Which way does the dog look?", ("left", "right"), "asks for something that is not measured"),
        (DOG, "What does the dog do?", ("left the room", "stands up", "picks up a ball"), "is not measured"),
        (LEFT, "How does the camera move?", ("nicely", "like a dog"), "options cannot be compared"),
        (LEFT, "What moves?", ("The background, left", "The background, right"), "names nothing that can be"),
        (LEFT, "Which way does the background move?", ("left", "right"), "names nothing that can be"),
        (LEFT, "Does the camera pan left to follow the dog?", YES_NO, "asks for more"),
        (DOG, "Does the dog run right to catch a ball?", YES_NO, "asks for more"),
        (LEFT_ZOOMING, "How does the camera move?", ("pans", "static", "zooms"), "Options A and C fit"),
        (LEFT, "What does the camera do?", ("It pans left", "It trucks left"), "Options A and B fit"),
        (UP, "How does the camera move?", ("pans left", "zooms in"), "No option fits .* tilt up from 0.0 s"),
        (GUESSED, "How does the camera move?", ("pans left", "static"), "No option fits .* confidence .40"),
        (GUESSED, "Does the camera pan left?", YES_NO, "Options A and B .* confidence .40"),
        (LEFT, "How fast does the camera pan?", ("slowly", "fast"), "Options A and B fit .* 0.12 frame"),
        (LEFT, "What does it do after the camera tilts up?", ("pans", "zooms"), "not measured. Measured"),
        (LEFT, "What does the camera do from 2 s to 4 s?", ("pans left", "zooms"), "by its seconds"),
        (STATIC, "Which way does the dog run?", ("left", "right"), "nothing was measured that moves"),
        (DOG, "Which way does the woman walk?", ("left", "right"), "called 'woman'.* there is a dog"),
        (REGION, "Which way does the dog run?", ("left", "right"), "one moving region without a name"),
        (REGION, "Which way does the kangaroo jump?", ("left", "right"), "names nothing that can be"),
        (DOG, "Which way does the dog's tail move?", ("left", "right"), "asks for something|names nothing"),
        (DOG, "Which way does the dog run at first?", ("left", "right"), "part of the time"),
        (DOG_AND_MAN, "Which moves faster?", ("the man", "the woman"), "apart: man and woman"),
        (JUMPING, "How many times does the man enter the room?", ("1", "2"), "is not counted"),
        (DOG, "How many times does the dog jump?", ("3", "4"), "at least three times"),
        (REGION, "How many people walk?", ("0", "1"), "was not recognised"),
        (LEFT, "How do the man and the camera move?", ("left", "right"), "ask about one of them"),
    ],
)  # fmt: skip
def test_where_the_measurement_does_not_decide_one_sentence_says_why(
    clip: Measured, question: str, options: Sequence[str], why: str
) -> None:
    with pytest.raises(Undecided, match=why) as refusal:
        choose(question, options, clip)
    assert str(refusal.value).endswith(".")
    assert isinstance(refusal.value, ClipError)


def test_a_word_that_fits_several_tracks_is_answered_where_all_of_them_do_the_same() -> None:
    def two_dogs(second_x: float) -> Measured:
        second = track("dog", (0.3, 0.7), (second_x, 0.7), number=2)
        return measured(tracks=[track("dog", (0.2, 0.5), (0.8, 0.5)), second])

    question, options = "Which way does the big dog run?", ("left", "right")
    assert choose(question, options, two_dogs(0.9)).position == 1
    with pytest.raises(Undecided, match="each is right in another reading"):
        choose(question, options, two_dogs(0.05))


def test_what_comes_when_the_named_thing_is_gone_may_be_the_same_thing() -> None:
    gone = track("dog", (0.2, 0.5), (0.8, 0.5), span_s=(0.0, 2.5))
    back = track("moving region", (0.9, 0.5), (0.1, 0.5), span_s=(3.5, 6.0), number=2)
    with pytest.raises(Undecided, match="each is right in another reading"):
        choose("Which way does the dog run?", ("left", "right"), measured(tracks=[gone, back]))


def test_a_way_that_the_camera_turns_round_is_left_open_unless_the_question_says_where() -> None:
    # To the left in the picture, by less than the camera pans to the right.
    clip = measured(move("pan_right", rate=0.2), tracks=[track("dog", (0.8, 0.5), (0.4, 0.5))])
    with pytest.raises(Undecided, match="each is right in another reading"):
        choose("Which way does the dog run?", ("left", "right"), clip)
    assert choose("Which way does the dog run in the picture?", ("left", "right"), clip).position == 0


def test_the_evidence_is_what_was_measured() -> None:
    assert choose("Does the camera pan left?", YES_NO, LEFT).evidence == (
        "Measured: pan left from 0.0 s to 6.0 s, confidence .95."
    )


@pytest.mark.parametrize("options", [(), ("one",), ("x",) * 27])
def test_a_multiple_choice_has_2_to_26_options(options: Sequence[str]) -> None:
    with pytest.raises(UsageError, match="2 to 26 options"):
        choose("How does the camera move?", options, LEFT)
