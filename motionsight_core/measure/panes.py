"""A part of a still picture that moves, such as a window that scrolls or a hand, told from a camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.similarity import FlowSamples, moved

Floats = NDArray[np.float64]

#: Flow of what holds still, and of what moves, pixels.
STILL = 0.25
MOVING = 0.6
#: Texture weight of a sample that can show that it holds still beside a pane.
PANE_TEXTURE = 0.3
#: Quantile of the places that move which is the edge of the pane.
PANE_EDGE = 0.03
#: Least share of the textured samples that hold still beside it, and in how many eighths of the height.
PANE_LEAST = 0.03
PANE_ROWS = 3
#: Least samples that move.
PANE_SAMPLES = 10
#: Distance from the pane at which a sample is beside it, pixels.
PANE_MARGIN = 8


def beside_pane(samples: FlowSamples, texture: Floats, motion: Floats) -> NDArray[np.bool_] | None:
    """The samples [S] outside what moves, where the picture holds still beside it: a window, a hand.

    None where it does not. A camera moves all of the picture, and a logo on it lies within what moves.
    """
    textured = texture > PANE_TEXTURE
    moves = textured & (samples.residual(motion) < samples.tolerance(motion))
    expected = np.hypot(*moved(motion, samples.x, samples.y))
    still = textured & (np.hypot(samples.u, samples.v) < STILL) & (expected > MOVING)
    if still.sum() < PANE_LEAST * textured.sum() or moves.sum() < PANE_SAMPLES:
        return None
    low, high = np.quantile(samples.x[moves], (PANE_EDGE, 1 - PANE_EDGE))
    beside = still & ((samples.x < low - PANE_MARGIN) | (samples.x > high + PANE_MARGIN))
    half = float(np.max(np.abs(samples.y)))
    rows = np.histogram(samples.y[beside], bins=8, range=(-half, half))[0]
    if beside.sum() < PANE_LEAST * textured.sum() or np.count_nonzero(rows) < PANE_ROWS:
        return None
    top, bottom = np.quantile(samples.y[moves], (PANE_EDGE, 1 - PANE_EDGE))
    within = (samples.x > low - PANE_MARGIN) & (samples.x < high + PANE_MARGIN)
    return ~(within & (samples.y > top - PANE_MARGIN) & (samples.y < bottom + PANE_MARGIN))
