"""What drifts over ground seen from above: there the flow says more than differences of pixels.

Ground that recedes moves by no affine, so that differences would show all of it; but its flow is smooth. A
polynomial fitted to the flow leaves what moves over the ground, such as a train in a plain.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import texture_at, texture_weight
from motionsight_core.measure.grouping import Group, groups_of
from motionsight_core.measure.medians import median

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: Distance of the samples of the flow, and what is left out at the edges, pixels.
STEP, EDGE = 8, 4
#: Side of the coarse pixels on which the ground's flow is worked out.
COARSE = 4
#: Fits, each without what departs in the one before, and the departure that counts half, pixels.
FITS, HALF = 4, 0.25
#: The ground is smooth if so little of the flow departs by more than SMOOTH pixels.
SMOOTH, MOST_DEPARTING = 0.5, 0.15
#: Departure of what drifts: pixels, and times that of the ground.
LEAST_DEPARTURE, TIMES = 0.8, 5.0
#: Texture of the softened frame from which on flow is believed; see `texture_weight`.
LEAST_TEXTURE = 0.1


def drifting_groups(flow: NDArray[np.float32], luma: Luma, *, least: float) -> list[Group]:
    """The groups of pixels that drift over the ground; none where the ground is not smooth.

    Args:
        flow: [h, w, 2] to a neighbouring frame, pixels.
        luma: [h, w].
        least: pixels of a group, share of the frame.
    """
    height, width = luma.shape
    rows, columns, sampled_terms, terms = _grids(height, width)
    weight = texture_at(luma, rows, columns)
    fitted, departure = _fitted(sampled_terms, flow[rows, columns].astype(np.float64), weight)
    if weight.sum() <= 0 or weight[departure > SMOOTH].sum() > MOST_DEPARTING * weight.sum():
        return []
    told = departure[weight > LEAST_TEXTURE]
    usual = median(told) if len(told) else 0.0
    threshold = max(LEAST_DEPARTURE, TIMES * usual)
    ground = cv2.resize((terms @ fitted).reshape(*_coarse(height, width), 2), (width, height))
    departing = cv2.magnitude(flow[..., 0] - ground[..., 0], flow[..., 1] - ground[..., 1])
    away = np.asarray(departing, np.float32)
    mask = (away > threshold).astype(np.uint8)
    if not mask.any():
        return []
    mask &= (texture_weight(luma) > LEAST_TEXTURE).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    return groups_of(mask, away / threshold, least=least)


@lru_cache(maxsize=4)
def _grids(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
    """Rows and columns of a frame's samples [S], their terms [S, 8], and those of a coarse picture of it."""
    grid = np.meshgrid(
        np.arange(EDGE, height - EDGE, STEP), np.arange(EDGE, width - EDGE, STEP), indexing="ij"
    )
    rows, columns = (side.ravel() for side in grid)
    # The ground is so smooth that it is known between coarse pixels as well.
    coarse = _coarse(height, width)
    places = [
        (np.arange(count) + 0.5) * side / count - 0.5
        for count, side in zip(coarse, (height, width), strict=True)
    ]
    y, x = (side.ravel() for side in np.meshgrid(*places, indexing="ij"))
    return rows, columns, _terms(columns, rows, width, height), _terms(x, y, width, height)


def _coarse(height: int, width: int) -> tuple[int, int]:
    return -(-height // COARSE), -(-width // COARSE)


def _terms(x: NDArray[Any], y: NDArray[Any], width: int, height: int) -> Floats:
    """The terms of the polynomial at pixels [N, 8]."""
    across, down = (x - width / 2) / width, (y - height / 2) / width
    ones = np.ones(len(across))
    return np.stack(
        [ones, across, down, across**2, across * down, down**2, down**3, across * down**2], axis=1
    )


def _fitted(terms: Floats, flow: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Coefficients [8, 2], and how far each sample departs [N], pixels."""
    robust, coefficients, departure = weight, np.zeros((terms.shape[1], 2)), np.zeros(len(weight))
    for _ in range(FITS):
        weighted = terms * robust[:, None]
        normal = terms.T @ weighted + 1e-6 * np.eye(terms.shape[1])
        coefficients = np.linalg.solve(normal, weighted.T @ flow)
        departure = np.hypot(*(flow - terms @ coefficients).T)
        robust = weight / (1 + (departure / HALF) ** 2) ** 2
    return np.asarray(coefficients, np.float64), np.asarray(departure, np.float64)
