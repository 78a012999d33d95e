"""A scene made for its questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.synthetic.scene import THEMES, Move, Scene, Sprite

DURATION_S = 4.0
"""Of a scene that says nothing else."""
NOISE = 1.0
"""Standard deviation of the sensor's noise, in levels of 255."""


@dataclass(frozen=True, slots=True)
class AskedScene:
    """A scene, and what is asked about it."""

    sort: str
    """What the scene is about, such as `camera_order`; a part of its name, which gives no answer away."""
    scene: Scene
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all scenes of a file have in common."""

    width: int
    height: int
    fps: float

    def scene(
        self,
        rng: np.random.Generator,
        *,
        moves: tuple[Move, ...] = (),
        sprites: tuple[Sprite, ...] = (),
        duration_s: float = DURATION_S,
    ) -> Scene:
        """A scene over one of the usual backgrounds, with a little noise."""
        return Scene(
            "",
            self.width,
            self.height,
            self.fps,
            duration_s,
            moves,
            sprites=sprites,
            theme=THEMES[int(rng.integers(len(THEMES)))],
            seed=drawn_seed(rng),
            noise=NOISE,
        )


def drawn_seed(rng: np.random.Generator) -> int:
    """A seed of something that is drawn."""
    return int(rng.integers(2**31))


def one_of(rng: np.random.Generator, values: Sequence[str]) -> str:
    """One of some words, all alike."""
    return values[int(rng.integers(len(values)))]
