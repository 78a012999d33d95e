"""What a scene is: a camera's moves, the objects in it, and how the file is encoded."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal, get_args

from motionsight_core.camera_motion import CAMERA_MOTIONS, CameraLabel

Axis = Literal["x", "y", "scale", "angle"]
Theme = Literal["hills", "town", "fields"]
Texture = Literal["bricks", "pebbles", "foliage", "weave", "planks", "marble", "confetti", "asphalt"]
Shape = Literal["ball", "balloon", "bus", "car", "crate", "hand", "cloth", "figure", "hammer", "pendulum"]
Space = Literal["frame", "world"]
Easing = Literal["linear", "ease_in", "ease_out", "ease_in_out"]

THEMES: tuple[Theme, ...] = ("hills", "town", "fields")
"""Backgrounds that scenes draw unless they are told otherwise."""
TEXTURES: tuple[Texture, ...] = get_args(Texture)
"""Backgrounds that the measurement was not tuned on."""
SHAPES: tuple[Shape, ...] = ("ball", "balloon", "bus", "car", "crate")
"""Objects of `random_scene`."""

_CONTENT: dict[str, tuple[Axis, int]] = {
    "pan": ("x", -1),
    "tilt": ("y", 1),
    "zoom": ("scale", 1),
    "roll": ("angle", -1),
}
CONTENT_DIRECTION: dict[str, tuple[Axis, int]] = {
    label: (_CONTENT[motion.axis][0], _CONTENT[motion.axis][1] * motion.sign)
    for label, motion in CAMERA_MOTIONS.items()
    if motion.axis in _CONTENT
}
"""Which way the picture's content goes for each label: x to the right, y down, angle clockwise.

Labels are the camera's, so the content goes the other way. Orbits cannot be rendered.
"""

SMALLEST_SIDE, LARGEST_SIDE = 32, 4096


@dataclass(frozen=True, slots=True)
class Move:
    """A span of one camera movement."""

    start_s: float
    """Seconds from the first frame."""
    end_s: float
    label: CameraLabel
    """The camera's direction: a key of CONTENT_DIRECTION (`static` in a SceneTruth only)."""
    rate: float
    """Mean over the span, positive: frame widths/s (pan, truck), heights/s (tilt, pedestal),
    natural-log scale/s (zoom, dolly), degrees/s (roll). Under parallax, the far layer's."""
    ease_s: float = 0.0
    """Seconds in which the rate rises from 0 at the start, and in which it falls at the end."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where the middle of an object is at one moment."""

    t_s: float
    """Seconds from the first frame."""
    x: float
    """Fraction of the frame's width; outside 0..1 is outside the frame."""
    y: float
    """Fraction of the frame's height, from the top."""
    angle: float = 0.0
    """Degrees, clockwise."""


@dataclass(frozen=True, slots=True)
class Repetitions:
    """What an object does over and over."""

    count: int
    """Whole cycles in the clip: bounces, swings there and back, strokes, nods, jumps."""
    period_s: float
    """Seconds of one cycle."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """An object that moves."""

    shape: Shape
    path: tuple[Waypoint, ...]
    """Ordered in time; the object stands still before the first and after the last."""
    size: float = 0.15
    """Width in fractions of the frame's width (in the first frame of the shot, if in the world)."""
    space: Space = "world"
    """Whether the path is in fractions of the displayed frame, or of the shot's first frame and
    carried along by the camera from there on."""
    easing: Easing = "linear"
    """How the object runs through its path: `ease_out` slows down."""
    seed: int = 0
    """Of its colours and texture."""
    repetitions: Repetitions | None = None
    """What its path repeats, if it does."""
    incidental: bool = False
    """See `TrueTrack.incidental`."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How libx264 encodes the scene."""

    crf: int = 20
    """Constant rate factor, 0 (lossless) to 51."""
    gop: int = 30
    """Frames between keyframes, at most."""
    bframes: int = 2
    """Bidirectional frames in a row, at most."""
    preset: str = "veryfast"


