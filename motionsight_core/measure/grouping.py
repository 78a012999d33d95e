"""From pixels that differ to the regions of one frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import area, common_area
from motionsight_core.measure.medians import medians

#: Least moving pixels among a pixel's 3x3 neighbourhood: single ones are noise.
NEIGHBOURS = 4
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

    def part(self, mine: NDArray[np.intp] | NDArray[np.bool_]) -> Group:
        """Some of its pixels, by their numbers or one flag for each."""
        return Group(self.rows[mine], self.columns[mine], self.strength)


def moving_groups(strength: NDArray[np.float32], *, least: float) -> list[Group]:
    """The groups of one frame, the one with most moving pixels first.

    Args:
        strength: how far each pixel [h, w] differs from the frames before and after, over what one of the
            background may.
        least: pixels of a group, share of the frame.
    """
    mask = (strength > 1).view(np.uint8)
    count = cv2.boxFilter(mask, -1, (3, 3), normalize=False)
    mask &= (count >= NEIGHBOURS).astype(np.uint8)
    return groups_of(mask, strength, least=least) if mask.any() else []


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
    # NumPy finds single places, and what is not zero, many times faster in one dimension.
    places = np.flatnonzero(mask.view(np.bool_))
    rows, columns = np.divmod(places, width)
    owner = labels.ravel()[places]
    masses = np.bincount(owner, minlength=count)
    sums = np.bincount(owner, weights=strength.ravel()[places], minlength=count)
    groups = []
    for label in np.argsort(-masses, kind="stable")[:MOST_REGIONS]:
        if masses[label] < max(1.0, least * height * width):
            break
        mine = owner == label
        groups.append(Group(rows[mine], columns[mine], float(sums[label] / masses[label])))
    return groups


def pieces_of(rows: NDArray[np.intp], columns: NDArray[np.intp], *, side: int) -> NDArray[np.intp]:
    """Which piece each pixel [N] is of, from 0 on; pixels whose squares of `side` touch are of one piece."""
    top, left = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) - top + 1, int(columns.max()) - left + 1
    # NumPy finds single places many times faster in one dimension.
    places = (rows - top) * width + (columns - left)
    mask = np.zeros(height * width, np.uint8)
    mask[places] = 1
    joined = cv2.dilate(mask.reshape(height, width), np.ones((side, side), np.uint8))
    labels = cv2.connectedComponents(joined, connectivity=8)[1]
    return np.asarray(labels.ravel()[places], np.intp) - 1


def majority(
    rows: NDArray[np.intp], columns: NDArray[np.intp], chosen: NDArray[np.bool_], *, side: int
) -> NDArray[np.bool_]:
    """Of pixels [N], around which more were chosen than not, in squares of `side` pixels."""
    rows, columns = rows - rows.min(), columns - columns.min()
    votes = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), np.float32)
    votes[rows, columns] = np.where(chosen, 1.0, -1.0)
    votes = cv2.boxFilter(votes, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(votes[rows, columns] > 0)


def nested(one: Group, other: Group) -> float:
    """What the boxes of two groups have in common, share of the smaller one."""
    return common_area(one.box, other.box) / min(area(one.box), area(other.box))


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
