"""The words of questions and options about a rendered camera."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.camera_motion import CAMERA_MOTIONS

STATIC = "The camera does not move"
_OPPOSITE = {"left": "right", "up": "down", "in": "out", "cw": "ccw"}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}


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
    return f"It {' and '.join(f'{motion.verb} {motion.adverb}' for motion in motions)}"


def order(first: str, second: str) -> str:
    """ "A pan left, then a tilt up"."""
    return f"A {noun(first)}, then a {noun(second)}"
