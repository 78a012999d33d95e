"""From a Scene to a video file, and to what is true of it."""

from __future__ import annotations

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
from motionsight_core.synthetic.layers import Pixels, compose, sample
from motionsight_core.synthetic.scene import Move, Scene, Sprite
from motionsight_core.synthetic.sprites import Cutout, cut_out, pose_of, region_of
from motionsight_core.synthetic.truth import SceneTruth, TrueTrack
from motionsight_core.synthetic.video_file import write_video
from motionsight_core.synthetic.visibility import hidden_moments

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
    cutouts = _cutouts(scene, far)
    whole = (0, 0, scene.width, scene.height)
    size = (scene.width, scene.height)
    grain = _grain(scene)
    for number, span in enumerate(scene.shots):
        background = world(scene, far, span, shot=number)
        front = foreground(scene, near, span, shot=number) if scene.parallax > 1 else None
        for index in range(span.start, span.stop):
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
    cutouts = _cutouts(scene, poses)
    boxes = [tuple(_boxes(scene, sprite, cutout, poses)) for sprite, cutout in cutouts]
    hidden = hidden_moments(scene, cutouts, boxes, poses)
    tracks = [
        TrueTrack(sprite.shape, where, sprite.repetitions, sprite.incidental, moments)
        for sprite, where, moments in zip(scene.sprites, boxes, hidden, strict=True)
        if where
    ]
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


def _cutouts(scene: Scene, poses: Poses) -> list[tuple[Sprite, Cutout]]:
    """The sprites, ready for the sizes at which the scene shows them; each lies before those ahead of it."""
    return [
        (sprite, cut_out(sprite, frame_width=scene.width, scales=_scales(poses, sprite)))
        for sprite in scene.sprites
    ]


def _scales(poses: Poses, sprite: Sprite) -> tuple[float, float]:
    """Smallest and largest scale at which a sprite is shown."""
    if sprite.space == "frame":
        return 1.0, 1.0
    scales = np.abs(poses.factor)
    return float(scales.min()), float(scales.max())


def _lay(scene: Scene, frame: Pixels, sprite: Sprite, cutout: Cutout, poses: Poses, index: int) -> None:
    factor, shift = pose_of(scene, sprite, poses, index)
    size = (scene.width, scene.height)
    if (region := region_of(cutout, factor, shift, size)) is not None:
        compose(frame, sample(cutout.layer, factor, shift, frame_size=size, region=region), region)


def _boxes(scene: Scene, sprite: Sprite, cutout: Cutout, poses: Poses) -> Iterator[Box]:
    size = np.array((scene.width, scene.height))
    samples = np.arange(0, scene.frame_count / scene.fps, 1 / _BOXES_PER_S)
    for index in np.unique(np.round(samples * scene.fps).astype(int)):
        if index >= scene.frame_count:
            continue
        factor, shift = pose_of(scene, sprite, poses, int(index))
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
