"""Draws docs/measurement.jpg, the pictures of docs/measurement.md, from rendered scenes.

    python docs/measurement_picture.py

First row: a frame under a turning camera with the flow (white where it is the camera's, orange elsewhere),
what differs from the frames around it once these are warped, and the tracks. Second row: frames of a
dissolve, each with the share of the old picture that was fitted to it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core import Settings, clips_of, decode
from motionsight_core.measure.camera import PairRegistrar, to_corner_origin
from motionsight_core.measure.differences import Picture as Compared
from motionsight_core.measure.differences import compensated_difference
from motionsight_core.measure.mixtures import ThumbnailFrame, Window
from motionsight_core.synthetic import catalog, render

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, GAP = 400, 225, 6
SMALL = 5
"""Frames of the dissolve that are shown."""
STEP, LONGER = 16, 5.0
"""Distance of the arrows, pixels of 320, and how many times longer than the flow they are."""
PAPER, INK = (250, 250, 250), (60, 52, 45)
CAMERA, OTHER = (255, 255, 255), (40, 130, 255)  # BGR


def main() -> None:
    scenes = {scene.name: scene for scene in catalog(count=12, seed=0)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scene.mp4")
        render(scenes["pan_right_with_balloon"], path)
        frames = _frames(path)
        tracks = _tracks(path)
        render(scenes["static"] if "static" in scenes else next(iter(scenes.values())), path)
        other = _frames(path)[0]
    middle = len(frames) // 2
    rows = [
        [_flow(frames, middle), _difference(frames, middle), _boxes(frames[middle], tracks, middle)],
        _dissolve(frames[0], other),
    ]
    sheet = np.vstack([_row(row, 3 * WIDTH + 4 * GAP) for row in rows])
    cv2.imwrite(str(Path(__file__).with_name("measurement.jpg")), sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])


def _frames(path: Path) -> list[Picture]:
    """About ten a second, BGR, 320 pixels wide."""
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return [
        np.asarray(cv2.resize(frame, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)
        for frame in shown[:: max(1, round(len(shown) / 35))]
    ]


def _tracks(path: Path) -> list[list[tuple[float, float, float, float]]]:
    settings = Settings.load(overrides=["naming.model=none"], environment={})
    (clip,) = clips_of(str(path), settings)
    motion = decode(clip, settings, products=("motion",)).motion
    assert motion is not None
    return [[(box.x0, box.y0, box.x1, box.y1) for box in track.boxes] for track in motion.tracks]


def _luma(frame: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)


def _flow(frames: list[Picture], at: int) -> Picture:
    before, now = _luma(frames[at - 1]), _luma(frames[at])
    motion = PairRegistrar(*now.shape).register(before, now)
    shown = cv2.convertScaleAbs(frames[at], alpha=0.6)
    for y in range(STEP // 2, now.shape[0], STEP):
        for x in range(STEP // 2, now.shape[1], STEP):
            flow = motion.flow[y, x]
            place = np.array([x - (now.shape[1] - 1) / 2, y - (now.shape[0] - 1) / 2, 1.0])
            expected = motion.similarity @ place - place[:2]
            colour = CAMERA if float(np.hypot(*(flow - expected))) < 1 else OTHER
            tip = round(x + LONGER * float(flow[0])), round(y + LONGER * float(flow[1]))
            cv2.arrowedLine(shown, (x, y), tip, colour, 1, cv2.LINE_AA, tipLength=0.3)
    return np.asarray(shown, np.uint8)


def _difference(frames: list[Picture], at: int) -> Picture:
    before, now, after = (_luma(frame) for frame in frames[at - 1 : at + 2])
    registrar = PairRegistrar(*now.shape)
    looks = []
    for other in (before, after):
        warp = to_corner_origin(registrar.register(other, now).affine, *now.shape)[:2]
        looks.append(compensated_difference(Compared(other), warp, Compared(now)).luma)
    least = np.minimum(*looks)
    return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(least, alpha=4.0), cv2.COLOR_GRAY2BGR), np.uint8)


def _boxes(frame: Picture, tracks: list[list[tuple[float, float, float, float]]], at: int) -> Picture:
    shown = frame.copy()
    height, width = frame.shape[:2]
    for boxes in tracks:
        corners = np.array(boxes) * (width, height, width, height)
        trail = ((corners[:, :2] + corners[:, 2:]) / 2).round().astype(np.int32)
        cv2.polylines(shown, [trail], isClosed=False, color=OTHER, thickness=1, lineType=cv2.LINE_AA)
        x0, y0, x1, y1 = corners[min(at, len(corners) - 1)].round().astype(int).tolist()
        cv2.rectangle(shown, (x0, y0), (x1, y1), OTHER, 2)
    return shown


def _dissolve(old: Picture, new: Picture) -> list[Picture]:
    """Frames of one, with the shares that are fitted."""
    mixed = [
        np.asarray(cv2.addWeighted(new, share, old, 1 - share, 0), np.uint8)
        for share in np.clip(np.linspace(-0.25, 1.25, 13), 0, 1)
    ]
    frames = [
        ThumbnailFrame.of(
            np.asarray(cv2.resize(_luma(frame), (80, 45), interpolation=cv2.INTER_AREA), np.uint8),
            number / 10,
            np.zeros(4),
        )
        for number, frame in enumerate(mixed)
    ]
    window = Window.of(frames, 0, len(frames) - 1)
    shown = []
    for number in np.linspace(1, len(mixed) - 2, SMALL).round().astype(int).tolist():
        mixture = window.mixture(number)
        assert mixture is not None
        tile = mixed[number].copy()
        text = f"{abs(mixture.share):.2f}"
        cv2.putText(tile, text, (10, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, INK, 4, cv2.LINE_AA)
        cv2.putText(tile, text, (10, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, CAMERA, 2, cv2.LINE_AA)
        shown.append(tile)
    return shown


def _row(tiles: list[Picture], width: int) -> Picture:
    side = (width - GAP * (len(tiles) + 1)) / len(tiles)
    size = round(side), round(side * HEIGHT / WIDTH)
    row = np.full((size[1] + GAP, width, 3), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        x = round(GAP + number * (side + GAP))
        row[GAP:, x : x + size[0]] = cv2.resize(tile, size, interpolation=cv2.INTER_AREA)
    return row


if __name__ == "__main__":
    main()
