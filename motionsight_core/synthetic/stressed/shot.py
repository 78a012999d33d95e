"""What can be filmed, and what may be done to the film: the two protocols of stressed scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from motionsight_core.record import Box
from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.rendering import frames, scene_truth
from motionsight_core.synthetic.scene import Scene
from motionsight_core.synthetic.truth import SceneTruth


class Shot(Protocol):
    """A source of pictures whose motion is known."""

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second."""
        ...

    @property
    def frame_count(self) -> int:
        """How many frames it has."""
        ...

    def frames(self, subframes: int = 1) -> Iterator[Pixels]:
        """The pictures [H, W, 3] RGB, `subframes` of them for each frame, evenly spaced in time."""
        ...

    def truth(self, file: str) -> SceneTruth:
        """What is true of the pictures."""
        ...


class Stressor(Protocol):
    """One thing that makes a film harder to measure."""

    @property
    def name(self) -> str:
        """As in `SceneTruth.stressors`."""
        ...

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """The pictures under it; each may be changed in place."""
        ...

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """What is true under it."""
        ...


@dataclass(frozen=True, slots=True)
class Planar:
    """A shot of a flat world under a camera that turns, zooms or rolls."""

    scene: Scene

    @property
    def width(self) -> int:
        """Pixels."""
        return self.scene.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.scene.height

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.scene.fps

    @property
    def frame_count(self) -> int:
        """See `Shot.frame_count`."""
        return self.scene.frame_count

    def frames(self, subframes: int = 1) -> Iterator[Pixels]:
        """See `Shot.frames`."""
        return frames(replace(self.scene, fps=self.scene.fps * subframes))

    def truth(self, file: str) -> SceneTruth:
        """See `Shot.truth`."""
        return scene_truth(self.scene, file)


def clipped(truth: SceneTruth, x0: float, y0: float, x1: float, y1: float) -> SceneTruth:
    """The truth where only a part of the frame, in fractions, still shows the scene."""
    objects = []
    for track in truth.objects:
        boxes = []
        for box in track.boxes:
            low = max(box.x0, x0), max(box.y0, y0)
            high = min(box.x1, x1), min(box.y1, y1)
            if np.all(np.subtract(high, low) > 0):
                boxes.append(Box(box.t_s, *low, *high))
        if boxes:
            left = {box.t_s for box in boxes}
            hidden = tuple(t_s for t_s in track.hidden if t_s in left)
            objects.append(replace(track, boxes=tuple(boxes), hidden=hidden))
    return replace(truth, objects=tuple(objects))
