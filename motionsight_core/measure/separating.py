"""Several things in one group of pixels that lie apart from each other, told by how they move.

Groups take together what lies within a gap that the parts of one thing may have between them, such as the
wheels of a car whose body shows no difference. Two things may lie as near. Where pieces that lie apart move
in different ways, and not as what turns or comes nearer does, they are things by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.grouping import Group, nested, pieces_of
from motionsight_core.measure.medians import median, medians
from motionsight_core.measure.ways import (
    MOST_AWAY,
    MOST_SAMPLES,
    Step,
    away_from,
    away_from_similarity,
    ways_of,
)

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

#: Pixels that lie within this square belong to one piece, pixels.
PIECE = 3
#: Least pixels of a piece that is a thing by itself, share of the group and of the frame. Smaller ones go
#: with the piece that is nearest.
LEAST_SHARE, LEAST_MASS = 0.1, 0.001
#: Two motions are farther apart than this, pixels, than this share of the larger, and than so many times
#: what the pixels of either differ from it (median), of which flow alone makes some pixels.
LEAST_APART, APART_SHARE, APART_SPREADS, FLOW_SPREAD = 1.2, 0.28, 1.3, 0.1
#: What moves less is the blurred edge of the ground, and no thing, pixels.
LEAST_MOTION = 1.0
#: What turns or comes nearer has one similarity: two motions leave less than this share of what that leaves
#: unexplained.
BETTER = 0.95
#: Most that two pieces may have of the smaller one's box in common: an arm moves before its body.
MOST_NESTED = 0.1


def separated(group: Group, steps: Sequence[Step]) -> list[Group]:
    """The things of which a group is; the group where it is one.

    Args:
        group: of one frame.
        steps: from that frame to the next, and on from there; at least one.
    """
    height, width = steps[0][0].shape[:2]
    least = max(LEAST_MASS * height * width, LEAST_SHARE * len(group.rows))
    if len(group.rows) < 2 * least:
        return [group]
    piece_of = pieces_of(group.rows, group.columns, side=PIECE)
    masses = np.bincount(piece_of)
    large = [piece for piece in np.argsort(-masses, kind="stable") if masses[piece] >= least]
    if len(large) < 2:
        return [group]
    ways = ways_of(group.rows, group.columns, steps)
    things: list[Places] = []
    thing_of = np.full(len(masses), -1)
    for piece in large:
        mine = np.flatnonzero(piece_of == piece)
        host = next(
            (number for number, thing in enumerate(things) if not _are_two(group, ways, thing, mine)),
            len(things),
        )
        if host == len(things):
            things.append(mine)
        else:
            things[host] = np.concatenate([things[host], mine])
        thing_of[piece] = host
    if len(things) < 2:
        return [group]
    for piece in np.flatnonzero(thing_of < 0):
        thing_of[piece] = _nearest(group, things, np.flatnonzero(piece_of == piece))
    owner = thing_of[piece_of]
    return [group.part(owner == thing) for thing in range(len(things))]


def _are_two(group: Group, ways: Floats, one: Places, other: Places) -> bool:
    """Whether two sets of a group's pixels move in different ways, as no single thing does."""
    motions = medians(ways[one]), medians(ways[other])
    lengths = [float(np.hypot(*motion)) for motion in motions]
    apart = float(np.hypot(*(motions[0] - motions[1])))
    if min(lengths) < LEAST_MOTION or apart < max(LEAST_APART, APART_SHARE * max(lengths)):
        return False
    away = away_from(ways[one], motions[0]), away_from(ways[other], motions[1])
    if apart < APART_SPREADS * (median(away[0]) + median(away[1]) + FLOW_SPREAD):
        return False
    if nested(group.part(one), group.part(other)) > MOST_NESTED:
        return False
    both = np.concatenate([one, other])
    chosen = slice(None, None, max(1, len(both) // MOST_SAMPLES))
    left_by_two = np.minimum(np.concatenate(away)[chosen], MOST_AWAY).mean()
    both = both[chosen]
    by_one = away_from_similarity(group.rows[both], group.columns[both], ways[both])
    return bool(left_by_two <= BETTER * np.minimum(by_one, MOST_AWAY).mean())


def _nearest(group: Group, things: Sequence[Places], piece: Places) -> int:
    """The number of the thing of which a pixel lies nearest to the middle of a piece."""
    row, column = group.rows[piece].mean(), group.columns[piece].mean()
    away = [np.hypot(group.rows[thing] - row, group.columns[thing] - column).min() for thing in things]
    return int(np.argmin(away))
