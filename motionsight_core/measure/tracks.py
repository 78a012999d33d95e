"""Moving regions followed through time, online: what is kept grows with the tracks, not the frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.optimize import linear_sum_assignment

from motionsight_core.measure.regions import Region
from motionsight_core.record import MOVING_REGION, Box, ObjectTrack

Floats = NDArray[np.float64]

#: A track without a region for longer than this ends, seconds.
PATIENCE_S = 0.5
#: A track that ended may go on in one that begins near within this time, seconds.
STITCH_S = 1.5
#: Cost of a match that is worse than none: boxes that lie apart by more than their own size.
WORST_COST = 1.2
#: Frames in which a region must have been seen to be a track.
LEAST_BOXES = 4
#: Share of a track's frames in which the region must have been seen: noise flickers.
LEAST_PRESENCE = 0.5
#: Parts whose boxes touch in this share of their common time are one object.
PART_SHARE = 0.7
#: Finished tracks kept while more may come; the least prominent ones go.
KEPT = 64
#: Tracks that are reported.
REPORTED = 8
#: Prominence below which a track is not reported, and the share of the first one's.
LEAST_SCORE = 0.05
LEAST_SHARE = 0.1


@dataclass(slots=True)
class Trail:
    """A track in the making; the four sides and the masses by frame."""

    shot: int
    times: list[float] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    masses: list[float] = field(default_factory=list)
    strengths: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    """Numbers of the boxes' frames among those that were measured."""

    def add(self, frame: int, t_s: float, region: Region) -> None:
        self.frames.append(frame)
        self.times.append(t_s)
        self.boxes.append(region.box)
        self.masses.append(region.mass)
        self.strengths.append(region.strength)

    def outside(self, spans: Sequence[tuple[float, float]]) -> Iterator[Trail]:
        """Its parts before, between and after spans of time [start, end]; each side is another shot."""
        if not spans:
            yield self
            return
        times = np.array(self.times)
        begins, ends = [-np.inf, *(end for _, end in spans)], [*(start for start, _ in spans), np.inf]
        for number, (low, high) in enumerate(zip(begins, ends, strict=True)):
            inside = np.flatnonzero((times > low) & (times < high)).tolist()
            if inside:
                first, last = inside[0], inside[-1] + 1
                yield Trail(
                    self.shot * (len(spans) + 1) + number,
                    self.times[first:last],
                    self.boxes[first:last],
                    self.masses[first:last],
                    self.strengths[first:last],
                    self.frames[first:last],
                )

    def predicted(self, t_s: float) -> Floats:
        """The box [4] at a later time, going on as in the last third of a second."""
        last = np.array(self.boxes[-1])
        back = next((k for k in range(len(self.times)) if self.times[-1] - self.times[k] <= 0.35), 0)
        span = self.times[-1] - self.times[back]
        if span <= 0:
            return last
        first = np.array(self.boxes[back])
        # Only the centre's velocity: sides jump when an arm moves.
        velocity = (last.reshape(2, 2).mean(0) - first.reshape(2, 2).mean(0)) / span
        return last + np.tile(velocity * (t_s - self.times[-1]), 2)


class RegionTracker:
    """Links the regions of frame after frame into tracks."""

    def __init__(self, fps: float) -> None:
        self._frame_s = 1.0 / fps
        self._shot = 0
        self._frame = 0
        self._open: list[Trail] = []
        self._done: list[Trail] = []

    def push(self, t_s: float, regions: Sequence[Region]) -> None:
        """The regions of the next frame."""
        self._frame += 1
        alive = [trail for trail in self._open if t_s - trail.times[-1] <= PATIENCE_S + 1e-6]
        self._finish([trail for trail in self._open if t_s - trail.times[-1] > PATIENCE_S + 1e-6])
        matched: set[int] = set()
        if alive and regions:
            cost = _costs(np.stack([trail.predicted(t_s) for trail in alive]), regions)
            for row, column in zip(*linear_sum_assignment(np.minimum(cost, WORST_COST)), strict=True):
                if cost[row, column] < WORST_COST:
                    alive[row].add(self._frame, t_s, regions[column])
                    matched.add(int(column))
        for index, region in enumerate(regions):
            if index not in matched:
                trail = Trail(self._shot)
                trail.add(self._frame, t_s, region)
                alive.append(trail)
        self._open = alive

    def cut(self) -> None:
        """A new shot: nothing goes on."""
        self._finish(self._open)
        self._open = []
        self._shot += 1

    def tracks(
        self, duration_s: float, dissolves: Sequence[tuple[float, float]] = ()
    ) -> tuple[ObjectTrack, ...]:
        """The tracks of the clip, the most prominent first; nothing is followed over or through a dissolve.

        Args:
            duration_s: of the clip.
            dissolves: spans [start, end] in order, source seconds.
        """
        trails = [*self._done, *(trail for trail in self._open if _is_track(trail, self._frame_s))]
        trails = [part for trail in trails for part in trail.outside(dissolves)]
        trails = _merged_parts(_stitched(trails))
        scored = [(_score(trail, duration_s), trail) for trail in trails if _is_track(trail, self._frame_s)]
        least = max(LEAST_SCORE, LEAST_SHARE * max((score for score, _ in scored), default=0.0))
        scored = [(score, trail) for score, trail in scored if score >= least]
        scored.sort(key=lambda pair: (-pair[0], pair[1].times[0]))
        return tuple(
            _object_track(number, trail, score) for number, (score, trail) in enumerate(scored[:REPORTED], 1)
        )

    def _finish(self, trails: list[Trail]) -> None:
        self._done += [trail for trail in trails if _is_track(trail, self._frame_s)]
        if len(self._done) > 2 * KEPT:
            self._done = sorted(self._done, key=lambda trail: -sum(trail.masses))[:KEPT]


