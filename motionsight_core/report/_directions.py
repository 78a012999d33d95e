"""Where the camera and the objects go, as eight directions, and how fast the objects are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.camera_motion import CAMERA_MOTIONS

#: The least way that counts as going somewhere, frame widths.
LEAST_WAY = 0.03
#: Boxes between two ends of a stretch whose speed is taken: from box to box there is jitter.
_STRETCH = 3


def sector(x: float, y: float) -> int | None:
    """Direction of a way in eighths of a turn, counter-clockwise from the right; None where it is short.

    Args:
        x, y: the way, frame widths, y upwards.
    """
    if math.hypot(x, y) < LEAST_WAY:
        return None
    return _eighth(x, y)


def camera_sectors(moves: Sequence[dict[str, Any]], aspect: float) -> list[int]:
    """The directions in which a camera pans, tilts, trucks or rises; a pan that also tilts goes aslant.

    Args:
        moves: rows of `camera_moves`.
        aspect: height of the frame over its width.
    """
    going = [(move["start_s"], move["end_s"], *_velocity(move)) for move in moves]
    going = [move for move in going if move[2:] != (0.0, 0.0)]
    bounds = sorted({end for begins_s, ends_s, *_ in going for end in (begins_s, ends_s)})
    ways: dict[int, float] = {}
    for start_s, end_s in itertools.pairwise(bounds):
        here = [(x, y) for begins_s, ends_s, x, y in going if begins_s <= start_s and ends_s >= end_s]
        x = sum(x for x, _ in here)
        y = sum(y for _, y in here) * aspect
        way = math.hypot(x, y) * (end_s - start_s)
        if way > 0:
            eighth = _eighth(x, y)
            ways[eighth] = ways.get(eighth, 0.0) + way
    return sorted(eighth for eighth, way in ways.items() if way >= LEAST_WAY)


def track_course(boxes: Sequence[dict[str, float]], aspect: float) -> tuple[int | None, float]:
    """Where a track goes, as `sector`, and its median speed in frame widths per second.

    Args:
        boxes: of a row of `object_tracks`, in fractions of the frame.
        aspect: height of the frame over its width.
    """
    if len(boxes) < 2:
        return None, 0.0
    t_s = np.array([box["t_s"] for box in boxes])
    x = np.array([box["x0"] + box["x1"] for box in boxes]) / 2
    y = -np.array([box["y0"] + box["y1"] for box in boxes]) / 2 * aspect
    direction = sector(_end(x) - _start(x), _end(y) - _start(y))
    step = min(_STRETCH, len(boxes) - 1)
    elapsed_s = t_s[step:] - t_s[:-step]
    ways = np.hypot(x[step:] - x[:-step], y[step:] - y[:-step])
    speeds = ways[elapsed_s > 0] / elapsed_s[elapsed_s > 0]
    return direction, float(np.median(speeds)) if len(speeds) else 0.0


def _velocity(move: dict[str, Any]) -> tuple[float, float]:
    """Frame widths per second to the right, frame heights per second upwards; 0 and 0 of other moves."""
    motion = CAMERA_MOTIONS.get(move["label"])
    if motion is None:  # a row of another program
        return 0.0, 0.0
    signed = motion.sign * (move["rate"] or 0.0)
    return (signed if motion.axis == "pan" else 0.0), (signed if motion.axis == "tilt" else 0.0)


def _eighth(x: float, y: float) -> int:
    return round(math.atan2(y, x) / (math.pi / 4)) % 8


def _start(values: NDArray[np.float64]) -> float:
    """Of the first boxes the median: one that is off must not decide."""
    return float(np.median(values[: min(3, len(values) // 2)]))


def _end(values: NDArray[np.float64]) -> float:
    return float(np.median(values[-min(3, len(values) // 2) :]))
