"""Draws docs/picture.jpg, the picture in the README, from a rendered scene.

python docs/picture.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core import MotionSight, Settings, clips_of, decode
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import MotionRecord
from motionsight_core.synthetic import catalog, render

COLUMNS = 5
GAP = 6
LABEL_WIDTH = 150
INK, PAPER = (60, 52, 45), (250, 250, 250)  # BGR


def main() -> None:
    settings = Settings.load(overrides=[f"sampling.frames={COLUMNS}"], environment={})
    (scene,) = [s for s in catalog(count=12, seed=0) if s.name == "pan_right_with_balloon"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scene.mp4")
        render(scene, path)
        (clip,) = clips_of(str(path), settings)
        decoded = decode(clip, settings)
        (record,) = MotionSight(settings).describe([clip])
    assert isinstance(record, MotionRecord)
    assert decoded.sampled is not None
    assert decoded.blurred is not None
    rows = [
        ("sampled", decoded.sampled.pixels),
        ("spotlit", spotlit_frames(decoded, record.object_tracks, settings).pixels),
        ("motion blur", decoded.blurred.pixels),
    ]
    sheet = np.vstack([_row(name, pixels) for name, pixels in rows])
    words = [f"camera_motion  {record.camera_motion}", f"object_motion  {record.object_motion}"]
    sheet = np.vstack([sheet, *(_line(text, sheet.shape[1]) for text in words)])
    cv2.imwrite(str(Path(__file__).with_name("picture.jpg")), sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(*words, sep="\n")


def _row(name: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tiles = [cv2.resize(frame[..., ::-1], (240, 135), interpolation=cv2.INTER_AREA) for frame in pixels]
    label = np.full((135, LABEL_WIDTH, 3), PAPER, np.uint8)
    _write(label, name, (14, 74))
    gap = np.full((135, GAP, 3), PAPER, np.uint8)
    cells = [label] + [cell for tile in tiles for cell in (tile, gap)]
    band = np.hstack(cells)
    return np.asarray(np.vstack([band, np.full((GAP, band.shape[1], 3), PAPER, np.uint8)]), np.uint8)


def _line(text: str, width: int) -> NDArray[np.uint8]:
    line = np.full((30, width, 3), PAPER, np.uint8)
    _write(line, text, (14, 20))
    return line


def _write(image: NDArray[np.uint8], text: str, at: tuple[int, int]) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.52, INK, 1, cv2.LINE_AA)


if __name__ == "__main__":
    main()
