"""Two things whose pixels lie together, told apart by how they move.

Where one thing passes before another, or near it, their differences join into one group of pixels. Where
there is a gap between them see `separating`, before a texture that moves in place see `sifting`; else the
group's flow has two motions, each of which holds on one side of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.grouping import Group, majority, nested, pieces_of
from motionsight_core.measure.medians import medians
from motionsight_core.measure.separating import separated
from motionsight_core.measure.sifting import sifted
from motionsight_core.measure.ways import (
    MOST_AWAY,
    MOST_SAMPLES,
    STEPS,
    Step,
    away_from,
    away_from_similarity,
    ways_of,
)

Floats = NDArray[np.float64]

#: The parts of a group are divided once more: three things are two and one.
TIMES = 2
#: What belongs to a motion differs from it by less than this, pixels, or this share of it ...
RADIUS, RADIUS_SHARE = 0.6, 0.12
#: ... what is farther than so many radii belongs to another ...
OUTSIDE = 1.4
#: ... and so many contain most of what either motion explains.
WITHIN, LEAST_EXPLAINED = 1.5, 0.6
#: Two motions are farther apart than this, pixels, and this share of the larger; what hardly moves is the
#: blurred edge of the ground, and no thing.
LEAST_APART, APART_SHARE = 1.0, 0.2
LEAST_MOTION = 1.0
#: What turns or comes nearer has one similarity: two motions must leave less than this share of what that
#: leaves unexplained.
MUCH_BETTER = 0.7
#: Least pixels of a part, share of the group and of the frame.
LEAST_SHARE, LEAST_MASS = 0.15, 0.002
#: Side of the square in which pixels decide together to which part they belong, and gap in a part, pixels.
TOGETHER, GAP = 9, 3
#: Share of a part that lies together, and most that two parts may have of the smaller one's box in common: an
#: arm moves before its body.
LEAST_COMPACT, MOST_NESTED = 0.75, 0.8
#: Flow is blurred so far that the edge of what is fast may seem to move otherwise, pixels: a part is thicker.
THIN = 14


def divided(groups: Sequence[Group], steps: Sequence[Step]) -> list[Group]:
    """The groups of a frame, those of several things in as many parts.

    Args:
        groups: of one frame.
        steps: from that frame to the next, and on from there; without any, no group is divided.
    """
    if not steps:
        return list(groups)
    steps = steps[:STEPS]
    return [
        part
        for group in groups
        for piece in sifted(group, steps)
        for thing in separated(piece, steps)
        for part in _divided(thing, steps, TIMES)
    ]


def _divided(group: Group, steps: Sequence[Step], times: int) -> list[Group]:
    parts = _parts(group, steps)
    if len(parts) < 2 or times < 2:
        return parts
    return [smaller for part in parts for smaller in _divided(part, steps, times - 1)]


def _parts(group: Group, steps: Sequence[Step]) -> list[Group]:
    least = LEAST_MASS * steps[0][0].shape[0] * steps[0][0].shape[1]
    if len(group.rows) < 2 * least:
        return [group]
    chosen = slice(None, None, max(1, len(group.rows) // MOST_SAMPLES))
    rows, columns = group.rows[chosen], group.columns[chosen]
    motions = _two_motions(rows, columns, ways_of(rows, columns, steps))
    if motions is None:
        return [group]
    return _sides(group, ways_of(group.rows, group.columns, steps), motions, least)


def _two_motions(
    rows: NDArray[np.intp], columns: NDArray[np.intp], ways: Floats
) -> tuple[Floats, Floats] | None:
    """The two motions [2] that samples have; None where they have one, or none that explains them."""
    first = _usual(ways)
    from_first = away_from(ways, first)
    others = ways[from_first > OUTSIDE * _radius(first)]
    if len(others) < LEAST_SHARE * len(ways):
        return None
    second = _usual(others)
    lengths = [float(np.hypot(*motion)) for motion in (first, second)]
    apart = float(np.hypot(*(first - second)))
    if min(lengths) < LEAST_MOTION or apart < max(LEAST_APART, APART_SHARE * max(lengths)):
        return None
    away = from_first, away_from(ways, second)
    explained = (away[0] < WITHIN * _radius(first)) | (away[1] < WITHIN * _radius(second))
    if np.count_nonzero(explained) / len(ways) < LEAST_EXPLAINED:
        return None
    # Of two motions, one at least is away from the median by half of what they are apart.
    if np.count_nonzero(away_from(ways, medians(ways)) > LEAST_APART / 2) / len(ways) < LEAST_SHARE:
        return None
    by_two, by_one = np.minimum(*away), away_from_similarity(rows, columns, ways)
    left_by_two, left_by_one = (float(np.minimum(one, MOST_AWAY).mean()) for one in (by_two, by_one))
    return (first, second) if left_by_two < MUCH_BETTER * left_by_one else None


def _sides(group: Group, ways: Floats, motions: tuple[Floats, Floats], least: float) -> list[Group]:
    """The parts of a group that have either motion, each in one place; the group where these are no two."""
    first, second = (away_from(ways, motion) for motion in motions)
    rows, columns = group.rows, group.columns
    is_second = majority(rows, columns, second < first, side=TOGETHER)
    parts: list[Group] = []
    for mine in (~is_second, is_second):
        of_part = np.flatnonzero(mine)
        if len(of_part) < LEAST_SHARE * len(mine):
            return [group]
        places = pieces_of(rows[mine], columns[mine], side=2 * GAP + 1)
        largest = of_part[places == np.bincount(places).argmax()]
        if len(largest) < max(least, LEAST_COMPACT * len(of_part)):
            return [group]
        if min(np.ptp(np.percentile(side[largest], (5, 95))) for side in (rows, columns)) < THIN:
            return [group]
        parts.append(group.part(largest))
    return parts if nested(*parts) <= MOST_NESTED else [group]


def _radius(motion: Floats) -> float:
    return max(RADIUS, RADIUS_SHARE * float(np.hypot(*motion)))


def _usual(ways: Floats) -> Floats:
    """The motion [2] that most of the samples have."""
    places = np.rint(ways).astype(np.intp)
    places -= places.min(axis=0)
    rows, columns = (int(side) + 1 for side in places.max(axis=0))
    if rows * columns > len(ways) ** 2:
        return medians(ways)  # strewn so far that no cell stands out
    cells = places[:, 0] * columns + places[:, 1]
    counts = np.bincount(cells, minlength=rows * columns)
    around = cv2.boxFilter(
        counts.reshape(rows, columns).astype(np.float32),
        -1,
        (3, 3),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    row, column = divmod(int(np.argmax(around)), columns)
    is_best = np.zeros((rows, columns), np.bool_)
    is_best[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
    mine = is_best.ravel()[cells]
    motion = ways[mine].sum(axis=0) / np.count_nonzero(mine)
    near = away_from(ways, motion) < _radius(motion)
    return ways[near].sum(axis=0) / np.count_nonzero(near) if near.any() else motion
