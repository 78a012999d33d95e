"""The words of questions and options, for rendered truth and for measurements alike."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.camera_motion import CAMERA_MOTIONS

HOW_CAMERA = "How does the camera move?"
CAMERA_ORDER = "In which order does the camera move?"
CAMERA_FIRST = "What does the camera do first?"
CAMERA_LAST = "What does the camera do last?"
STATIC = "The camera does not move"
_OPPOSITE = {"left": "right", "up": "down", "in": "out", "cw": "ccw"}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}

#: Where something goes in the picture, each with its step to the right and downwards.
DIRECTIONS = {
    "To the right": (1.0, 0.0),
    "To the left": (-1.0, 0.0),
    "Upward": (0.0, -1.0),
    "Downward": (0.0, 1.0),
}
#: The same in the middle of a sentence, by the word alone; and each with the other way.
WAYS = {"right": "to the right", "left": "to the left", "up": "up", "down": "down"}
CONTRARY = {"to the left": "to the right", "to the right": "to the left", "up": "down", "down": "up"}
#: How a speed changes.
SPEEDS_UP, SLOWS_DOWN, SAME_SPEED, STANDS_STILL = SPEEDS = (
    "It speeds up",
    "It slows down",
    "It keeps the same speed",
    "It stands still",
)
WHICH_MOVES = "Which object moves?"
HOW_MANY_MOVE = "How many objects move?"
#: Of the frame.
EDGES = ("left", "right", "top", "bottom")
#: What stands for something that has no name.
OBJECT = "object"


def opposite(label: str) -> str:
    """The label of the other way along an axis: pan_right of pan_left."""
    axis, _, way = label.partition("_")
    return f"{axis}_{_OPPOSITE[way]}"


def noun(label: str) -> str:
    """ "pan left"."""
    return CAMERA_MOTIONS[label].noun


def sentence(labels: Sequence[str]) -> str:
    """ "It pans left and tilts up"; of `static` alone that the camera does not move."""
    if list(labels) == ["static"]:
        return STATIC
    motions = [CAMERA_MOTIONS[label] for label in labels]
    return f"It {' and '.join(f'{motion.verb} {motion.adverb}'.rstrip() for motion in motions)}"


def order(first: str, second: str) -> str:
    """ "A pan left, then a tilt up"."""
    return f"A {noun(first)}, then a {noun(second)}"


def how_often_camera(axis: str) -> str:
    """ "How many times does the camera pan?"."""
    return f"How many times does the camera {axis}?"


def how_moves(thing: str) -> str:
    """ "How does the dog move in the picture?"."""
    return f"How does the {thing} move in the picture?"


def moves(way: str) -> str:
    """ "It moves up and down"."""
    return f"It moves {way}"


def where_enters(thing: str) -> str:
    """ "At which edge of the frame does the dog enter?"."""
    return f"At which edge of the frame does the {thing} enter?"


def where_leaves(thing: str) -> str:
    """ "At which edge of the frame does the dog leave?"."""
    return f"At which edge of the frame does the {thing} leave?"


def edge(side: str) -> str:
    """ "The left edge"."""
    return f"The {side} edge"


def which_direction(thing: str) -> str:
    """ "In which direction does the dog move in the picture?"."""
    return f"In which direction does the {thing} move in the picture?"


def which_order(thing: str) -> str:
    """ "In which order does the dog move in the picture?"."""
    return f"In which order does the {thing} move in the picture?"


def ways_in_order(first: str, second: str) -> str:
    """ "First to the left, then up"."""
    return f"First {first}, then {second}"


def change_of_speed(thing: str) -> str:
    """ "How does the speed of the dog change?"."""
    return f"How does the speed of the {thing} change?"


def how_often(thing: str) -> str:
    """ "How many times does the dog repeat its motion?"."""
    return f"How many times does the {thing} repeat its motion?"


def capital(thing: str) -> str:
    """ "The dog"."""
    return f"The {thing}"