@dataclass(frozen=True, slots=True)
class Scene:
    """A small video to be, all of whose motion is known.

    Raises ValueError for a size, frame rate, duration, move or path that cannot be rendered.
    """

    name: str
    """The file's name without its suffix."""
    width: int = 480
    """Pixels, 32 to 4096. With an odd width or height the file is yuv444p, else yuv420p."""
    height: int = 270
    fps: float = 30.0
    duration_s: float = 3.5
    moves: tuple[Move, ...] = ()
    """They may overlap in time where they move along different axes."""
    shake: float = 0.0
    """Root-mean-square speed of the hand's shake, frame widths per second; 0 on a tripod."""
    sprites: tuple[Sprite, ...] = ()
    """Later ones stand in front."""
    cut_s: float | None = None
    """Where a second shot begins, over another background and from the camera's first pose."""
    theme: Theme | Texture = "hills"
    seed: int = 0
    """Of the background, the shake and the noise."""
    contrast: float = 1.0
    """Of the background: 0 is one flat colour, 1 is natural."""
    noise: float = 0.0
    """Standard deviation of the sensor's noise, in levels of 255."""
    parallax: float = 1.0
    """How many times faster than the background a near layer moves under truck, pedestal and dolly;
    with 1 there is no near layer."""
    encoding: Encoding = Encoding()
    picture: str = ""
    """A picture file that is the background in place of `theme`."""

    def __post_init__(self) -> None:
        sides = (self.width, self.height)
        if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
            raise ValueError(
                f"width and height must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, "
                f"not {self.width}x{self.height}"
            )
        if not 1 <= self.fps <= 240:
            raise ValueError(f"fps must be 1 to 240, not {self.fps}")
        if self.frame_count < 2:
            raise ValueError(f"duration_s must hold at least two frames, not {self.duration_s} s")
        if self.parallax < 1:
            raise ValueError(f"parallax must be at least 1, not {self.parallax}")
        if self.cut_s is not None and not 0 < self.cut_s < self.duration_s:
            raise ValueError(f"cut_s must lie inside 0..{self.duration_s} s, not at {self.cut_s}")
        _check_moves(self)
        _check_sprites(self)

    @property
    def frame_count(self) -> int:
        return round(self.duration_s * self.fps)

    @property
    def shot_starts(self) -> tuple[int, ...]:
        """Index of each shot's first frame."""
        if self.cut_s is None:
            return (0,)
        # The margin keeps 1.4 s at 30 fps from becoming frame 43 by rounding error.
        return (0, math.ceil(self.cut_s * self.fps - 1e-6))

    @property
    def shots(self) -> tuple[slice, ...]:
        """The frames of each shot."""
        return tuple(map(slice, self.shot_starts, (*self.shot_starts[1:], self.frame_count)))


def _check_moves(scene: Scene) -> None:
    for move in scene.moves:
        if move.label not in CONTENT_DIRECTION:
            raise ValueError(f"no camera move {move.label!r}; there are {', '.join(CONTENT_DIRECTION)}")
        if not 0 <= move.start_s < move.end_s <= scene.duration_s + 1e-6:
            raise ValueError(
                f"{move.label} from {move.start_s} to {move.end_s} s does not fit into "
                f"0..{scene.duration_s} s"
            )
        if move.rate <= 0:
            raise ValueError(f"rate must be positive, not {move.rate}: the label holds the direction")
        if not 0 <= 2 * move.ease_s <= move.end_s - move.start_s:
            raise ValueError(f"ease_s must be 0 to half of the move, not {move.ease_s} ({move.label})")
    for one, other in itertools.combinations(scene.moves, 2):
        same_axis = CONTENT_DIRECTION[one.label][0] == CONTENT_DIRECTION[other.label][0]
        if same_axis and one.start_s < other.end_s and other.start_s < one.end_s:
            raise ValueError(f"{one.label} and {other.label} overlap in time along one axis")


def _check_sprites(scene: Scene) -> None:
    for sprite in scene.sprites:
        times = [point.t_s for point in sprite.path]
        if not times or any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise ValueError(f"the path of a {sprite.shape} needs waypoints in order of time, not {times}")
        if not 0 < sprite.size <= 2:
            raise ValueError(f"size of a {sprite.shape} must be above 0 and at most 2, not {sprite.size}")
