"""From a Scene to a video file, and to what is true of it."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import Steadiness
from motionsight_core.record import Box
from motionsight_core.synthetic.backgrounds import foreground, world
from motionsight_core.synthetic.camera import Poses, camera_poses
from motionsight_core.synthetic.layers import Pixels, Region, compose, sample
from motionsight_core.synthetic.scene import Move, Scene, Sprite
from motionsight_core.synthetic.sprites import Cutout, cut_out, place
from motionsight_core.synthetic.truth import SceneTruth, TrueTrack
from motionsight_core.synthetic.video_file import write_video

_BOXES_PER_S = 10
_STATIC_BELOW, _SHAKY_FROM = 0.005, 0.05
"""RMS speed of the shake, widths/s: less is not seen, more is shaky."""
_NOISE_PLAY = 64


def render(scene: Scene, path: Path) -> SceneTruth:
    """Renders one scene into an mp4 file (H.264, index at the front), whole or not at all.

    The same scene gives the same bytes on one machine. OSError where the file cannot be written.
    """
    path = Path(path)
    size = (scene.width, scene.height)
    write_video(frames(scene), path, size=size, fps=scene.fps, encoding=scene.encoding)
    return scene_truth(scene, path.name)


def frames(scene: Scene) -> Iterator[Pixels]:
    """The pictures of a scene before encoding, each [H, W, 3] RGB."""
    far = camera_poses(scene)
    near = camera_poses(scene, parallax=scene.parallax)
    cutouts = [
        (sprite, cut_out(sprite, frame_width=scene.width, scales=_scales(far, sprite)))
        for sprite in scene.sprites
    ]
    whole = (0, 0, scene.width, scene.height)
    size = (scene.width, scene.height)
    grain = _grain(scene)
    ends = (*scene.shot_starts[1:], scene.frame_count)
    for number, (start, end) in enumerate(zip(scene.shot_starts, ends, strict=True)):
        span = slice(start, end)
        background = world(scene, far, span, shot=number)
        front = foreground(scene, near, span, shot=number) if scene.parallax > 1 else None
        for index in range(start, end):
            frame = sample(background, far.factor[index], far.shift[index], frame_size=size, region=whole)
            for sprite, cutout in cutouts:
                _lay(scene, frame, sprite, cutout, far, index)
            if front is not None:
                compose(
                    frame,
                    sample(front, near.factor[index], near.shift[index], frame_size=size, region=whole),
                    whole,
                )
            yield grain.over(frame, index)


def scene_truth(scene: Scene, file: str) -> SceneTruth:
    """What is true of the scene, without rendering it."""
    poses = camera_poses(scene)
    tracks = []
    for sprite in scene.sprites:
        cutout = cut_out(sprite, frame_width=scene.width, scales=_scales(poses, sprite))
        boxes = tuple(_boxes(scene, sprite, cutout, poses))
        if boxes:
            tracks.append(TrueTrack(sprite.shape, boxes, sprite.repetitions, sprite.incidental))
    duration_s = scene.frame_count / scene.fps
    moves = tuple(sorted(scene.moves, key=lambda move: (move.start_s, move.label)))
    return SceneTruth(
        file=file,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        duration_s=duration_s,
        moves=moves or (Move(0.0, duration_s, "static", 0.0),),
        steadiness=steadiness_of_shake(scene.shake, moving=bool(scene.moves)),
        cuts=tuple(index / scene.fps for index in scene.shot_starts[1:]),
        objects=tuple(tracks),
    )


def steadiness_of_shake(shake: float, *, moving: bool) -> Steadiness:
    """What to expect of a camera that shakes at an RMS speed, widths per second."""
    if shake >= _SHAKY_FROM:
        return "shaky"
    if shake >= _STATIC_BELOW:
        return "unsteady"
    return "smooth" if moving else "static"


def _scales(poses: Poses, sprite: Sprite) -> tuple[float, float]:
    """Smallest and largest scale at which a sprite is shown."""
    if sprite.space == "frame":
        return 1.0, 1.0
    scales = np.abs(poses.factor)
    return float(scales.min()), float(scales.max())


def _sprite_pose(scene: Scene, sprite: Sprite, poses: Poses, index: int) -> tuple[complex, complex]:
    """Factor and shift that bring a point of the cutout into the frame."""
    point = place(sprite, index / scene.fps)
    middle = complex((point.x - 0.5) * scene.width, (point.y - 0.5) * scene.height)
    turn = cmath.rect(1.0, math.radians(point.angle))
    if sprite.space == "frame":
        return turn, middle
    factor = complex(poses.factor[index])
    return factor * turn, factor * middle + complex(poses.shift[index])


def _lay(scene: Scene, frame: Pixels, sprite: Sprite, cutout: Cutout, poses: Poses, index: int) -> None:
    factor, shift = _sprite_pose(scene, sprite, poses, index)
    reach = cutout.reach * abs(factor) + 1
    x, y = shift.real + scene.width / 2, shift.imag + scene.height / 2
    region: Region = (
        max(0, int(x - reach)),
        max(0, int(y - reach)),
        min(scene.width, int(x + reach) + 1),
        min(scene.height, int(y + reach) + 1),
    )
    if region[0] >= region[2] or region[1] >= region[3]:
        return
    over = sample(cutout.layer, factor, shift, frame_size=(scene.width, scene.height), region=region)
    compose(frame, over, region)


def _boxes(scene: Scene, sprite: Sprite, cutout: Cutout, poses: Poses) -> Iterator[Box]:
    size = np.array((scene.width, scene.height))
    samples = np.arange(0, scene.frame_count / scene.fps, 1 / _BOXES_PER_S)
    for index in np.unique(np.round(samples * scene.fps).astype(int)):
        if index >= scene.frame_count:
            continue
        factor, shift = _sprite_pose(scene, sprite, poses, int(index))
        outline = cutout.outline * factor + shift
        corners = np.array((outline.real, outline.imag)).T + size / 2
        low, high = np.clip(corners.min(axis=0), 0, size), np.clip(corners.max(axis=0), 0, size)
        # Less than a pixel is nothing that anyone could see.
        if np.all(high - low >= 1):
            x0, y0, x1, y1 = (round(float(edge), 5) for edge in (*(low / size), *(high / size)))
            yield Box(round(float(index / scene.fps), 6), x0, y0, x1, y1)


@dataclass(frozen=True, slots=True)
class _Grain:
    """Sensor noise: one tile of it, at another place in every frame."""

    tile: NDArray[np.int16] | None
    """[H + play, W + play, 3], the same in all channels; None for a perfect sensor."""
    places: NDArray[np.int64]
    """[F, 2], row and column of each frame's part."""

    def over(self, frame: Pixels, index: int) -> Pixels:
        if self.tile is None:
            return frame
        row, column = self.places[index]
        part = self.tile[row : row + frame.shape[0], column : column + frame.shape[1]]
        return np.asarray(cv2.add(frame, part, dtype=cv2.CV_8U), np.uint8)


def _grain(scene: Scene) -> _Grain:
    rng = np.random.default_rng([scene.seed, 2])
    places = rng.integers(0, _NOISE_PLAY, (scene.frame_count, 2))
    if scene.noise == 0:
        return _Grain(None, places)
    luma = rng.normal(0, scene.noise, (scene.height + _NOISE_PLAY, scene.width + _NOISE_PLAY))
    return _Grain(np.repeat(np.round(luma).astype(np.int16)[:, :, None], 3, axis=2), places)
