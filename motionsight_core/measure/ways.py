"""How pixels get on against the background over a few frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.similarity import least_squares, moments_of, moved

Floats = NDArray[np.float64]
#: The flow [h, w, 2] from one frame to the next, pixels, and the affine [3, 3] of the background.
Step = tuple[NDArray[np.float32], Floats]

#: Steps over which ways are added up: what hardly differs from frame to frame does so over three.
STEPS = 3
#: Samples, at most, by which motions are told.
MOST_SAMPLES = 300
#: Iterations of a fit that lets go of what moves otherwise.
REFINEMENTS = 4
#: Where it is asked how much a motion leaves unexplained, more than so many pixels count as these.
MOST_AWAY = 3.0


def ways_of(rows: NDArray[np.intp], columns: NDArray[np.intp], steps: Sequence[Step]) -> Floats:
    """How far each pixel gets against the background [N, 2], pixels over the root of the number of steps, as
    the errors of ways that are added up grow."""
    height, width = steps[0][0].shape[:2]
    x, y = columns.astype(np.float64), rows.astype(np.float64)
    path = np.eye(3)
    for flow, passing in steps:
        row, column = (
            np.minimum(np.maximum(place + 0.5, 0), side - 1).astype(np.intp)
            for place, side in ((y, height), (x, width))
        )
        way = flow.reshape(-1, 2).take(row * width + column, axis=0)
        x, y, path = x + way[:, 0], y + way[:, 1], passing @ path
    (xx, xy, right), (yx, yy, down) = path[:2].tolist()
    ways = np.stack([x - (xx * columns + xy * rows + right), y - (yx * columns + yy * rows + down)])
    return ways.T / np.sqrt(len(steps))


def away_from(ways: Floats, motion: Floats) -> Floats:
    """How far each way [N, 2] differs from a motion [2]: [N]."""
    return np.hypot(ways[:, 0] - motion[0], ways[:, 1] - motion[1])


def away_from_similarity(rows: NDArray[np.intp], columns: NDArray[np.intp], ways: Floats) -> Floats:
    """How far each way [N, 2] is from the one similarity that most of them have, pixels [N].

    What turns or comes nearer has one. An affine motion would explain two things side by side as well, or one
    above the other, where they go different ways: by a shear, which hardly anything does.
    """
    x, y = columns - columns.mean(), rows - rows.mean()
    u, v = ways.T
    moments = moments_of(x, y, u, v)
    weight, away = np.ones(len(x)), np.zeros(len(x))
    for _ in range(REFINEMENTS):
        expected_u, expected_v = moved(least_squares(*(moments @ weight).tolist()), x, y)
        away = np.hypot(u - expected_u, v - expected_v)
        weight = 1 / (1 + away**2) ** 2
    return away
