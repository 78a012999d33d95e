"""Trails of one thing that became several: one that broke off and went on, or parts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from motionsight_core.measure.corners import share_inside
from motionsight_core.measure.parting import parted
from motionsight_core.measure.tracks import WORST_COST, match_costs
from motionsight_core.measure.trails import Trail

#: A track that ended may go on in one that begins near within this time, seconds.
STITCH_S = 1.5
#: Share of its time for which a part is there together with the whole ...
TOGETHER = 0.6
#: ... and of that time in which more than half of it lies inside.
PART_SHARE = 0.7
#: Way of its middle through the whole, sizes of the whole, from which on it only passes before it ...
PASSING = 0.6
#: ... or less, if that is so many of its own sizes: a boat on the waves, which are one region as wide as the
#: frame.
OWN_SIZES, LEAST_PASSING = 1.5, 0.15


def joined(trails: Sequence[Trail]) -> list[Trail]:
    """The trails with what belongs together joined; those that are given stay as they are."""
    whole = _stitched(trails)
    parted(whole)
    return _without_parts(whole)


def _stitched(trails: Sequence[Trail]) -> list[Trail]:
    """Joins a track that ended to one that begins where it was heading."""
    result: list[Trail] = []
    for trail in sorted(trails, key=lambda trail: trail.times[0]):
        best: Trail | None = None
        best_cost = WORST_COST
        for earlier in result:
            gap = trail.times[0] - earlier.times[-1]
            if earlier.shot != trail.shot or not 0 < gap <= STITCH_S:
                continue
            cost = float(match_costs(earlier.predicted(trail.times[0])[None], [trail.boxes[0]])[0, 0])
            if cost < best_cost:
                best, best_cost = earlier, cost
        if best is None:
            result.append(_copied(trail))
        else:
            best.extend(trail)
    return result


def _copied(trail: Trail) -> Trail:
    return Trail(
        trail.shot,
        list(trail.times),
        list(trail.boxes),
        list(trail.regions),
        list(trail.frames),
        list(trail.layered),
    )


def _without_parts(trails: Sequence[Trail]) -> list[Trail]:
    """Takes tracks together that run inside or along each other: parts of one object."""
    kept: list[Trail] = []
    for trail in sorted(trails, key=lambda trail: -trail.mass):
        host = next((other for other in kept if _is_part(trail, other)), None)
        if host is None:
            kept.append(trail)
        else:
            _absorb(host, trail)
    return kept


def _is_part(part: Trail, host: Trail) -> bool:
    at = dict(zip(host.times, host.boxes, strict=True))
    common = [(box, at[t_s]) for t_s, box in zip(part.times, part.boxes, strict=True) if t_s in at]
    if len(common) < TOGETHER * len(part.times):
        return False
    if float(np.mean([share_inside(box, other) > 0.5 for box, other in common])) < PART_SHARE:
        return False
    mine, others = (np.array(boxes) for boxes in zip(*common, strict=True))
    sizes = np.median(others[:, 2:] - others[:, :2], axis=0)
    offsets = (mine[:, :2] + mine[:, 2:] - others[:, :2] - others[:, 2:]) / 2 / sizes
    ends = np.array_split(offsets, min(3, len(offsets)))
    way = np.abs(np.median(ends[-1], axis=0) - np.median(ends[0], axis=0))
    own = np.median(mine[:, 2:] - mine[:, :2], axis=0) / sizes
    passing = np.clip(OWN_SIZES * own, LEAST_PASSING, PASSING)
    return bool((way < passing).all())


def _absorb(host: Trail, part: Trail) -> None:
    at = {t_s: index for index, t_s in enumerate(host.times)}
    for t_s, box, region in zip(part.times, part.boxes, part.regions, strict=True):
        index = at.get(t_s)
        if index is None:
            continue
        mine = host.boxes[index]
        host.boxes[index] = (
            min(mine[0], box[0]),
            min(mine[1], box[1]),
            max(mine[2], box[2]),
            max(mine[3], box[3]),
        )
        whole = host.regions[index]
        if whole is not None and region is not None:
            host.regions[index] = replace(whole, mass=whole.mass + region.mass)