def _is_track(trail: Trail, frame_s: float) -> bool:
    # A video may have fewer frames than are measured at best.
    frames = min(1 + (trail.times[-1] - trail.times[0]) / frame_s, 1 + trail.frames[-1] - trail.frames[0])
    return len(trail.times) >= LEAST_BOXES and len(trail.times) >= LEAST_PRESENCE * frames


def _costs(predicted: Floats, regions: Sequence[Region]) -> Floats:
    """[T, R]: distance of the centres over the mean size, plus unlikeness of size, less overlap."""
    boxes = np.array([region.box for region in regions])
    centre_a = (predicted[:, None, :2] + predicted[:, None, 2:]) / 2
    centre_b = (boxes[None, :, :2] + boxes[None, :, 2:]) / 2
    size_a = predicted[:, None, 2:] - predicted[:, None, :2]
    size_b = boxes[None, :, 2:] - boxes[None, :, :2]
    # A small thing may jump further than its size from frame to frame.
    scale = np.maximum((size_a + size_b) / 2, 0.06)
    distance = np.hypot(*np.moveaxis((centre_a - centre_b) / scale, -1, 0))
    unlike = np.abs(np.log(np.prod(size_a, -1) / np.prod(size_b, -1)))
    low = np.maximum(predicted[:, None, :2], boxes[None, :, :2])
    high = np.minimum(predicted[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), -1)
    iou = common / (np.prod(size_a, -1) + np.prod(size_b, -1) - common)
    return 0.6 * distance + 0.2 * unlike + 0.4 * (1 - iou)


def _stitched(trails: list[Trail]) -> list[Trail]:
    """Joins a track that ended to one that begins where it was heading."""
    trails = sorted(trails, key=lambda trail: trail.times[0])
    result: list[Trail] = []
    for trail in trails:
        best: Trail | None = None
        best_cost = WORST_COST
        for earlier in result:
            gap = trail.times[0] - earlier.times[-1]
            if earlier.shot != trail.shot or not 0 < gap <= STITCH_S:
                continue
            region = Region(trail.boxes[0], trail.masses[0], trail.strengths[0])
            cost = float(_costs(earlier.predicted(trail.times[0])[None], [region])[0, 0])
            if cost < best_cost:
                best, best_cost = earlier, cost
        if best is None:
            result.append(
                Trail(
                    trail.shot,
                    list(trail.times),
                    list(trail.boxes),
                    list(trail.masses),
                    list(trail.strengths),
                    list(trail.frames),
                )
            )
            continue
        best.times += trail.times
        best.boxes += trail.boxes
        best.masses += trail.masses
        best.strengths += trail.strengths
        best.frames += trail.frames
    return result


def _merged_parts(trails: list[Trail]) -> list[Trail]:
    """Takes tracks together that run inside or along each other: parts of one object."""
    trails = sorted(trails, key=lambda trail: -sum(trail.masses))
    kept: list[Trail] = []
    for trail in trails:
        host = next((other for other in kept if _is_part(trail, other)), None)
        if host is None:
            kept.append(trail)
        else:
            _absorb(host, trail)
    return kept


def _is_part(part: Trail, host: Trail) -> bool:
    at = dict(zip(host.times, host.boxes, strict=True))
    common = [(box, at[t_s]) for t_s, box in zip(part.times, part.boxes, strict=True) if t_s in at]
    if len(common) < 0.6 * len(part.times):
        return False
    inside = [_share_inside(box, other) for box, other in common]
    return float(np.mean(np.array(inside) > 0.5)) >= PART_SHARE


def _share_inside(box: tuple[float, ...], other: tuple[float, ...]) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(width, 0) * max(height, 0) / area


def _absorb(host: Trail, part: Trail) -> None:
    at = {t_s: index for index, t_s in enumerate(host.times)}
    for t_s, box, mass in zip(part.times, part.boxes, part.masses, strict=True):
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
        host.masses[index] += mass


def _score(trail: Trail, duration_s: float) -> float:
    """Prominence, 0 to 1: large, long, and clearly moving."""
    boxes = np.array(trail.boxes)
    sides = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    filled = np.sqrt(np.clip(np.array(trail.masses) / np.maximum(sides**2, 1e-9), 0, 1))
    lasting = min(1.0, (trail.times[-1] - trail.times[0]) / max(duration_s, 1e-9))
    clear = min(1.0, (float(np.mean(trail.strengths)) - 1) / 2)
    return float(np.clip(2 * np.mean(sides * filled) * clear, 0, 1) ** 0.5 * lasting**0.5)


def _object_track(number: int, trail: Trail, score: float) -> ObjectTrack:
    boxes = np.array(trail.boxes)
    if len(boxes) >= 3:
        # Sides jump for single frames where a part stands still: the median drops that.
        boxes = median_filter(boxes, (3, 1), mode="nearest")
    boxes = boxes.clip(0, 1).round(4)
    return ObjectTrack(
        track_id=number,
        label=MOVING_REGION,
        score=round(score, 3),
        start_s=round(trail.times[0], 3),
        end_s=round(trail.times[-1], 3),
        boxes=tuple(
            Box(round(t_s, 3), *(float(side) for side in box))
            for t_s, box in zip(trail.times, boxes, strict=True)
        ),
    )
