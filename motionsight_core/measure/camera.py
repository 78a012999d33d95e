"""How the camera moved between two neighbouring frames: robust registration of their luma.

DIS optical flow is sampled on a grid; a similarity is fitted to what most of it does. A full affine,
fitted to the same samples, tells parallax (which deforms the picture) from zoom and roll (which do not)
and aligns the background for the search of moving regions. Where near things pass before far ones, a
second similarity is fitted to them, so that they are not taken for objects that move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.medians import median
from motionsight_core.measure.panes import MOVING, STILL, beside_pane
from motionsight_core.measure.parallax import Depth, depth_of, orbit
from motionsight_core.measure.similarity import FlowSamples, best_similarity, moved, refined

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: Finest level of the flow's pyramid: half the frame's size. The preset's quarter sees 2 to 4 % too little.
FINEST_SCALE = 1
#: Distance of the flow's patches there; at 6 it costs half of the preset's 4 and is as exact.
PATCH_STRIDE = 6
#: Distance of the flow samples, pixels; wider in a tall frame, which has no more than MOST_SAMPLES.
GRID_STEP = 8
MOST_SAMPLES = 1000
#: Frames with a shorter side are too small for the flow, pixels: they count as still.
SMALLEST_SIDE = 16
#: Samples this close to the edge see flow extrapolated from outside, pixels.
GRID_MARGIN = 6
#: Minimal samples (two points each) that compete with "as before" and "not at all".
HYPOTHESES = 64
#: Smaller eigenvalue of the mean gradient tensor at which a sample counts half, (luma per pixel)^2.
TEXTURE_HALF = 1.5
#: Window of the gradient tensor, pixels: as wide as two DIS patches.
TEXTURE_WINDOW = 15
#: Weight of a sample in the middle of the frame against 1 at the edge: what fills the middle is more
#: often an object than the background.
CENTRE_WEIGHT = 0.5
#: Sum of texture weights below which the picture does not say how the camera moves.
LEAST_SUPPORT = 6.0
#: A camera slower than this shows no parallax worth a second layer, widths per pair of frames.
LEAST_PARALLAX = 0.0015
#: Eighths of the frame's width that a layer of the background reaches into.
LEAST_COLUMNS = 6
#: Least share of the picture in a second layer of the background.
LEAST_LAYER = 0.05
#: Share of the picture that still moves as before, with which the camera is taken to go on as before.
CONSTANT_SHARE = 0.2
#: ... and of the share that moves as most does; samples of less weight do not count for its width.
CONSTANT_RATIO = 0.55
CONSTANT_WEIGHT = 0.02
#: Side of the cells of a frame, pixels, and what the texture weights in one add up to at most.
CELL = 32
CELL_CAP = 3.0
#: Pairs for which a place has held still, while the camera moved it by so many pixels, that is laid over.
OVERLAY_PAIRS = 3
OVERLAY_MOVING = 1.0
#: More of the picture than this is no overlay.
OVERLAY_MOST = 0.35
#: Motion of a far layer that says how the camera moves, pixels.
LEAST_FAR = 0.4
#: Share of background below which an orbit is looked for.
ORBIT_INLIERS = 0.75
#: Share of the neighbourhood of a layer's samples that is of it too.
LAYER_TOGETHER = 0.62
#: Least cosine between the motions of the two layers.
LAYER_PARALLEL = 0.95
#: A sample belongs to another layer when it is this many inlier distances away from the first.
LAYER_DISTANCE = 1.5


@dataclass(frozen=True, slots=True)
class Registration:
    """The background's motion from the previous frame to this one, in pixels of the measured luma.

    Transforms [2, 3] lead from previous coordinates to present ones, origin in the frame's centre.
    """

    similarity: Floats
    affine: Floats
    """The same with six degrees of freedom."""
    near: Floats | None
    """How a nearer layer of the background moves, where parallax shows one."""
    depth: Depth
    """What near things do beside far ones."""
    orbit: tuple[float, float]
    """How far things, and near things, drift to the right in an orbit, pixels; else (0, 0)."""
    misfit: float
    """Median distance of the background's flow from the affine, pixels."""
    inliers: float
    """Share of the textured flow that moves with the background, 0 to 1."""
    texture: float
    """Mean texture weight, 0 to 1."""
    still: float
    """Share of the picture that holds still though the camera's motion would move it, 0 to 1."""
    support: float
    """Sum of the texture weights: how much picture there was to measure on."""
    flow: NDArray[np.float32]
    """[h, w, 2], dense optical flow, pixels."""


