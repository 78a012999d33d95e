"""A world in three dimensions under a pinhole camera: a ground, upright boards on it, a distant backdrop.

Coordinates are metres: x to the right, y down (the ground is y = 0, so what stands above it has negative y),
z away from the camera's first place, which is above the origin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import CAMERA_MOTIONS, CameraLabel
from motionsight_core.record import Box
from motionsight_core.synthetic.camera import camera_poses
from motionsight_core.synthetic.layers import Pixels, compose
from motionsight_core.synthetic.rendering import steadiness_of_shake
from motionsight_core.synthetic.scene import Move, Scene
from motionsight_core.synthetic.stressed.boards import Board, backdrop, boards, ground, mover
from motionsight_core.synthetic.stressed.planes import View, view_of
from motionsight_core.synthetic.truth import SceneTruth, TrueTrack

_FOCAL = 0.9
"""Focal length, frame widths: a field of view of 58 degrees."""
_NEAREST = 0.4
"""Metres before the camera within which nothing is drawn."""
_BACKDROP = 150.0
"""Metres to the sky and the skyline."""
_POST_M = 0.4
"""Boards narrower than this hide nothing."""
_GRID = 48
"""Columns of the grid over which a rate is averaged."""
_BOXES_PER_S = 10


@dataclass(frozen=True)
class Solid:
    """A shot of a world in three dimensions."""

    seed: int
    label: CameraLabel = "static"
    """What the camera does all the time."""
    speed: float = 0.0
    """Positive: metres per second of truck, pedestal and dolly; degrees per second of pan, tilt, roll and
    arc; natural-log scale per second of zoom."""
    shake: float = 0.0
    """See `Scene.shake`."""
    pivot_m: float = 9.0
    """Distance of the point around which an arc goes."""
    with_mover: bool = False
    """Whether something drives by."""
    width: int = 480
    height: int = 270
    fps: float = 24.0
    duration_s: float = 5.0

    @property
    def frame_count(self) -> int:
        """See `Shot.frame_count`."""
        return round(self.duration_s * self.fps)

    def frames(self, subframes: int = 1) -> Iterator[Pixels]:
        """See `Shot.frames`."""
        size = (self.width, self.height)
        rng = np.random.default_rng([self.seed, 7])
        far, floor = backdrop(rng, _BACKDROP), ground(rng)
        standing = sorted([*self._boards, *self._movers], key=lambda board: -board.z)
        sway = self._sway(subframes)
        for index in range(self.frame_count * subframes):
            t_s = index / subframes / self.fps
            view = self._view(t_s, sway[index])
            frame = far.drawn(view, size)
            floor.lay(frame, view)
            for board in standing:
                over = board.drawn(view, t_s, size, nearest=_NEAREST)
                if over is not None:
                    compose(frame, *over)
            yield frame

    def truth(self, file: str) -> SceneTruth:
        """See `Shot.truth`. The rate of truck, pedestal and dolly is the mean over the picture of what each
        place shows, half way through."""
        duration_s = self.frame_count / self.fps
        rate = self._rate()
        moves = (Move(0.0, duration_s, self.label, rate),)
        return SceneTruth(
            file=file,
            width=self.width,
            height=self.height,
            fps=self.fps,
            duration_s=duration_s,
            moves=moves,
            steadiness=steadiness_of_shake(self.shake, moving=self.label != "static"),
            cuts=(),
            objects=tuple(self._tracks()),
        )

    @cached_property
    def _boards(self) -> tuple[Board, ...]:
        clear = 1.3 if self.label.startswith("dolly") else 0.0
        standing = boards(np.random.default_rng([self.seed, 8]), clear_m=clear)
        # What drives by may pass behind a post, and is not hidden for long.
        hidden_from = min((board.z for board in self._movers), default=0.0)
        return tuple(board for board in standing if board.z > hidden_from or board.width < _POST_M)

    @cached_property
    def _movers(self) -> tuple[Board, ...]:
        rng = np.random.default_rng([self.seed, 9])
        return (mover(rng, self.duration_s),) if self.with_mover else ()

    def _view(self, t_s: float, sway: complex = 0j) -> View:
        """Where the camera is and how it looks; `sway` turns it, in frame widths."""
        motion = CAMERA_MOTIONS[self.label]
        way = motion.sign * self.speed * t_s
        place = np.array((0.0, -self._eye_m, 0.0))
        pan, tilt, roll, focal = 0.0, -4.0, 0.0, _FOCAL
        match motion.kind:
            case "truck":
                place[0] += way
            case "pedestal":
                place[1] -= way
            case "dolly":
                place[2] += way
            case "arc":
                # Clockwise from above is to the left for a camera that looks at what it circles.
                turn = math.radians(way)
                place[0] -= self.pivot_m * math.sin(turn)
                place[2] += self.pivot_m * (1 - math.cos(turn))
                pan = way
            case "pan":
                pan = way
            case "tilt":
                tilt += way
            case "roll":
                roll = way
            case "zoom":
                focal *= math.exp(way)
            case _:
                pass
        pan -= math.degrees(math.atan(sway.real / focal))
        tilt += math.degrees(math.atan(sway.imag / focal))
        return view_of(place, (pan, tilt, roll), focal * self.width, (self.width, self.height))

    @property
    def _eye_m(self) -> float:
        """Height of the camera at the beginning: one that sinks must start high."""
        return 1.7 + (self.speed * self.duration_s if self.label == "pedestal_down" else 0.0)

    def _sway(self, subframes: int) -> NDArray[np.complex128]:
        """Where the hand's shake moves the picture, [F] frame widths."""
        hand = Scene("", self.width, self.height, self.fps * subframes, self.duration_s, shake=self.shake)
        return camera_poses(replace(hand, seed=self.seed)).shift / self.width

    def _rate(self) -> float:
        motion = CAMERA_MOTIONS[self.label]
        if motion.kind in ("static", "roll", "zoom", "arc"):
            return self.speed
        view = self._view(self.duration_s / 2)
        side = self.width if motion.axis == "pan" else self.height
        if not motion.changes_place:
            return math.radians(self.speed) * view.focal / side
        nearness = float(np.mean(1 / self._depths(view)))
        return self.speed * nearness * (1 if motion.kind == "dolly" else view.focal / side)

    def _depths(self, view: View) -> NDArray[np.float32]:
        """Depth [h, w] of what a coarse grid over the picture shows, metres."""
        scale = self.width / _GRID
        depth = np.full((round(self.height / scale), _GRID), _BACKDROP, np.float32)
        rows, columns = np.indices(depth.shape)
        down = view.down_of((columns + np.float64(0.5)) * scale, (rows + np.float64(0.5)) * scale)
        hit = down > 1e-3
        depth[hit] = np.minimum(_BACKDROP, -view.place[1] / down[hit])
        for board in sorted(self._boards, key=lambda board: -board.z):
            corners = board.corners(view, 0.0, nearest=_NEAREST)
            if corners is not None:
                mask = np.zeros(depth.shape, np.uint8)
                cv2.fillConvexPoly(mask, np.round(corners / scale).astype(np.int32), (1,))
                depth[mask > 0] = view.depth_of(np.array((board.x, 0.0, board.z)))
        return np.maximum(depth, _NEAREST)

    def _tracks(self) -> Iterator[TrueTrack]:
        size, sway = np.array((self.width, self.height)), self._sway(1)
        for board in self._movers:
            boxes = []
            for at_s in np.arange(0, self.duration_s, 1 / _BOXES_PER_S):
                index = min(round(at_s * self.fps), self.frame_count - 1)
                t_s = index / self.fps
                corners = board.corners(self._view(t_s, sway[index]), t_s, nearest=_NEAREST)
                if corners is None:
                    continue
                low, high = (np.clip(f(corners, axis=0), 0, size) for f in (np.min, np.max))
                if np.all(high - low >= 1):
                    x0, y0, x1, y1 = (round(float(edge), 5) for edge in (*(low / size), *(high / size)))
                    boxes.append(Box(round(t_s, 6), x0, y0, x1, y1))
            if boxes:
                yield TrueTrack("bus", tuple(boxes))


SPEEDS: dict[str, tuple[float, float]] = {
    "truck": (0.5, 1.4), "pedestal": (0.35, 0.9), "dolly": (0.7, 1.8), "arc": (3.0, 9.0),
    "pan": (3.0, 10.0), "tilt": (3.0, 5.0), "zoom": (0.06, 0.16), "roll": (4.0, 10.0), "static": (0.0, 0.0),
}  # fmt: skip
"""Lowest and highest speed of a random camera by kind of move, in the units of `Solid.speed`."""
MOST_TURN = 40.0
"""Degrees that a camera may pan or arc before it sees the end of the backdrop."""
