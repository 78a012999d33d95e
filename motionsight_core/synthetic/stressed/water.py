"""Dynamic texture: a part of the picture that ripples like water, or sways like leaves in the wind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionsight_core.record import Box
from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.truth import SceneTruth, TrueTrack

_BOXES_PER_S = 10


@dataclass(frozen=True, slots=True)
class Ripple:
    """Waves that run through the lower part of a picture whose camera stands still."""

    seed: int
    top: float = 0.6
    """Where the water begins, fraction of the frame's height."""
    reach: float = 0.006
    """How far the waves move the picture, frame widths."""
    name: str = "dynamic_texture"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        rng = np.random.default_rng(self.seed)
        waves = [
            (rng.uniform(6, 30), rng.uniform(20, 60), rng.uniform(2, 9), rng.uniform(0, 6)) for _ in range(5)
        ]
        for index, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            top = round(self.top * height)
            x = np.arange(width, dtype=np.float32)[None] / width
            y = np.arange(height - top, dtype=np.float32)[:, None] / height
            swing = sum(
                np.sin(across * x + along * y + speed * index / fps + phase)
                for across, along, speed, phase in waves
            )
            moved = np.asarray(swing, np.float32) * np.float32(self.reach * width / 2)
            # No step at the shore.
            moved *= np.minimum(1, y * 12)
            water = cv2.remap(
                picture,
                (x * width + moved).astype(np.float32),
                (y * height + top + moved).astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT,
            )
            picture[top:] = water
            yield picture

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The water is there, and need not be mentioned."""
        times = np.arange(0, truth.duration_s, 1 / _BOXES_PER_S)
        boxes = tuple(Box(round(float(t_s), 6), 0.0, self.top, 1.0, 1.0) for t_s in times)
        return replace(truth, objects=(*truth.objects, TrueTrack("water", boxes, incidental=True)))
