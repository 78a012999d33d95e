"""The camera's motion: every label, what it means, and the words for it.

The labels follow the CameraBench taxonomy and are the camera's: `pan_right` means that the picture's
content drifts left, `roll_cw` that it turns counter-clockwise. Measurement, descriptions, the comparison
with a model's text, the report and the rendered scenes are all written from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: What `camera_moves.label` holds, in the order in which people read them.
CameraLabel: TypeAlias = Literal[
    "static", "pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "roll_cw", "roll_ccw",
    "truck_left", "truck_right", "pedestal_up", "pedestal_down", "dolly_in", "dolly_out", "arc_cw", "arc_ccw",
]  # fmt: skip
#: A component of the picture's motion: two moves along one axis exclude each other. An arc shows as shear.
Axis: TypeAlias = Literal["static", "pan", "tilt", "zoom", "roll", "arc"]
#: How steadily the camera is held.
Steadiness: TypeAlias = Literal["static", "smooth", "unsteady", "shaky"]
STEADINESS: tuple[Steadiness, ...] = ("static", "smooth", "unsteady", "shaky")

#: What a rate along an axis counts, per second: frame widths, frame heights, natural-log scale, degrees.
UNITS: dict[Axis, str] = {
    "static": "",
    "pan": "widths",
    "tilt": "heights",
    "zoom": "log scale",
    "roll": "degrees",
    "arc": "degrees",
}


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """What a label means, and the words for it."""

    label: CameraLabel
    axis: Axis
    sign: int
    """Of the velocity along the axis, which is positive to the right, up, in and clockwise; 0 for static."""
    changes_place: bool
    """Whether the camera goes somewhere, which parallax tells from a turn or a zoom."""
    verb: str
    """Third person, such as "pans"."""
    participle: str
    """Such as "panning"."""
    adverb: str
    """What stands behind the verb, such as "left"; empty where the verb says it all."""
    noun: str
    """Such as "pan left"."""

    @property
    def kind(self) -> str:
        """The label without its direction, such as `pan`."""
        return self.label.partition("_")[0]

    @property
    def direction(self) -> str:
        """left, right, up, down, in, out, cw or ccw; empty for static."""
        return self.label.partition("_")[2]

    @property
    def unit(self) -> str:
        """What a rate counts, per second; see UNITS."""
        return UNITS[self.axis]


_TABLE = (
    CameraMotion("static", "static", 0, False, "holds", "holding", "still", "fixed view"),
    CameraMotion("pan_left", "pan", -1, False, "pans", "panning", "left", "pan left"),
    CameraMotion("pan_right", "pan", 1, False, "pans", "panning", "right", "pan right"),
    CameraMotion("tilt_up", "tilt", 1, False, "tilts", "tilting", "up", "tilt up"),
    CameraMotion("tilt_down", "tilt", -1, False, "tilts", "tilting", "down", "tilt down"),
    CameraMotion("zoom_in", "zoom", 1, False, "zooms", "zooming", "in", "zoom in"),
    CameraMotion("zoom_out", "zoom", -1, False, "zooms", "zooming", "out", "zoom out"),
    CameraMotion("roll_cw", "roll", 1, False, "rolls", "rolling", "clockwise", "clockwise roll"),
    CameraMotion(
        "roll_ccw", "roll", -1, False, "rolls", "rolling", "counter-clockwise", "counter-clockwise roll"
    ),
    CameraMotion(
        "truck_left", "pan", -1, True, "moves", "moving", "sideways to the left", "sideways move to the left"
    ),
    CameraMotion(
        "truck_right",
        "pan",
        1,
        True,
        "moves",
        "moving",
        "sideways to the right",
        "sideways move to the right",
    ),
    CameraMotion("pedestal_up", "tilt", 1, True, "rises", "rising", "", "rise"),
    CameraMotion("pedestal_down", "tilt", -1, True, "sinks", "sinking", "", "descent"),
    CameraMotion("dolly_in", "zoom", 1, True, "moves", "moving", "forward", "forward move"),
    CameraMotion("dolly_out", "zoom", -1, True, "moves", "moving", "backward", "backward move"),
    CameraMotion(
        "arc_cw",
        "arc",
        1,
        True,
        "circles",
        "circling",
        "clockwise around the scene",
        "clockwise circling move",
    ),
    CameraMotion(
        "arc_ccw",
        "arc",
        -1,
        True,
        "circles",
        "circling",
        "counter-clockwise around the scene",
        "counter-clockwise circling move",
    ),
)

#: Label -> what it means.
CAMERA_MOTIONS: dict[str, CameraMotion] = {motion.label: motion for motion in _TABLE}

_BY_VELOCITY: dict[tuple[Axis, int, bool], CameraLabel] = {
    (motion.axis, motion.sign, motion.changes_place): motion.label for motion in _TABLE
}


def label_of(axis: Axis, sign: int, *, changes_place: bool = False) -> CameraLabel:
    """The label of a move along an axis, of a camera that stays at its place or goes somewhere.

    A roll is one wherever the camera goes.
    """
    turned = _BY_VELOCITY.get((axis, sign, False))
    moved = _BY_VELOCITY.get((axis, sign, True))
    label = (moved or turned) if changes_place else (turned or moved)
    if label is None:
        raise ValueError(f"no camera move along {axis!r} with the sign {sign}")
    return label
