"""Robust similarities of sampled flow: minimal-sample hypotheses, then reweighted least squares.

A similarity is (a, b, tx, ty): a point (x, y), seen from the frame's centre, moves by
(a x - b y + tx, b x + a y + ty) pixels.
"""

from __future__ import annotations

import math
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
REGULARISATION = 1e-9


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
    moments: Floats
    """[9, S]: what squared residuals of similarities are linear in."""

    @classmethod
    def of(cls, x: Floats, y: Floats, u: Floats, v: Floats, weight: Floats, *, width: int) -> FlowSamples:
        """With their moments."""
        return cls(x, y, u, v, weight, width, np.vstack([moments_of(x, y, u, v), u * u + v * v]))

    def weighted(self, weight: Floats) -> FlowSamples:
        """The same samples with other weights."""
        return replace(self, weight=weight)

    def residual(self, similarity: Floats) -> Floats:
        """Distance [S] of the flow from a similarity, pixels."""
        u, v = moved(similarity, self.x, self.y)
        return np.hypot(self.u - u, self.v - v)

    def tolerance(self, similarity: Floats) -> float:
        """Residual of a sample that still moves so, pixels."""
        return INLIER_WIDTHS * self.width + INLIER_SHARE_OF_MOTION * math.hypot(similarity[2], similarity[3])


def moved(similarity: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The flow of a similarity at points, pixels."""
    a, b, tx, ty = similarity.tolist()
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
    agreement = np.empty((len(candidates), len(samples.moments)))
    for number, coefficient in enumerate(_squared_residual(*candidates.T)):
        agreement[:, number] = coefficient
    motion = np.hypot(candidates[:, 2], candidates[:, 3])
    agreement /= -((INLIER_WIDTHS * samples.width + INLIER_SHARE_OF_MOTION * motion) ** 2)[:, None]
    agreement[:, 0] += 1
    score = agreement @ samples.moments
    np.maximum(score, 0.0, out=score)
    return candidates[int(np.argmax(score @ samples.weight))]


def refined(samples: FlowSamples, start: Floats) -> Floats:
    """The similarity after Geman-McClure reweighting, which lets go of what moves otherwise."""
    moments, similarity = samples.moments, start
    for iteration in range(REFINEMENTS):
        scale = samples.tolerance(similarity) * max(1.0, 2.0 - 0.5 * iteration)
        squared = np.maximum(np.array(_squared_residual(*similarity.tolist())) @ moments, 0.0)
        w = samples.weight / (1 + squared / scale**2) ** 2
        similarity = least_squares(*(moments[:8] @ w).tolist())
    return similarity


def moments_of(x: Floats, y: Floats, u: Floats, v: Floats) -> Floats:
    """The moments [8, S] of which `least_squares` takes the weighted sums."""
    return np.stack([np.ones_like(x), x, y, x * x + y * y, u, v, x * u + y * v, x * v - y * u])


def least_squares(
    s: float, sx: float, sy: float, sr: float, su: float, sv: float, dot: float, cross: float
) -> Floats:
    """The similarity [4] that leaves the smallest sum of weighted squared residuals, given the sums of the
    weighted moments.

    As complex numbers z = x + iy and f = u + iv, it is the line cz + t through the flow.
    """
    s, sr = s + REGULARISATION, sr + REGULARISATION
    place, flow = complex(sx, sy), complex(su, sv)
    c = (s * complex(dot, cross) - place.conjugate() * flow) / (s * sr - abs(place) ** 2)
    t = (flow - c * place) / s
    return np.array([c.real, c.imag, t.real, t.imag])


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
