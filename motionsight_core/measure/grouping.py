"""From pixels that differ to the regions of one frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.medians import median, medians

Luma = NDArray[np.uint8]

#: A difference must exceed this many deviations of the frame's own noise.
NOISE_DEVIATIONS = 4.0
#: Median of |x| over the deviation of x, for normal noise.
MEDIAN_TO_DEVIATION = 0.6745
#: Least moving pixels among a pixel's 3x3 neighbourhood: single ones are noise.
NEIGHBOURS = 4
#: Deviation of luma of a picture of usual contrast, levels of 255, and the least share of it that is told.
USUAL_DEVIATION = 25.0
LEAST_CONTRAST = 0.4
#: Gap between two parts of one object, in widths of the frame, across and (people are tall) upwards.
GAP_X = 0.028
GAP_Y = 0.040
#: Between two groups of one thing lies no more than this, widths of the frame; what lies there goes along
#: with both, within this share of their way against the background, which is longer than this, pixels.
MOST_BETWEEN = 0.2
ALONG = 0.25
CLEARLY_MOVING = 1.5
#: Regions that are kept of one frame, the largest first.
MOST_REGIONS = 32


@dataclass(frozen=True, slots=True)
class Group:
    """Pixels of one frame that differ and lie together."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    strength: float
    """Mean difference over the threshold, 1 at the threshold."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in pixels."""
        (x0, x1), (y0, y1) = ((int(side.min()), int(side.max()) + 1) for side in (self.columns, self.rows))
        return x0, y0, x1, y1


def moving_groups(
    current: Luma, difference: Luma, *, threshold: float, error: float, least: float
) -> list[Group]:
    """The groups of one frame, the one with most moving pixels first.

    Args:
        current: luma [h, w], lightly blurred like the difference's sources.
        difference: how far each pixel [h, w] differs from the frames before and after.
        threshold: least difference of a moving pixel, of 255.
        error: how far an edge of the background may lie from where it is expected, pixels.
        least: pixels of a group, share of the frame.
    """
    tolerance = _tolerance(current, difference, threshold, error)
    mask = (difference > tolerance).view(np.uint8)
    count = cv2.boxFilter(mask, -1, (3, 3), normalize=False)
    mask &= (count >= NEIGHBOURS).astype(np.uint8)
    if not mask.any():
        return []
    return groups_of(mask, difference / tolerance, least=least)


def _tolerance(current: Luma, difference: Luma, threshold: float, error: float) -> NDArray[np.float32]:
    """The difference [h, w] that a pixel of the background may show."""
    noise = median(difference[::3, ::3]) / MEDIAN_TO_DEVIATION
    gradient = cv2.morphologyEx(current, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    # The morphological gradient spans two pixels.
    return gradient.astype(np.float32) * np.float32(error / 2) + np.float32(
        max(threshold * _contrast(current), NOISE_DEVIATIONS * noise)
    )


def _contrast(current: Luma) -> float:
    """Of a frame, 1 where it is as usual, less in haze: there a smaller difference is one."""
    deviation = float(cv2.meanStdDev(np.ascontiguousarray(current[::4, ::4]))[1][0, 0])
    return min(max(deviation / USUAL_DEVIATION, LEAST_CONTRAST), 1.0)


def groups_of(mask: NDArray[np.uint8], strength: NDArray[np.floating], *, least: float) -> list[Group]:
    """The groups of a mask [h, w] with at least a share of the frame's pixels, the largest first.

    Args:
        mask: 1 where something moves.
        strength: of the motion [h, w], 1 at the threshold.
        least: pixels of a group, share of the frame.
    """
    height, width = mask.shape
    kernel = np.ones((2 * round(GAP_Y * width / 2) + 1, 2 * round(GAP_X * width / 2) + 1), np.uint8)
    joined = cv2.dilate(mask, kernel)
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    if count <= 1:
        return []
    # NumPy finds what is not zero many times faster in one dimension.
    rows, columns = np.divmod(np.flatnonzero(mask.view(np.bool_)), width)
    owner = labels[rows, columns]
    masses = np.bincount(owner, minlength=count)
    sums = np.bincount(owner, weights=strength[rows, columns], minlength=count)
    groups = []
    for label in np.argsort(-masses, kind="stable")[:MOST_REGIONS]:
        if masses[label] < max(1.0, least * height * width):
            break
        mine = owner == label
        groups.append(Group(rows[mine], columns[mine], float(sums[label] / masses[label])))
    return groups


def of_one_thing(groups: list[Group], flow: NDArray[np.float32], passing: NDArray[np.float64]) -> list[Group]:
    """The groups, those taken together between which everything goes along with both: the wheels of a bus.

    Args:
        groups: of one frame.
        flow: [h, w, 2] to a neighbouring frame, pixels.
        passing: how the background moves there, affine [3, 3] in pixel indices.
    """
    kept: list[_Flowing] = []
    for group in groups:
        mine = _Flowing.of(group, flow)
        host = next((number for number, one in enumerate(kept) if _are_one(one, mine, flow, passing)), None)
        if host is None:
            kept.append(mine)
        else:
            kept[host] = _Flowing.of(_together(kept[host].group, group), flow)
    return [one.group for one in kept]


@dataclass(frozen=True, slots=True)
class _Flowing:
    """A group and how it moves."""

    group: Group
    flow: NDArray[np.floating]
    """Its median flow [2], pixels."""

    @classmethod
    def of(cls, group: Group, flow: NDArray[np.float32]) -> _Flowing:
        return cls(group, medians(flow[group.rows, group.columns]))


def _together(one: Group, other: Group) -> Group:
    total = len(one.rows) + len(other.rows)
    return Group(
        np.concatenate([one.rows, other.rows]),
        np.concatenate([one.columns, other.columns]),
        (len(one.rows) * one.strength + len(other.rows) * other.strength) / total,
    )


def _are_one(one: _Flowing, other: _Flowing, flow: NDArray[np.float32], passing: NDArray[np.float64]) -> bool:
    left, right = _gap(one.group.columns, other.group.columns)
    top, bottom = _gap(one.group.rows, other.group.rows)
    if max(bottom - top, right - left) > MOST_BETWEEN * flow.shape[1]:
        return False
    between = medians(flow[top : bottom + 1, left : right + 1].reshape(-1, 2))
    middle = np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
    against = float(np.hypot(*(one.flow - (passing @ middle - middle)[:2])))
    apart = max(float(np.hypot(*(one.flow - others))) for others in (other.flow, between))
    return against > CLEARLY_MOVING and apart < ALONG * against


def _gap(one: NDArray[np.intp], other: NDArray[np.intp]) -> tuple[int, int]:
    """From where to where one thing and another lie apart along an axis, or lie beside each other."""
    first = max(int(one.min()), int(other.min()))
    last = min(int(one.max()), int(other.max()))
    return min(first, last), max(first, last)
