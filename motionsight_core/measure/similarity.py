"""Robust similarities of sampled flow: minimal-sample hypotheses, then reweighted least squares.

A similarity is (a, b, tx, ty): a point (x, y), seen from the frame's centre, moves by
(a x - b y + tx, b x + a y + ty) pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
T = TypeVar("T", float, Floats)

#: Residual of a sample that still belongs to the motion, in widths of the frame (half a pixel of 320) ...
INLIER_WIDTHS = 0.0016
#: ... and growing with the motion itself: fast flow is less exact.
INLIER_SHARE_OF_MOTION = 0.06
#: Two samples closer than this say nothing on scale and angle, pixels: they vote for a shift.
LEAST_BASE = 32.0
#: Iterations of the refinement; its scale shrinks to the inlier distance over the first ones.
REFINEMENTS = 6
#: Keeps what hardly any sample says from dividing by nothing.
REGULARISATION = 1e-9 * np.eye(4)


@dataclass(frozen=True, slots=True)
class FlowSamples:
    """Sampled flow; all arrays [S]."""

    x: Floats
    """Pixels from the frame's centre, to the right."""
    y: Floats
    """Downwards."""
    u: Floats
    """Flow to the right, pixels."""
    v: Floats
    weight: Floats
    """How much a sample counts."""
    width: int
    """Of the frame, pixels."""

    def weighted(self, weight: Floats) -> FlowSamples:
        """The same samples with other weights."""
        return replace(self, weight=weight)

    def residual(self, similarity: Floats) -> Floats:
        """Distance [S] of the flow from a similarity, pixels."""
        u, v = moved(similarity, self.x, self.y)
        return np.hypot(self.u - u, self.v - v)

    def tolerance(self, similarity: Floats) -> float:
        """Residual of a sample that still moves so, pixels."""
        motion = float(np.hypot(similarity[2], similarity[3]))
        return INLIER_WIDTHS * self.width + INLIER_SHARE_OF_MOTION * motion


def moved(similarity: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The flow of a similarity at points, pixels."""
    a, b, tx, ty = similarity
    return a * x - b * y + tx, b * x + a * y + ty


def best_similarity(samples: FlowSamples, draws: Floats, before: Floats) -> Floats:
    """The similarity that most of the weight agrees with (MSAC), not refined.

    Args:
        samples: the flow.
        draws: [K, 2] in 0 to 1; each row picks two samples, the heavier ones more often.
        before: the similarity of the pair before; it competes, and so does no motion.
    """
    cumulative = np.cumsum(samples.weight)
    picks = np.searchsorted(cumulative, draws * cumulative[-1]).clip(0, len(cumulative) - 1)
    candidates = np.vstack([_through(samples, picks[:, 0], picks[:, 1]), np.zeros(4), before])
    # One product of matrices: this is the costliest step of a pair of frames.
    agreement = np.stack(np.broadcast_arrays(*_squared_residual(*candidates.T)), axis=1)
    motion = np.hypot(candidates[:, 2], candidates[:, 3])
    agreement /= -((INLIER_WIDTHS * samples.width + INLIER_SHARE_OF_MOTION * motion) ** 2)[:, None]
    agreement[:, 0] += 1
    score = agreement @ _moments(samples)
    np.maximum(score, 0.0, out=score)
    return candidates[int(np.argmax(score @ samples.weight))]


def refined(samples: FlowSamples, start: Floats) -> Floats:
    """The similarity after Geman-McClure reweighting, which lets go of what moves otherwise."""
    moments = _moments(samples)
    similarity = start
    for iteration in range(REFINEMENTS):
        scale = samples.tolerance(similarity) * max(1.0, 2.0 - 0.5 * iteration)
        squared = np.maximum(np.array(_squared_residual(*similarity.tolist())) @ moments, 0.0)
        w = samples.weight / (1 + squared / scale**2) ** 2
        s, sx, sy, sr, su, sv, dot, cross, _ = moments @ w
        normal = np.array([[sr, 0.0, sx, sy], [0.0, sr, -sy, sx], [sx, -sy, s, 0.0], [sy, sx, 0.0, s]])
        right = np.array([dot, cross, su, sv])
        similarity = np.asarray(np.linalg.solve(normal + REGULARISATION, right), np.float64)
    return similarity


def _moments(samples: FlowSamples) -> Floats:
    """[9, S]: what squared residuals are linear in."""
    x, y, u, v = samples.x, samples.y, samples.u, samples.v
    ones = np.ones_like(x)
    return np.stack([ones, x, y, x * x + y * y, u, v, x * u + y * v, x * v - y * u, u * u + v * v])


def _squared_residual(a: T, b: T, tx: T, ty: T) -> tuple[T | float, ...]:
    """The coefficients of the moments in the squared residual of a similarity, or of many at once."""
    x, y = 2 * (a * tx + b * ty), 2 * (a * ty - b * tx)
    return tx * tx + ty * ty, x, y, a * a + b * b, -2 * tx, -2 * ty, -2 * a, -2 * b, 1.0


def _through(samples: FlowSamples, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
    """The similarities [K, 4] that map two samples each exactly."""
    x, y, u, v = samples.x, samples.y, samples.u, samples.v
    dx, dy, du, dv = x[j] - x[i], y[j] - y[i], u[j] - u[i], v[j] - v[i]
    length = dx * dx + dy * dy
    far = length > LEAST_BASE * LEAST_BASE
    length = np.where(far, length, 1.0)
    a = np.where(far, (dx * du + dy * dv) / length, 0.0)
    b = np.where(far, (dx * dv - dy * du) / length, 0.0)
    return np.stack([a, b, u[i] - (a * x[i] - b * y[i]), v[i] - (b * x[i] + a * y[i])], axis=1)
