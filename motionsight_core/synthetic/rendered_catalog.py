"""A directory of videos with known motion: first the demo's twelve, then random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from motionsight_core.synthetic.demo import demo_scenes
from motionsight_core.synthetic.random_scenes import KINDS, random_scene
from motionsight_core.synthetic.rendering import render
from motionsight_core.synthetic.scene import Scene
from motionsight_core.synthetic.truth import SceneTruth, write_truth


def render_catalog(
    directory: Path,
    *,
    count: int = 12,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    width: int = 480,
    height: int = 270,
    fps: float = 30.0,
    duration_s: float = 3.5,
) -> list[SceneTruth]:
    """Renders `count` videos and DIR/truth.json; the truths come back ordered by file name.

    The first twelve are one of each sort, the others random. Other files in the directory stay.
    `progress` is called after each video with how many are done and how many there are.
    Raises ValueError for a count below 1 or a size that cannot be rendered.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    directory = Path(directory)
    scenes = catalog(count=count, seed=seed, width=width, height=height, fps=fps, duration_s=duration_s)
    directory.mkdir(parents=True, exist_ok=True)
    truths = []
    for done, scene in enumerate(scenes, start=1):
        truths.append(render(scene, directory / f"{scene.name}.mp4"))
        if progress is not None:
            progress(done, count)
    write_truth(directory, truths)
    return sorted(truths, key=lambda truth: truth.file)


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
