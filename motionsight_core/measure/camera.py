"""How the camera moved between two neighbouring frames: robust registration of their luma.

DIS optical flow is sampled on a grid; a similarity is chosen among minimal-sample hypotheses and refined
with Geman-McClure weights. A full affine, fitted to the same samples, tells parallax (which deforms the
picture) from zoom and roll (which do not) and warps the background for the search of moving regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: Distance of the flow samples, pixels. DIS ultrafast places its patches every 4.
GRID_STEP = 8
#: Samples this close to the edge see flow extrapolated from outside, pixels.
GRID_MARGIN = 6
#: Residual of a sample that still belongs to the background, in widths of the frame (half a pixel of 320) ...
INLIER_WIDTHS = 0.0016
#: ... and growing with the camera's own motion: fast flow is less exact.
INLIER_SHARE_OF_MOTION = 0.06
#: Minimal samples (two points each) that compete with "as before" and "not at all".
HYPOTHESES = 96
#: Iterations of reweighted least squares; the scale shrinks to the inlier distance over the first ones.
REFINEMENTS = 6
#: Smaller eigenvalue of the mean gradient tensor at which a sample counts half, (luma per pixel)^2.
TEXTURE_HALF = 12.0
#: Window of the gradient tensor, pixels: as wide as two DIS patches.
TEXTURE_WINDOW = 15
#: Weight of a sample in the middle of the frame against 1 at the edge: what fills the middle is more
#: often an object than the background.
CENTRE_WEIGHT = 0.5
#: A camera slower than this shows no parallax worth a second layer, widths per pair of frames.
LEAST_PARALLAX = 0.0015
#: Least share of the picture in a near layer of the background, and the eighths of the frame's width that
#: it must reach into.
LEAST_LAYER = 0.06
LAYER_COLUMNS = 6
#: Least cosine between the motions of the two layers.
LAYER_PARALLEL = 0.95
#: Sum of texture weights below which the picture does not say how the camera moves.
LEAST_SUPPORT = 6.0


@dataclass(frozen=True, slots=True)
class Registration:
    """The background's motion from the previous frame to this one, in pixels of the measured luma."""

    similarity: Floats
    """[2, 3], previous coordinates to present ones, origin in the centre of the frame."""
    affine: Floats
    """[2, 3], the same with six degrees of freedom."""
    near: Floats | None
    """[2, 3], how a nearer layer of the background moves, where parallax shows one; else None."""
    misfit: float
    """Median distance of the background's flow from the affine, pixels."""
    inliers: float
    """Share of the textured flow that moves with the background, 0 to 1."""
    support: float
    """Sum of the texture weights: how much picture there was to measure on."""
    flow: NDArray[np.float32]
    """[h, w, 2], dense optical flow, pixels."""


