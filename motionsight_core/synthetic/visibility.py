"""When the objects of a scene are hidden, by one another or by what grows near the camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import Box
from motionsight_core.synthetic.backgrounds import foreground
from motionsight_core.synthetic.camera import Poses, camera_poses
from motionsight_core.synthetic.layers import sample
from motionsight_core.synthetic.scene import Scene, Sprite
from motionsight_core.synthetic.sprites import Cutout, pose_of, region_of

LEAST_SEEN = 0.5
"""Of what shows less of itself within the frame nobody would draw a box."""
_REDUCED = 0.5
"""Silhouettes are compared at this size: half a pixel decides nothing."""
_OPAQUE = 127
"""Alpha above which a pixel is the object's; its shadow has less."""

Mask = NDArray[np.bool_]


def hidden_moments(
    scene: Scene, cutouts: Sequence[tuple[Sprite, Cutout]], boxes: Sequence[Sequence[Box]], far: Poses
) -> list[tuple[float, ...]]:
    """The times, seconds, of the boxes of each sprite in which less than LEAST_SEEN of it shows.

    Args:
        scene: that they are in.
        cutouts: its sprites; what comes later lies before what comes first.
        boxes: of each of them.
        far: the poses of the background.
    """
    hidden: list[list[float]] = [[] for _ in cutouts]
    front = _Front(scene) if any(boxes) and scene.parallax > 1 else None
    if len(cutouts) < 2 and front is None:
        return [()] * len(cutouts)
    size = round(_REDUCED * scene.width), round(_REDUCED * scene.height)
    there = [{box.t_s for box in where} for where in boxes]
    for t_s in sorted(set().union(*there)):
        index = round(t_s * scene.fps)
        before = np.zeros(size[::-1], bool) if front is None else front.mask(index, size)
        for number in reversed(range(len(cutouts))):
            mask = _silhouette(scene, *cutouts[number], far, index, size)
            shown = np.count_nonzero(mask & ~before)
            if t_s in there[number] and shown < LEAST_SEEN * np.count_nonzero(mask):
                hidden[number].append(t_s)
            before |= mask
    return [tuple(moments) for moments in hidden]


def _silhouette(
    scene: Scene, sprite: Sprite, cutout: Cutout, far: Poses, index: int, size: tuple[int, int]
) -> Mask:
    """[h, w], true where the sprite would be seen if nothing were before it."""
    mask = np.zeros(size[::-1], bool)
    factor, shift = (_REDUCED * number for number in pose_of(scene, sprite, far, index))
    if (region := region_of(cutout, factor, shift, size)) is not None:
        x0, y0, x1, y1 = region
        pixels = sample(cutout.layer, factor, shift, frame_size=size, region=region)
        mask[y0:y1, x0:x1] = pixels[:, :, 3] > _OPAQUE
    return mask


class _Front:
    """The bushes and trunks near the camera."""

    def __init__(self, scene: Scene) -> None:
        self._near = camera_poses(scene, parallax=scene.parallax)
        self._shots = [
            (span.stop, foreground(scene, self._near, span, shot=number))
            for number, span in enumerate(scene.shots)
        ]

    def mask(self, index: int, size: tuple[int, int]) -> Mask:
        """[h, w], true where they hide what is behind them in a frame."""
        layer = next(layer for end, layer in self._shots if index < end)
        factor, shift = (_REDUCED * complex(place[index]) for place in (self._near.factor, self._near.shift))
        whole = (0, 0, *size)
        pixels = sample(layer, factor, shift, frame_size=size, region=whole)
        return np.asarray(pixels[:, :, 3] > _OPAQUE)
