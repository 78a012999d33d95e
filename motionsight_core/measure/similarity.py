"""Robust similarities of sampled flow: minimal-sample hypotheses, then reweighted least squares.

A similarity is (a, b, tx, ty): a point (x, y), seen from the frame's centre, moves by
(a x - b y + tx, b x + a y + ty) pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Residual of a sample that still belongs to the motion, in widths of the frame (half a pixel of 320) ...
INLIER_WIDTHS = 0.0016
#: ... and growing with the motion itself: fast flow is less exact.
INLIER_SHARE_OF_MOTION = 0.06
#: Two samples closer than this say nothing on scale and angle, pixels: they vote for a shift.
LEAST_BASE = 32.0
#: Iterations of the refinement; its scale shrinks to the inlier distance over the first ones.
REFINEMENTS = 6


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
    # Two products instead of a sum of six terms: this is the costliest step of a pair of frames.
    ones = np.ones_like(samples.x)
    along_x = np.stack([samples.x, -samples.y, ones])
    along_y = np.stack([samples.y, samples.x, ones])
    du = samples.u - candidates[:, :3] @ along_x
    dv = samples.v - candidates[:, [0, 1, 3]] @ along_y
    motion = np.hypot(candidates[:, 2:3], candidates[:, 3:4])
    tolerance = INLIER_WIDTHS * samples.width + INLIER_SHARE_OF_MOTION * motion
    du *= du
    dv *= dv
    du += dv
    du /= -(tolerance * tolerance)
    du += 1
    np.maximum(du, 0.0, out=du)
    return candidates[int(np.argmax(du @ samples.weight))]


def refined(samples: FlowSamples, start: Floats) -> Floats:
    """The similarity after Geman-McClure reweighting, which lets go of what moves otherwise."""
    x, y, u, v = samples.x, samples.y, samples.u, samples.v
    similarity = start
    squared_radius, dot, cross = x * x + y * y, x * u + y * v, x * v - y * u
    for iteration in range(REFINEMENTS):
        scale = samples.tolerance(similarity) * max(1.0, 2.0 - 0.5 * iteration)
        w = samples.weight / (1 + (samples.residual(similarity) / scale) ** 2) ** 2
        s, sx, sy, sr = w.sum(), w @ x, w @ y, w @ squared_radius
        normal = np.array([[sr, 0.0, sx, sy], [0.0, sr, -sy, sx], [sx, -sy, s, 0.0], [sy, sx, 0.0, s]])
        right = np.array([w @ dot, w @ cross, w @ u, w @ v])
        similarity = np.asarray(np.linalg.solve(normal + 1e-9 * np.eye(4), right), np.float64)
    return similarity


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
