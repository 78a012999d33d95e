"""NanoDet-g, the packaged detector, run by OpenCV.

https://github.com/RangiLyu/nanodet (Apache-2.0): a convolutional network whose three maps hold, for each cell
of 8, 16 or 32 pixels, the scores of 80 classes and four distributions over the distances to the box's sides
(generalised focal loss, arXiv 2006.04388).
"""

from __future__ import annotations

import threading
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.naming.model_file import model_bytes
from motionsight_core.naming.types import Detection
from motionsight_core.naming.vocabulary import COCO_NAMES

Floats = NDArray[np.float32]

#: Longer side of a picture as the network sees it, pixels; smaller ones are not enlarged.
LONGEST_SIDE = 416
#: Sides of the network's input are multiples of the largest stride.
STRIDES = (8, 16, 32)
#: ... and at least this long: of a map that is one cell thin OpenCV 5.0 reads memory that nobody wrote.
_SHORTEST_SIDE = 2 * STRIDES[-1]
_OUTPUTS = tuple(f"stride_{stride}" for stride in STRIDES)
#: Mean and deviation of each channel that the network was trained with, BGR.
_MEAN = np.float32(103.53), np.float32(116.28), np.float32(123.675)
_DEVIATION = np.float32(57.375), np.float32(57.12), np.float32(58.395)
#: A distance is the mean of 0..10 under its distribution, in strides.
_BINS = 11
#: Least score of a detection. What is less sure is mostly wrong.
LEAST_SCORE = 0.3
#: IoU from which on two boxes of one class are one object.
SAME_IOU = 0.5
#: Most detections of one frame.
MOST = 40


class NanoDet:
    """The network, read into memory. Safe to call from many threads."""

    def __init__(self, content: bytes) -> None:
        """`content`: of the ONNX file."""
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        self._lock = threading.Lock()

    def detect(self, picture: NDArray[np.uint8]) -> tuple[Detection, ...]:
        """The objects in a picture, best first.

        Args:
            picture: [H, W, 3] RGB, of at most LONGEST_SIDE pixels; larger ones are reduced.
        """
        height, width = picture.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
            height, width = picture.shape[:2]
        with self._lock:
            self._net.setInput(_network_input(picture))
            maps = self._net.forward(_OUTPUTS)
        found = [_boxes_of(np.asarray(one)[0], stride) for one, stride in zip(maps, STRIDES, strict=True)]
        corners, scores, classes = (np.concatenate(parts) for parts in zip(*found, strict=True))
        corners = np.clip(corners / np.array([width, height] * 2, np.float32), 0, 1).astype(np.float32)
        return tuple(_detections(corners, scores, classes))


@cache
def packaged_detector() -> NanoDet:
    """The packaged detector of this process.

    Raises:
        ModelUnusable: its file is missing or damaged.
    """
    return NanoDet(model_bytes())


def _network_input(picture: NDArray[np.uint8]) -> Floats:
    """[1, 3, H, W]: normalised BGR, padded with zeros at the right and the bottom to whole cells."""
    height, width = picture.shape[:2]
    cell = STRIDES[-1]
    rows, columns = (max(_SHORTEST_SIDE, -(-side // cell) * cell) for side in (height, width))
    padded = np.zeros((1, 3, rows, columns), np.float32)
    for channel, (mean, deviation) in enumerate(zip(_MEAN, _DEVIATION, strict=True)):
        padded[0, channel, :height, :width] = (picture[..., 2 - channel] - mean) / deviation
    return padded


def _boxes_of(cells: Floats, stride: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Corners [N, 4] in pixels, scores [N] and classes [N] of one map [80 + 4 * 11, rows, columns]."""
    count = len(COCO_NAMES)
    best = cells[:count].max(axis=0)
    # The logit of the least score: sigmoids are only computed of what passes.
    rows, columns = np.nonzero(best > np.log(LEAST_SCORE / (1 - LEAST_SCORE)))
    scores = 1 / (1 + np.exp(-best[rows, columns]))
    classes = cells[:count, rows, columns].argmax(axis=0)
    sides = cells[count:, rows, columns].reshape(4, _BINS, len(rows))
    shares = np.exp(sides - sides.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    left, top, right, bottom = np.tensordot(shares, np.arange(_BINS, dtype=np.float32), (1, 0)) * stride
    x, y = (columns + 0.5) * stride, (rows + 0.5) * stride
    corners = np.stack([x - left, y - top, x + right, y + bottom], axis=1)
    return corners.astype(np.float32), scores.astype(np.float32), classes


def _detections(corners: Floats, scores: Floats, classes: NDArray[np.intp]) -> list[Detection]:
    sides = corners[:, 2:] - corners[:, :2]
    whole = np.flatnonzero((sides > 0).all(axis=1))
    if not len(whole):
        return []
    corners, scores, classes, sides = corners[whole], scores[whole], classes[whole], sides[whole]
    rectangles = np.concatenate([corners[:, :2], sides], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(
        rectangles.tolist(), scores.tolist(), classes.astype(int).tolist(), LEAST_SCORE, SAME_IOU
    )
    best = sorted(np.asarray(kept, int).ravel().tolist(), key=lambda index: -scores[index])[:MOST]
    return [
        Detection(
            COCO_NAMES[classes[index]],
            round(float(scores[index]), 3),
            tuple(round(float(side), 4) for side in corners[index]),  # pyrefly: ignore[bad-argument-type] four sides
        )
        for index in best
    ]
