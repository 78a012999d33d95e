"""What the flow of one pair shows of depth: near things that pass before far ones.

A camera that turns or zooms moves all depths alike; one that goes somewhere moves what is near faster. On
its way round something, far things go one way and near things the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.similarity import FlowSamples, moved

Floats = NDArray[np.float64]

#: Flow across the motion that still counts as along it, pixels, and share of the motion.
ACROSS = 0.5
ACROSS_SHARE = 0.1
#: Least motion of a place at which its speed says something, pixels.
LEAST_MOTION = 0.7
#: A place that goes this many times as fast as the camera makes it is no ground.
FASTEST = 6.0
#: Least correlation of the speed with the place from top to bottom.
LEAST_GROUND = 0.35
#: Quantiles of the drift that stand for what is far and what is near; objects hardly cover that much.
FAR, NEAR = 0.15, 0.85
#: Least share of the flow that goes along the motion.
LEAST_ALONG = 0.6
#: The same where what is far hardly moves; below this motion of it, pixels, more correlation is asked.
MOST_ALONG, FAR_ALONG, STEEP = 0.8, 0.05, 0.7
#: Below this speed over the motion, what is far stands still.
LEAST_FAR = 0.1
#: Least drift of far, and of near things past each other, pixels.
LEAST_DRIFT = 0.35
#: Least correlation of that drift with the place from top to bottom: near ground lies below.
LEAST_SLOPE = 0.5
#: Iterations of the fit of the vertical flow.
ITERATIONS = 4


@dataclass(frozen=True, slots=True)
class Depth:
    """What near things do beside far ones."""

    ratio: float = 1.0
    """How many times faster they go, the camera's way; 1 where depth does not show."""
    drift: tuple[float, float] | None = None
    """Mean of how far and near things go, right and down, pixels, where what is far hardly moves."""


def depth_of(samples: FlowSamples, motion: Floats) -> Depth:
    """What depth shows along a similarity.

    Near ground lies below: places are the faster the lower they are, as no object makes them.
    """
    u, v = moved(motion, samples.x, samples.y)
    length = np.hypot(u, v)
    at = (length > LEAST_MOTION) & (samples.weight > 0)
    if np.count_nonzero(at) < len(at) / 4:
        return _before_hills(samples)
    y, u, v, length, weight = samples.y[at], u[at], v[at], length[at], samples.weight[at]
    speed = (samples.u[at] * u + samples.v[at] * v) / length**2
    across = np.abs(samples.v[at] * u - samples.u[at] * v) / length
    along = (across < ACROSS + ACROSS_SHARE * length) & (np.abs(speed) < FASTEST)
    if weight[along].sum() < LEAST_ALONG * weight.sum():
        return Depth()
    y, speed, weight = y[along], speed[along], weight[along]
    below = y > 0
    if 0.1 < np.mean(below) < 0.9 and _correlation(speed, y, weight / weight.sum()) > LEAST_GROUND:
        far, near = (quantiles(speed[half], weight[half], (0.5,))[0] for half in (~below, below))
        return Depth(max(1.0, float(near / max(far, LEAST_FAR))))
    return Depth()


def _before_hills(samples: FlowSamples) -> Depth:
    """The same where what is far, and much of the picture, hardly moves: the ground says which way.

    Hills go along a little, unlike the wall behind something that moves before a camera at rest; or the
    ground is the faster the lower it lies, all of it.
    """
    y, u, v, weight = samples.y, samples.u, samples.v, samples.weight
    below, above = y > 0, y <= 0
    if min(weight[below].sum(), weight[above].sum()) <= 0:
        return Depth()
    way = np.array([quantiles(side[below], weight[below], (0.5,))[0] for side in (u, v)])
    near = float(np.hypot(*way))
    if near < LEAST_MOTION:
        return Depth()
    speed, across = (u * way[0] + v * way[1]) / near, np.abs(v * way[0] - u * way[1]) / near
    far = float(quantiles(speed[above], weight[above], (0.5,))[0])
    along = np.where((across < ACROSS) & (speed > -ACROSS) & (speed < FASTEST * near), weight, 0.0)
    if along.sum() < MOST_ALONG * weight.sum() or far >= near:
        return Depth()
    if _correlation(speed, y, along / along.sum()) < (LEAST_SLOPE if far > FAR_ALONG else STEEP):
        return Depth()
    right, down = (float(side) for side in (near + far) / 2 * way / near)
    return Depth(near / max(far, LEAST_FAR), (right, down))


def orbit(samples: FlowSamples) -> tuple[float, float]:
    """How far things, and near things, drift to the right past each other, pixels; (0, 0) where they do not.

    The vertical flow, which shows no depth in an orbit, gives roll, zoom and tilt; what these leave of the
    horizontal flow is the drift.
    """
    x, y, u, v, weight = samples.x, samples.y, samples.u, samples.v, samples.weight
    design = np.stack([np.ones_like(x), x, y], axis=1)
    robust, tolerance = weight, ACROSS
    solution, residual = np.zeros(3), v
    for _ in range(ITERATIONS):
        weighted = design * robust[:, None]
        solution = np.linalg.solve(design.T @ weighted + 1e-9 * np.eye(3), weighted.T @ v)
        residual = np.abs(v - design @ solution)
        robust = weight / (1 + (residual / tolerance) ** 2) ** 2
    _, turn, growth = solution
    agree = residual < tolerance
    mine = np.where(agree, weight, 0.0)
    total = mine.sum()
    if total < LEAST_ALONG * weight.sum():
        return 0.0, 0.0
    drift = u - growth * x + turn * y
    low, high = quantiles(drift[agree], weight[agree], (FAR, NEAR))
    if not (low < -LEAST_DRIFT and high > LEAST_DRIFT):
        return 0.0, 0.0
    slope_y, slope_x = (_correlation(drift, place, mine / total) for place in (y, x))
    if abs(slope_y) < LEAST_SLOPE or abs(slope_y) < abs(slope_x):
        return 0.0, 0.0
    return (low, high) if slope_y > 0 else (high, low)


def quantiles(values: Floats, weights: Floats, shares: tuple[float, ...]) -> Floats:
    """The values [K] below which lie these shares of the weight."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return values[order][np.searchsorted(below, np.array(shares) * below[-1]).clip(0, len(order) - 1)]


def _correlation(one: Floats, other: Floats, weights: Floats) -> float:
    one, other = one - weights @ one, other - weights @ other
    power = (weights @ (one * one)) * (weights @ (other * other))
    return float(weights @ (one * other) / np.sqrt(max(power, 1e-12)))
