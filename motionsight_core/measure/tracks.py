"""Moving regions followed through time, online: what is kept grows with the tracks, not the frames.

Regions are assigned to tracks by where these are heading. Where two things meet their regions are one, and
where a thing rests it has none: then it is found again by what it looked like before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from motionsight_core.measure.corners import Corners, iou, share_inside
from motionsight_core.measure.likeness import found_again, picture_of
from motionsight_core.measure.regions import Region, Seen
from motionsight_core.measure.trails import Trail

Floats = NDArray[np.float64]

#: A track without a region for longer than this ends, seconds ...
PATIENCE_S = 0.5
#: ... and one that is found again by its picture, at rest or before another, after this.
REST_S = 2.0
#: Cost of a match that is worse than none: boxes that lie apart by more than their own size.
WORST_COST = 1.2
#: Cost of a match of a track that has just begun within an older one: where a region was two for a moment,
#: the older one goes on.
DOUBT_COST = 0.4
#: Boxes of a track that may be told from another in a region that both share.
ESTABLISHED = 4
#: Share of a track's box that lies in a region which it shares with others.
SHARED = 0.6
#: A region that fits the box of its track worse than this is not its alone, IoU.
ALONE = 0.55
#: Finished tracks kept while more may come; the least prominent ones go.
KEPT = 256


class RegionTracker:
    """Links the regions of frame after frame into trails."""

    def __init__(self, fps: float) -> None:
        self._frame_s = 1.0 / fps
        self._shot = 0
        self._frame = 0
        self._open: list[Trail] = []
        self._done: list[Trail] = []
        self._dropped = 0
        self._most_open = 0

    def push(self, seen: Seen) -> None:
        """The regions of the next frame."""
        self._frame += 1
        lost = [trail for trail in self._open if self._is_lost(trail, seen.t_s)]
        alive = [trail for trail in self._open if trail not in lost]
        self._finish(lost)
        predicted = [trail.predicted(seen.t_s) for trail in alive]
        owners = _assigned(predicted, self._doubtful(alive, predicted), seen.regions)
        shared = self._shared(alive, predicted, owners, seen.regions)
        for row, trail in enumerate(alive):
            region = seen.regions[owners[row]] if row in owners and row not in shared else None
            box: Corners | None = None if region is None else region.box
            if region is not None:
                trail.picture = picture_of(seen.luma, region.box)
            elif trail.picture is not None and len(trail.seen) >= ESTABLISHED:
                box = found_again(trail.picture, seen.luma, predicted[row], trail.boxes[-1])
            if box is not None:
                trail.add(self._frame, seen.t_s, box, region, layered=seen.layered)
        taken = set(owners.values())
        for index, region in enumerate(seen.regions):
            if index not in taken:
                trail = Trail(self._shot, picture=picture_of(seen.luma, region.box))
                trail.add(self._frame, seen.t_s, region.box, region, layered=seen.layered)
                alive.append(trail)
        self._open = alive
        self._most_open = max(self._most_open, sum(trail.is_track(self._frame_s) for trail in alive))

    def cut(self) -> None:
        """A new shot: nothing goes on."""
        self._finish(self._open)
        self._open = []
        self._shot += 1

    def trails(self) -> list[Trail]:
        """What was followed long enough to be a track."""
        self._finish(self._open)
        self._open = []
        return self._done

    @property
    def dropped(self) -> int:
        """Tracks that were not kept."""
        return self._dropped

    @property
    def most_at_once(self) -> int:
        """Most tracks that were followed at one moment, including those that were not kept."""
        return self._most_open

    def _is_lost(self, trail: Trail, t_s: float) -> bool:
        seen_s = next(
            time for time, region in zip(trail.times[::-1], trail.regions[::-1], strict=True) if region
        )
        return t_s - trail.times[-1] > PATIENCE_S + 1e-6 or t_s - seen_s > REST_S + 1e-6

    def _doubtful(self, alive: Sequence[Trail], predicted: Sequence[Floats]) -> NDArray[np.bool_]:
        """Which trails have just begun within an older one, and may be a part of it."""
        older = [box for box, trail in zip(predicted, alive, strict=True) if len(trail.seen) >= ESTABLISHED]
        return np.array(
            [
                len(trail.seen) < ESTABLISHED and any(share_inside(box, other) >= SHARED for other in older)
                for box, trail in zip(predicted, alive, strict=True)
            ],
            np.bool_,
        )

    def _shared(
        self,
        alive: Sequence[Trail],
        predicted: Sequence[Floats],
        owners: dict[int, int],
        regions: Sequence[Region],
    ) -> set[int]:
        """The trails whose region is not theirs alone, so that it does not say where they are."""
        result: set[int] = set()
        for row, index in owners.items():
            box = regions[index].box
            inside = [
                other
                for other, trail in enumerate(alive)
                if len(trail.seen) >= ESTABLISHED and share_inside(predicted[other], box) >= SHARED
            ]
            if row in inside and len(inside) > 1 and iou(predicted[row], box) < ALONE:
                result.add(row)
        return result

    def _finish(self, trails: Sequence[Trail]) -> None:
        for trail in trails:
            trail.end_where_seen()
            trail.picture = None
        self._done += [trail for trail in trails if trail.is_track(self._frame_s)]
        if len(self._done) > 2 * KEPT:
            self._dropped += len(self._done) - KEPT
            self._done = sorted(self._done, key=lambda trail: -trail.mass)[:KEPT]


def _assigned(
    predicted: Sequence[Floats], doubtful: NDArray[np.bool_], regions: Sequence[Region]
) -> dict[int, int]:
    """The region of each trail that has one, by their numbers."""
    if not predicted or not regions:
        return {}
    cost = match_costs(np.stack(predicted), [region.box for region in regions])
    cost += np.where(doubtful, DOUBT_COST, 0.0)[:, None]
    rows, columns = linear_sum_assignment(np.minimum(cost, WORST_COST))
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if cost[row, column] < WORST_COST
    }


def match_costs(predicted: Floats, boxes: Sequence[Corners]) -> Floats:
    """[T, R]: distance of the centres over the mean size, plus unlikeness of size, less overlap.

    Args:
        predicted: boxes [T, 4].
        boxes: R of them.
    """
    others = np.array(boxes)
    centre_a = (predicted[:, None, :2] + predicted[:, None, 2:]) / 2
    centre_b = (others[None, :, :2] + others[None, :, 2:]) / 2
    size_a = predicted[:, None, 2:] - predicted[:, None, :2]
    size_b = others[None, :, 2:] - others[None, :, :2]
    # A small thing may jump further than its size from frame to frame.
    scale = np.maximum((size_a + size_b) / 2, 0.06)
    distance = np.hypot(*np.moveaxis((centre_a - centre_b) / scale, -1, 0))
    unlike = np.abs(np.log(np.prod(size_a, -1) / np.prod(size_b, -1)))
    low = np.maximum(predicted[:, None, :2], others[None, :, :2])
    high = np.minimum(predicted[:, None, 2:], others[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), -1)
    iou = common / (np.prod(size_a, -1) + np.prod(size_b, -1) - common)
    return 0.6 * distance + 0.2 * unlike + 0.4 * (1 - iou)
