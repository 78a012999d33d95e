"""Which scene has which number, rendered and measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from motionsight_core.catalog import VideoObject, split
from motionsight_core.measure import MotionMeasurement
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import KINDS, SceneTruth, random_scene
from motionsight_core.synthetic.scene import TEXTURES
from motionsight_core.synthetic.stressed import STRESSORS, Film, random_film
from motionsight_core.synthetic.stressed.shot import Planar
from motionsight_core.video.decoding import decode, probe


@dataclass(frozen=True)
class Draw:
    """A set of scenes, each of which depends on the seed and its number alone."""

    seed: int
    stressed: float = 0.0
    """Share of stressed scenes; with 0 they are the plain ones of `random_scene`, in turn of all kinds."""
    kinds: tuple[str, ...] = tuple(KINDS)
    """Of the plain ones."""
    stressors: tuple[str, ...] = STRESSORS
    """Of the stressed ones, in turn."""
    pictures: tuple[str, ...] = ()

    def kind(self, index: int) -> str:
        """The kind of a plain scene, or the first stressor of a stressed one."""
        number = math.floor(index * self.stressed + 1e-9)
        if self.is_stressed(index):
            return self.stressors[number % len(self.stressors)]
        return self.kinds[(index - number) % len(self.kinds)]

    def film(self, index: int) -> Film:
        """The scene of a number."""
        rng = np.random.default_rng([self.seed, index])
        kind = self.kind(index)
        name = f"{index:04d}_{kind}"
        if self.is_stressed(index):
            return random_film(rng, stressor=kind, name=name, pictures=self.pictures)
        scene = random_scene(rng, kind=kind)
        if self.stressed and index % 2:
            # Half of a mixed set's plain scenes show what the measurement was not tuned on.
            scene = replace(scene, theme=TEXTURES[int(rng.integers(len(TEXTURES)))])
        return Film(name, Planar(scene), encoding=scene.encoding)

    def is_stressed(self, index: int) -> bool:
        """Whether the scene of a number is a stressed one; they are spread evenly."""
        one, after = (math.floor(number * self.stressed + 1e-9) for number in (index, index + 1))
        return after > one


def rendered_and_measured(
    draw: Draw, index: int, folder: Path, settings: Settings | None = None
) -> tuple[SceneTruth, MotionMeasurement]:
    """Renders the scene of a number into the folder, and measures it by the decoder that annotates."""
    cv2.setNumThreads(1)
    film = draw.film(index)
    path = folder / f"{film.name}.mp4"
    truth = film.render(path)
    return truth, measured(path, settings)


def measured(path: Path, settings: Settings | None = None) -> MotionMeasurement:
    """What the annotator measures of a whole video."""
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    clip = split(video, duration_s=probe(video))[0]
    motion = decode(clip, settings, products=("motion",)).motion
    assert motion is not None
    return motion


def pictures_in(folder: Path | None) -> Sequence[str]:
    """The JPEG and PNG files of a folder, by name."""
    if folder is None:
        return ()
    return sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
