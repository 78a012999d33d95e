"""A directory of videos with known motion: first the demo's twelve, then random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from motionsight_core.synthetic.demo import demo_scenes
from motionsight_core.synthetic.random_scenes import KINDS, random_scene
from motionsight_core.synthetic.rendering import render
from motionsight_core.synthetic.scene import Scene
from motionsight_core.synthetic.stressed import STRESSORS, Film, random_film
from motionsight_core.synthetic.truth import SceneTruth, write_truth

_FILMS = 1
"""Tells the random numbers of stressed scenes from those of the others."""


def render_catalog(
    directory: Path,
    *,
    count: int = 12,
    seed: int = 0,
    stressed: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
    width: int = 480,
    height: int = 270,
    fps: float = 30.0,
    duration_s: float = 3.5,
) -> list[SceneTruth]:
    """Renders `count` videos and DIR/truth.json; the truths come back ordered by file name.

    The first twelve are one of each sort, the others random. The share `stressed` of them, the last ones, are
    hard to measure (`synthetic.stressed`), with frame rates and lengths of their own. Other files in the
    directory stay. `progress` is called after each video with how many are done and how many there are.
    Raises ValueError for a count below 1, a share outside 0 to 1 or a size that cannot be rendered.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    if not 0 <= stressed <= 1:
        raise ValueError(f"stressed must be a share, 0 to 1, not {stressed}")
    directory = Path(directory)
    hard = round(stressed * count)
    scenes: list[Scene | Film] = []
    if hard < count:
        scenes += catalog(
            count=count - hard, seed=seed, width=width, height=height, fps=fps, duration_s=duration_s
        )
    scenes += (_film(seed, number, width, height) for number in range(hard))
    directory.mkdir(parents=True, exist_ok=True)
    truths = []
    for done, scene in enumerate(scenes, start=1):
        path = directory / f"{scene.name}.mp4"
        truths.append(scene.render(path) if isinstance(scene, Film) else render(scene, path))
        if progress is not None:
            progress(done, count)
    write_truth(directory, truths)
    return sorted(truths, key=lambda truth: truth.file)


def _film(seed: int, number: int, width: int, height: int) -> Film:
    stressor = STRESSORS[number % len(STRESSORS)]
    name = f"stressed_{number:04d}_{stressor}"
    return random_film(
        np.random.default_rng([seed, _FILMS, number]),
        stressor=stressor,
        name=name,
        width=width,
        height=height,
    )


def catalog(
    *, count: int, seed: int, width: int = 480, height: int = 270, fps: float = 30.0, duration_s: float = 3.5
) -> list[Scene]:
    """The scenes that `render_catalog` renders, in its order."""
    scenes = demo_scenes(seed=seed, width=width, height=height, fps=fps, duration_s=duration_s)[:count]
    for index in range(len(scenes), count):
        rng = np.random.default_rng([seed, index])
        kind = list(KINDS)[int(rng.integers(len(KINDS)))]
        scenes.append(
            random_scene(
                rng,
                kind=kind,
                name=f"scene_{index:04d}_{kind}",
                width=width,
                height=height,
                fps=fps,
                duration_s=duration_s,
            )
        )
    return scenes
