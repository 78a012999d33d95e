"""What gets on before a texture that moves in place: a boat on water, somebody who passes before leaves.

Such a texture differs from frame to frame in pixels that are strewn over a large part of the frame, and makes
one group with what passes before it. The texture moves to and fro; what clearly gets on is a thing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import area
from motionsight_core.measure.grouping import Group, majority, pieces_of
from motionsight_core.measure.ways import Step, ways_of

Floats = NDArray[np.float64]

#: Box of a group in which things are looked for, share of the frame.
LEAST_AREA = 0.2
#: What gets on by more than this does so clearly, pixels.
CLEARLY = 3.0
#: Side of the square in which pixels decide together whether they do, and of that in which those of one piece
#: touch, pixels.
TOGETHER, PIECE = 5, 7
#: Least pixels of a piece, share of the frame, and how much of their motion they have in common.
LEAST_MASS, LEAST_COMMON = 0.001, 0.8
#: The texture is most of the group, and strewn over its box, of which less than this share differs; ...
LEAST_TEXTURE, STREWN = 0.5, 0.4
#: ... its pixels have less than this share of their motion in common, unlike a body whose arm moves; ...
TO_AND_FRO = 0.3
#: ... and the group's box is so many times as large as those of the pieces.
LARGER = 1.5


def sifted(group: Group, steps: Sequence[Step]) -> list[Group]:
    """The pieces of a group that get on, and the texture that does not; the group where these are not there.

    Args:
        group: of one frame.
        steps: from that frame to the next, and on from there; at least one.
    """
    height, width = steps[0][0].shape[:2]
    if area(group.box) < LEAST_AREA * height * width:
        return [group]
    ways = ways_of(group.rows, group.columns, steps)
    lengths = np.hypot(ways[:, 0], ways[:, 1])
    moving = np.flatnonzero(majority(group.rows, group.columns, lengths > CLEARLY, side=TOGETHER))
    least = LEAST_MASS * height * width
    if not least <= len(moving) <= (1 - LEAST_TEXTURE) * len(lengths):
        return [group]
    piece_of = pieces_of(group.rows[moving], group.columns[moving], side=PIECE)
    pieces = [moving[piece_of == piece] for piece in np.flatnonzero(np.bincount(piece_of) >= least)]
    pieces = [mine for mine in pieces if _common(ways[mine], lengths[mine]) > LEAST_COMMON]
    if not pieces:
        return [group]
    rest = np.delete(np.arange(len(lengths)), np.concatenate(pieces))
    *things, texture = map(group.part, (*pieces, rest))
    is_texture = (
        len(rest) < STREWN * area(texture.box)
        and _common(ways[rest], lengths[rest]) < TO_AND_FRO
        and area(group.box) > LARGER * sum(area(thing.box) for thing in things)
    )
    return [*things, texture] if is_texture else [group]


def _common(ways: Floats, lengths: Floats) -> float:
    """Length of the mean way over the mean of the lengths, 0 to 1."""
    return float(np.hypot(*ways.mean(axis=0)) / lengths.mean())
