"""Clips of an object that hops out and back, too quickly for a few frames to show where.

The renderer's objects before its backgrounds, 32x32 pixels. In two seconds a drifting object hops three
times, left, right, up or down, each time back in 0.15 to 0.3 s. Four frames miss most hops; sixteen show
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.synthetic.layers import Pixels, compose, sample
from motionsight_core.synthetic.rendering import frames
from motionsight_core.synthetic.scene import THEMES, Scene, Sprite, Waypoint
from motionsight_core.synthetic.sprites import Cutout, cut_out

SIZE = 32
"""Pixels a side."""
PATCH = 8
"""Pixels a side of a patch of the tower: the unit of places."""
MOMENTS = 32
"""Frames of a clip, of which a model is shown some."""
DURATION_S = 2.0
HOPS = 3
WAYS: NDArray[np.complex128] = np.array([-1, 1, -1j, 1j], np.complex128)
"""Left, right, up, down, as x + iy with y downwards."""

_BACKGROUND = 192
_WHOLE = (0, 0, SIZE, SIZE)


@dataclass(frozen=True, slots=True)
class Hops:
    """Clips, with what is known of them."""

    pixels: NDArray[np.uint8]
    """[M, MOMENTS, SIZE, SIZE, 3] RGB."""
    places: NDArray[np.float32]
    """[M, MOMENTS, 2] x, y of the object's middle, patches from the middle of the picture."""
    rests: NDArray[np.float32]
    """[M, MOMENTS, 2] where it would be without its hops."""
    ways: NDArray[np.int64]
    """[M, HOPS] indices into WAYS."""
    peaks: NDArray[np.int64]
    """[M, HOPS] the moment at which a hop is farthest."""

    def __len__(self) -> int:
        return len(self.pixels)


def backgrounds(count: int, *, seed: int) -> list[Pixels]:
    """Pictures [192, 192, 3], each theme of the renderer in turn."""
    scenes = (
        Scene(
            "background",
            width=_BACKGROUND,
            height=_BACKGROUND,
            fps=2,
            duration_s=1,
            theme=THEMES[index % len(THEMES)],
            seed=seed + index,
        )
        for index in range(count)
    )
    return [next(iter(frames(scene))) for scene in scenes]


def hops(count: int, pictures: list[Pixels], *, seed: int) -> Hops:
    """Renders clips before windows of the pictures."""
    rng = np.random.default_rng(seed)
    objects = _objects()
    pixels = np.empty((count, MOMENTS, SIZE, SIZE, 3), np.uint8)
    places, rests = np.empty((2, count, MOMENTS), complex)
    ways = rng.integers(len(WAYS), size=(count, HOPS))
    peaks = np.empty((count, HOPS), np.int64)
    for index in range(count):
        rests[index], places[index], peaks[index] = _path(rng, ways[index])
        still = _window(rng, pictures[rng.integers(len(pictures))])
        thing = objects[rng.integers(len(objects))]
        for moment, place in enumerate(places[index]):
            frame = pixels[index, moment]
            frame[:] = still
            shown = sample(thing.layer, 1.0, complex(place), frame_size=(SIZE, SIZE), region=_WHOLE)
            compose(frame, shown, _WHOLE)
    return Hops(pixels, _in_patches(places), _in_patches(rests), ways, peaks)


def _objects() -> list[Cutout]:
    here = (Waypoint(0, 0.5, 0.5),)
    return [
        cut_out(Sprite(shape, here, size=size, seed=seed), frame_width=SIZE, scales=(1, 1))
        for shape in ("ball", "balloon", "bus", "car", "crate")
        for size in (0.22, 0.3)
        for seed in range(8)
    ]


def _path(
    rng: np.random.Generator, ways: NDArray[np.int64]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], list[int]]:
    """Where an object is without its hops and with them, [MOMENTS] pixels from the middle; their peaks."""
    times = (np.arange(MOMENTS) + 0.5) * DURATION_S / MOMENTS
    start = complex(*rng.uniform(-0.15, 0.15, 2)) * SIZE
    drift = complex(*rng.normal(0, 0.03, 2)) * SIZE
    rest = np.asarray(start + drift * (times - DURATION_S / 2), np.complex128)
    place = rest.copy()
    peaks = []
    slot = (DURATION_S - 0.1) / HOPS
    for index, way in enumerate(ways):
        length = rng.uniform(0.15, 0.3)
        begins = 0.05 + index * slot + rng.uniform(0, slot - length)
        reach = rng.uniform(0.2, 0.3) * SIZE
        place += WAYS[way] * reach * np.sin(np.pi * np.clip((times - begins) / length, 0, 1))
        peaks.append(int(np.abs(times - begins - length / 2).argmin()))
    return rest, place, peaks


def _window(rng: np.random.Generator, picture: Pixels) -> Pixels:
    """A part of the picture, two to four times reduced."""
    side = int(rng.integers(2 * SIZE, 4 * SIZE))
    x, y = rng.integers(0, _BACKGROUND - side, size=2)
    return np.asarray(
        cv2.resize(picture[y : y + side, x : x + side], (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8
    )


def _in_patches(places: NDArray[np.complex128]) -> NDArray[np.float32]:
    return (np.stack((places.real, places.imag), -1) / PATCH).astype(np.float32)