class PairRegistrar:
    """Registers luma frames of one size; keeps no frame, only the last motions as hypotheses."""

    def __init__(self, height: int, width: int) -> None:
        self._width = width
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(FINEST_SCALE)
        self._flow.setPatchStride(PATCH_STRIDE)
        step = max(GRID_STEP, round(float(np.sqrt(height * width / MOST_SAMPLES))))
        rows = np.arange(GRID_MARGIN, height - GRID_MARGIN, step)
        columns = np.arange(GRID_MARGIN, width - GRID_MARGIN, step)
        grid_y, grid_x = np.meshgrid(rows, columns, indexing="ij")
        self._grid = len(rows), len(columns)
        self._rows, self._columns = grid_y.ravel(), grid_x.ravel()
        self._x: Floats = (self._columns - (width - 1) / 2).astype(np.float64)
        self._y: Floats = (self._rows - (height - 1) / 2).astype(np.float64)
        outward = np.maximum(np.abs(self._x) / (width / 2), np.abs(self._y) / (height / 2))
        # Which eighth of the frame's width each sample lies in.
        self._eighth = (8 * self._columns + 4) // width
        self._cell = (self._rows // CELL) * (width // CELL + 1) + self._columns // CELL
        self._cells = int(self._cell.max(initial=0)) + 1
        self._place = CENTRE_WEIGHT + (1 - CENTRE_WEIGHT) * outward
        # The same minimal samples for every pair: equal frames give equal motion.
        self._draws = np.random.default_rng(0).random((HYPOTHESES, 2))
        self._last = np.zeros(4)
        self._last_near: Floats | None = None
        self._stayed = np.zeros(len(self._x), np.int64)

    def forget(self) -> None:
        """A new shot begins: its camera does not go on as the last one's, it is expected at rest."""
        self._last, self._last_near = np.zeros(4), None
        self._stayed[:] = 0

    def flow(self, previous: Luma, current: Luma) -> NDArray[np.float32]:
        """Dense optical flow [h, w, 2] from one frame [h, w] to another, pixels; 0 in tiny ones."""
        if min(current.shape) < SMALLEST_SIDE:
            return np.zeros((*current.shape, 2), np.float32)
        return self._flow.calc(previous, current, None)  # pyrefly: ignore[no-matching-overload] None: it makes one

    def register(self, previous: Luma, current: Luma) -> Registration:
        """The motion of the background from `previous` to `current`, both [h, w]."""
        if min(current.shape) < SMALLEST_SIDE:
            flat = self.flow(previous, current)
            return Registration(
                np.eye(2, 3), np.eye(2, 3), None, Depth(), (0.0, 0.0), 0.0, 0.0, 0.0, 0.0, 0.0, flat
            )
        dense = self.flow(previous, current)
        u, v = dense[self._rows, self._columns].T.astype(np.float64, order="C")
        texture = self._texture(previous)
        support = float(texture.sum())
        if support < LEAST_SUPPORT:
            self.forget()
            return _at(self._last, support, dense)

        weight = self._capped(texture) * self._place
        overlaid = self._stayed >= OVERLAY_PAIRS
        if 0 < weight[overlaid].sum() < OVERLAY_MOST * weight.sum():
            weight[overlaid], texture[overlaid] = 0.0, 0.0
            support = max(float(texture.sum()), 1e-9)
        samples = FlowSamples.of(self._x, self._y, u, v, weight, width=self._width)
        start = best_similarity(samples, self._draws, self._last)
        if self._goes_on(samples, start):
            start = self._last
        first = refined(samples, start)
        beside = beside_pane(samples, texture, first)
        if beside is not None:
            texture = np.where(beside, texture, 0.0)
            support = float(texture.sum())
            samples = samples.weighted(np.where(beside, samples.weight, 0.0))
            first = refined(samples, np.zeros(4))
        far, near = self._layers(samples, first)
        self._last, self._last_near = far, near
        still = self._remember_stays(samples)
        residual, tolerance = samples.residual(far), samples.tolerance(far)
        inliers = float(texture[residual < tolerance].sum() / support)
        robust = samples.weight / (1 + (residual / tolerance) ** 2) ** 2
        if near is not None:
            # The affine would otherwise bend towards the near layer.
            robust = np.where(samples.residual(near) < residual, 0.0, robust)
        affine, misfit = self._affine(samples.weighted(robust), tolerance)
        return Registration(
            similarity=_matrix(far),
            affine=affine,
            near=None if near is None else _matrix(near),
            depth=depth_of(samples, far),
            orbit=orbit(samples) if inliers < ORBIT_INLIERS else (0.0, 0.0),
            misfit=misfit,
            inliers=inliers,
            texture=support / len(texture),
            still=still,
            support=support,
            flow=dense,
        )

    def _affine(self, samples: FlowSamples, tolerance: float) -> tuple[Floats, float]:
        """The affine [2, 3] of the background, and how far its flow strays from it (median, pixels)."""
        both = np.stack([samples.x, samples.y, np.ones_like(samples.x), samples.u, samples.v])
        design, flow = both[:3], both[3:]
        weight = samples.weight
        solution, strays, residual = np.zeros((3, 2)), flow, np.zeros_like(samples.x)
        for _ in range(3):
            products = (design * weight) @ both.T
            solution = np.linalg.solve(products[:, :3] + 1e-9 * np.eye(3), products[:, 3:])
            strays = flow - solution.T @ design
            residual = np.hypot(*strays)
            # Twice the tolerance lets in near and far ground, whose motions differ by parallax.
            weight = np.sqrt(samples.weight) / (1 + (residual / (2 * tolerance)) ** 2) ** 2
        affine = np.ascontiguousarray(solution.T) + np.eye(2, 3)
        background = residual < 2 * tolerance
        if not background.any():
            return affine, 2 * tolerance
        # Neighbours stray alike where the background is no plane, and each its own way in noise.
        mine = np.where(background, weight, 0.0)
        total = np.maximum(self._within(mine), 1e-9)
        right, down = (self._within(way * mine) / total for way in strays)
        return affine, median(np.hypot(right, down)[background])

    def support(self, luma: Luma) -> float:
        """Sum of the texture weights of a frame [h, w]: how much picture there is to measure on."""
        return float(self._texture(luma).sum()) if min(luma.shape) >= SMALLEST_SIDE else 0.0

    def _texture(self, luma: Luma) -> Floats:
        return texture_at(luma, self._rows, self._columns)

    def _capped(self, texture: Floats) -> Floats:
        """The weights up to the cap of each cell: a loud cloth counts no more than a faint wall."""
        total = np.bincount(self._cell, texture, self._cells)
        return texture * (CELL_CAP / np.maximum(total, CELL_CAP))[self._cell]

    def _goes_on(self, samples: FlowSamples, best: Floats) -> bool:
        """Whether the camera moves as before: then something large that passes is not the background."""
        agree, others = (
            samples.residual(motion) < samples.tolerance(motion) for motion in (self._last, best)
        )
        total = samples.weight.sum()
        share, best_share = samples.weight[agree].sum() / total, samples.weight[others].sum() / total
        if share <= CONSTANT_SHARE or share <= CONSTANT_RATIO * best_share:
            return False
        return self._spread(agree & (samples.weight > CONSTANT_WEIGHT))

    def _remember_stays(self, samples: FlowSamples) -> float:
        """Counts for how many pairs each place has stayed while the camera moved: logos and captions do.

        Returns the share of the weight that does in this pair.
        """
        expected = np.hypot(*moved(self._last, samples.x, samples.y))
        stays = np.hypot(samples.u, samples.v) < STILL
        self._stayed = np.where(expected > OVERLAY_MOVING, np.where(stays, self._stayed + 1, 0), self._stayed)
        return float(samples.weight[stays & (expected > MOVING)].sum() / max(samples.weight.sum(), 1e-9))

    def _spread(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether the chosen samples reach across most of the frame's width."""
        return int(np.count_nonzero(np.bincount(self._eighth[chosen]))) >= LEAST_COLUMNS

    def _together(self, weight: Floats, chosen: NDArray[np.bool_]) -> float:
        """How much of what lies around a chosen sample is chosen too, mean share 0 to 1: flow that errs lies
        here and there."""
        mine = np.where(chosen, weight, 0.0)
        share = self._around(mine) / np.maximum(self._around(weight), 1e-9)
        return float(share @ mine / mine.sum())

    def _around(self, values: Floats) -> Floats:
        """Sums [S] of values over each sample's eight neighbours."""
        return self._within(values) - values

    def _within(self, values: Floats) -> Floats:
        """The same with the sample itself."""
        grid = values.reshape(self._grid)
        sums = cv2.boxFilter(grid, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(sums, np.float64).ravel()

    def _layers(self, samples: FlowSamples, first: Floats) -> tuple[Floats, Floats | None]:
        """The motion of the far background, and that of a near layer if there is one.

        A second layer goes the same way as the first, at another speed, across most of the frame. An
        object hardly does all of that; ground, bushes or a fence before the camera do.
        """
        speed = np.hypot(first[2], first[3]) + np.hypot(first[0], first[1]) * self._width / 2
        if speed < LEAST_PARALLAX * self._width:
            return first, None
        outside = samples.residual(first) > LAYER_DISTANCE * samples.tolerance(first)
        others = samples.weighted(np.where(outside, samples.weight, 0.0))
        least = LEAST_LAYER * samples.weight.sum()
        if others.weight.sum() < least:
            return first, None
        guess = first if self._last_near is None else self._last_near
        second = refined(others, best_similarity(others, self._draws, guess))
        mine = outside & (others.residual(second) < samples.tolerance(second))
        if samples.weight[mine].sum() < least or not self._spread(mine):
            return first, None
        if self._together(samples.weight, mine) < LAYER_TOGETHER:
            return first, None
        first_flow = np.stack(moved(first, self._x, self._y))[:, mine]
        second_flow = np.stack(moved(second, self._x, self._y))[:, mine]
        first_power, second_power = (first_flow**2).sum(), (second_flow**2).sum()
        # Not parallel, or one of them at rest, which is no layer that passes before the other.
        if (first_flow * second_flow).sum() <= LAYER_PARALLEL * np.sqrt(first_power * second_power):
            return first, None
        if second_power >= first_power:
            return first, second
        # What holds still is laid over the picture, or too far away to tell how the camera moves.
        is_still = np.sqrt(second_power / np.count_nonzero(mine)) < LEAST_FAR
        return (first, None) if is_still else (second, first)


def texture_weight(luma: Luma) -> NDArray[np.float32]:
    """How far flow can be trusted, 0 to 1 for each pixel [h, w]: 0 on flat areas and along straight edges."""
    return np.asarray(_trusted(*_gradient_tensor(luma)), np.float32)


def texture_at(luma: Luma, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """The same at places [S] alone: the root over the whole frame costs more than its gradients."""
    return _trusted(*(term[rows, columns].astype(np.float64) for term in _gradient_tensor(luma)))


def _gradient_tensor(luma: Luma) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Means of the products of the gradients, xx, yy and xy [h, w], (luma per pixel)^2."""
    x = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=1 / 8)
    y = cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=1 / 8)
    window = (TEXTURE_WINDOW, TEXTURE_WINDOW)
    return cv2.blur(x * x, window), cv2.blur(y * y, window), cv2.blur(x * y, window)


def _trusted(xx: NDArray[Any], yy: NDArray[Any], xy: NDArray[Any]) -> NDArray[Any]:
    smaller = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    return smaller / (smaller + TEXTURE_HALF)


def to_corner_origin(matrix: Floats, height: int, width: int) -> Floats:
    """The transform [2, 3] as [3, 3] for pixel indices, not coordinates about the frame's centre."""
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shifted = np.vstack([matrix, [0.0, 0.0, 1.0]])
    shifted[:2, 2] += centre - matrix[:, :2] @ centre
    return shifted


def _at(similarity: Floats, support: float, flow: NDArray[np.float32]) -> Registration:
    """A pair of frames that does not show how the camera moves."""
    rest = _matrix(similarity)
    return Registration(rest, rest, None, Depth(), (0.0, 0.0), 0.0, 0.0, 0.0, 0.0, support, flow)


def _matrix(similarity: Floats) -> Floats:
    a, b, tx, ty = similarity
    return np.array([[1 + a, -b, tx], [b, 1 + a, ty]], dtype=np.float64)