class PairRegistrar:
    """Registers luma frames of one size; keeps no frame, only the last motion as a hypothesis."""

    def __init__(self, height: int, width: int) -> None:
        self.height = height
        self.width = width
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        rows = np.arange(GRID_MARGIN, height - GRID_MARGIN, GRID_STEP)
        columns = np.arange(GRID_MARGIN, width - GRID_MARGIN, GRID_STEP)
        grid_y, grid_x = np.meshgrid(rows, columns, indexing="ij")
        self._rows, self._columns = grid_y.ravel(), grid_x.ravel()
        self._x = self._columns - (width - 1) / 2
        self._y = self._rows - (height - 1) / 2
        outward = np.maximum(np.abs(self._x) / (width / 2), np.abs(self._y) / (height / 2))
        self._place = CENTRE_WEIGHT + (1 - CENTRE_WEIGHT) * outward
        # The same minimal samples for every pair: equal frames give equal motion.
        self._draws = np.random.default_rng(0).random((HYPOTHESES, 2))
        self._last = np.zeros(4)
        self._last_near: Floats | None = None

    def register(self, previous: Luma, current: Luma) -> Registration:
        """The motion of the background from `previous` to `current`, both [h, w]."""
        dense = self._flow.calc(previous, current, None)  # pyright: ignore[reportCallIssue, reportArgumentType]
        sampled = dense[self._rows, self._columns].astype(np.float64)
        u, v = sampled[:, 0], sampled[:, 1]
        texture = texture_weight(previous)[self._rows, self._columns]
        support = float(texture.sum())
        if support < LEAST_SUPPORT:
            self._last = np.zeros(4)
            self._last_near = None
            rest = _matrix(np.zeros(4))
            return Registration(rest, rest, None, 0.0, 0.0, support, dense)

        weight = texture * self._place
        start = self._best_hypothesis(u, v, weight, self._last)
        parameters, residual = self._refine(u, v, weight, start)
        tolerance = self._tolerance(parameters)
        inlier = residual < tolerance
        inliers = float(texture[inlier].sum() / support)
        self._last = parameters
        robust = weight / (1 + (residual / tolerance) ** 2) ** 2
        affine, misfit = self._affine(u, v, robust, tolerance)
        near = self._near_layer(u, v, weight, residual, parameters)
        self._last_near = near
        return Registration(
            similarity=_matrix(parameters),
            affine=affine,
            near=None if near is None else _matrix(near),
            misfit=misfit,
            inliers=inliers,
            support=support,
            flow=dense,
        )

    def _tolerance(self, parameters: Floats) -> float:
        motion = float(np.hypot(parameters[2], parameters[3]))
        return INLIER_WIDTHS * self.width + INLIER_SHARE_OF_MOTION * motion

    def _best_hypothesis(self, u: Floats, v: Floats, weight: Floats, before: Floats) -> Floats:
        """The similarity (a, b, tx, ty) that most of the weight agrees with (MSAC)."""
        cumulative = np.cumsum(weight)
        picks = np.searchsorted(cumulative, self._draws * cumulative[-1]).clip(0, len(weight) - 1)
        candidates = self._through_pairs(u, v, picks[:, 0], picks[:, 1])
        candidates = np.vstack([candidates, before, np.zeros(4)])
        a, b, tx, ty = (candidates[:, [k]] for k in range(4))
        du = u - (a * self._x - b * self._y + tx)
        dv = v - (b * self._x + a * self._y + ty)
        tolerance = INLIER_WIDTHS * self.width + INLIER_SHARE_OF_MOTION * np.hypot(tx, ty)
        agreement = np.maximum(0.0, 1 - (du * du + dv * dv) / (tolerance * tolerance)) @ weight
        return candidates[int(np.argmax(agreement))]

    def _through_pairs(self, u: Floats, v: Floats, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
        """The similarities [K, 4] that map two samples each exactly."""
        dx, dy = self._x[j] - self._x[i], self._y[j] - self._y[i]
        du, dv = u[j] - u[i], v[j] - v[i]
        # Two samples closer than a few grid steps say nothing on scale and angle: a shift then.
        length = dx * dx + dy * dy
        far = length > (4 * GRID_STEP) ** 2
        safe = np.where(far, length, 1.0)
        a = np.where(far, (dx * du + dy * dv) / safe, 0.0)
        b = np.where(far, (dx * dv - dy * du) / safe, 0.0)
        return np.stack(
            [a, b, u[i] - (a * self._x[i] - b * self._y[i]), v[i] - (b * self._x[i] + a * self._y[i])], 1
        )

    def _refine(self, u: Floats, v: Floats, weight: Floats, start: Floats) -> tuple[Floats, Floats]:
        """Geman-McClure refinement: the parameters, and each sample's residual in pixels [S]."""
        x, y = self._x, self._y
        parameters = start
        residual = self._residual(u, v, parameters)
        for iteration in range(REFINEMENTS):
            scale = self._tolerance(parameters) * max(1.0, 2.0 - 0.5 * iteration)
            w = weight / (1 + (residual / scale) ** 2) ** 2
            s, sx, sy = w.sum(), w @ x, w @ y
            squares = w @ (x * x + y * y)
            normal = np.array(
                [[squares, 0.0, sx, sy], [0.0, squares, -sy, sx], [sx, -sy, s, 0.0], [sy, sx, 0.0, s]]
            )
            right = np.array([w @ (x * u + y * v), w @ (x * v - y * u), w @ u, w @ v])
            parameters = np.linalg.solve(normal + 1e-9 * np.eye(4), right)
            residual = self._residual(u, v, parameters)
        return parameters, residual

    def _residual(self, u: Floats, v: Floats, parameters: Floats) -> Floats:
        a, b, tx, ty = parameters
        return np.hypot(u - (a * self._x - b * self._y + tx), v - (b * self._x + a * self._y + ty))

    def _near_layer(
        self, u: Floats, v: Floats, weight: Floats, residual: Floats, far: Floats
    ) -> Floats | None:
        """A second layer that goes the camera's way, faster, across most of the frame: near background.

        An object hardly does all of that; ground, bushes or a fence before the camera do.
        """
        speed = np.hypot(far[2], far[3]) + np.hypot(far[0], far[1]) * self.width / 2
        if speed < LEAST_PARALLAX * self.width:
            return None
        rest = np.where(residual > 2 * self._tolerance(far), weight, 0.0)
        if rest.sum() < LEAST_LAYER * weight.sum():
            return None
        before = far if self._last_near is None else self._last_near
        near, error = self._refine(u, v, rest, self._best_hypothesis(u, v, rest, before))
        mine = (error < self._tolerance(near)) & (rest > 0)
        if rest[mine].sum() < LEAST_LAYER * weight.sum():
            return None
        columns = np.histogram(self._x[mine], bins=8, range=(-self.width / 2, self.width / 2))[0]
        if np.count_nonzero(columns) < LAYER_COLUMNS:
            return None
        # At the layer's own samples both motions must point the same way, the near one going further.
        x, y = self._x[mine], self._y[mine]
        far_u, far_v = far[0] * x - far[1] * y + far[2], far[1] * x + far[0] * y + far[3]
        near_u, near_v = near[0] * x - near[1] * y + near[2], near[1] * x + near[0] * y + near[3]
        along = (far_u * near_u + far_v * near_v).sum()
        far_power, near_power = (far_u**2 + far_v**2).sum(), (near_u**2 + near_v**2).sum()
        parallel = along > LAYER_PARALLEL * np.sqrt(far_power * near_power)
        return near if parallel and near_power > far_power else None

    def _affine(self, u: Floats, v: Floats, weight: Floats, tolerance: float) -> tuple[Floats, float]:
        """The affine [2, 3] of the background, and how far its flow strays from it (median, pixels)."""
        design = np.stack([self._x, self._y, np.ones_like(self._x)], axis=1)
        flow = np.stack([u, v], axis=1)
        prior = weight
        solution = np.zeros((3, 2))
        residual = np.zeros_like(u)
        for _ in range(3):
            weighted = design * weight[:, None]
            solution = np.linalg.solve(design.T @ weighted + 1e-9 * np.eye(3), weighted.T @ flow)
            residual = np.hypot(*(flow - design @ solution).T)
            # Twice the tolerance lets in near and far ground, whose motions differ by parallax.
            weight = np.maximum(prior, 1e-12) ** 0.5 / (1 + (residual / (2 * tolerance)) ** 2) ** 2
        affine = np.ascontiguousarray(solution.T) + np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        background = residual[residual < 2 * tolerance]
        return affine, float(np.median(background)) if len(background) else 2 * tolerance


def texture_weight(luma: Luma) -> NDArray[np.float32]:
    """How far flow can be trusted, 0 to 1 for each pixel [h, w]: 0 on flat areas and along straight edges."""
    gradient_x = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=1 / 8)
    gradient_y = cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=1 / 8)
    window = (TEXTURE_WINDOW, TEXTURE_WINDOW)
    xx = cv2.blur(gradient_x * gradient_x, window)
    yy = cv2.blur(gradient_y * gradient_y, window)
    xy = cv2.blur(gradient_x * gradient_y, window)
    smaller = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    return smaller / (smaller + np.float32(TEXTURE_HALF))


def to_corner_origin(matrix: Floats, height: int, width: int) -> Floats:
    """The transform [2, 3] as [3, 3] for pixel indices, not coordinates about the frame's centre."""
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    moved = np.vstack([matrix, [0.0, 0.0, 1.0]])
    moved[:2, 2] += centre - matrix[:, :2] @ centre
    return moved


def _matrix(parameters: Floats) -> Floats:
    a, b, tx, ty = parameters
    return np.array([[1 + a, -b, tx], [b, 1 + a, ty]], dtype=np.float64)
