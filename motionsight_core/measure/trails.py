"""A track in the making: the boxes of one thing, frame after frame, and what was seen in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import Corners
from motionsight_core.measure.regions import Region

Floats = NDArray[np.float64]

#: The velocity of a track is that of so long, seconds.
VELOCITY_S = 0.35
#: A track is no smaller than the median of so many boxes: a part of it may be seen alone for a moment.
SIZE_BOXES = 3
#: Frames in which a region must have been seen to be a track.
LEAST_BOXES = 4
#: Share of a track's frames in which the region must have been seen: noise flickers.
LEAST_PRESENCE = 0.5


@dataclass(slots=True)
class Trail:
    """What was seen of one thing; the lists are of equal length, one entry for each of its boxes."""

    shot: int
    times: list[float] = field(default_factory=list)
    boxes: list[Corners] = field(default_factory=list)
    regions: list[Region | None] = field(default_factory=list)
    """The region that the box is of; None where only its picture was found again."""
    frames: list[int] = field(default_factory=list)
    """Numbers of the boxes' frames among those that were measured."""
    layered: list[bool] = field(default_factory=list)
    """Whether parallax parted the background in the frame."""
    picture: NDArray[np.uint8] | None = None
    """What it looked like when it was last seen by itself."""

    def add(self, frame: int, t_s: float, box: Corners, region: Region | None, *, layered: bool) -> None:
        """The next box."""
        self.frames.append(frame)
        self.times.append(t_s)
        self.boxes.append(box)
        self.regions.append(region)
        self.layered.append(layered)

    def put_before(self, frame: int, t_s: float, box: Corners, *, layered: bool) -> None:
        """A box before the first one, where it has no region of its own."""
        self.frames.insert(0, frame)
        self.times.insert(0, t_s)
        self.boxes.insert(0, box)
        self.regions.insert(0, None)
        self.layered.insert(0, layered)

    def extend(self, later: Trail) -> None:
        """Goes on as another trail, which begins after this one ends."""
        self.times += later.times
        self.boxes += later.boxes
        self.regions += later.regions
        self.frames += later.frames
        self.layered += later.layered

    def end_where_seen(self) -> None:
        """Forget the boxes at the end of which there is no region: it may have stopped there for good."""
        while self.regions and self.regions[-1] is None:
            for column in (self.times, self.boxes, self.regions, self.frames, self.layered):
                column.pop()

    def outside(self, spans: Sequence[tuple[float, float]]) -> Iterator[Trail]:
        """Its parts before, between and after dissolves [start, end]; each side is another shot.

        A part reaches into a dissolve up to its middle, where one shot gives way to the next, if it was seen
        outside of it before: a dissolve alone shows much that changes and does not move.
        """
        if not spans:
            yield self
            return
        times = np.array(self.times)
        middles = [(start + end) / 2 for start, end in spans]
        begins, ends = [-np.inf, *(end for _, end in spans)], [*(start for start, _ in spans), np.inf]
        for number, (low, high) in enumerate(zip(begins, ends, strict=True)):
            clear = np.flatnonzero((times > low) & (times < high))
            if len(clear) == 0:
                continue
            first, last = clear[0], clear[-1]
            if sum(self.regions[at] is not None for at in clear) >= LEAST_BOXES:
                after = middles[number - 1] if number else -np.inf
                before = middles[number] if number < len(middles) else np.inf
                reached = np.flatnonzero((times > after) & (times < before))
                first, last = reached[0], reached[-1]
            part = slice(int(first), int(last) + 1)
            trail = Trail(
                self.shot * (len(spans) + 1) + number,
                self.times[part],
                self.boxes[part],
                self.regions[part],
                self.frames[part],
                self.layered[part],
                self.picture,
            )
            trail.end_where_seen()
            if trail.seen:
                yield trail

    @property
    def seen(self) -> list[Region]:
        """The regions of the boxes that have one."""
        return [region for region in self.regions if region is not None]

    @property
    def mass(self) -> float:
        """All moving pixels, in frames."""
        return sum(region.mass for region in self.seen)

    def predicted(self, t_s: float) -> Floats:
        """The box [4] at a later time, going on as in the last third of a second, and no smaller than
        lately."""
        last = np.array(self.boxes[-1])
        recent = np.array(self.boxes[-SIZE_BOXES:])
        sizes = recent[:, 2:] - recent[:, :2]
        half = np.maximum(np.median(sizes, axis=0), sizes[-1]) / 2
        centre = (last[:2] + last[2:]) / 2
        last = np.concatenate([centre - half, centre + half])
        back = next((k for k in range(len(self.times)) if self.times[-1] - self.times[k] <= VELOCITY_S), 0)
        span = self.times[-1] - self.times[back]
        if span <= 0:
            return last
        first = np.array(self.boxes[back])
        # Only the centre's velocity: sides jump when an arm moves.
        velocity = (last.reshape(2, 2).mean(0) - first.reshape(2, 2).mean(0)) / span
        return last + np.tile(velocity * (t_s - self.times[-1]), 2)

    def is_track(self, frame_s: float) -> bool:
        """Whether it was seen often enough to be one.

        Args:
            frame_s: distance of the measured frames where the video has no fewer, seconds.
        """
        seen = len(self.seen)
        frames = min(1 + (self.times[-1] - self.times[0]) / frame_s, 1 + self.frames[-1] - self.frames[0])
        return seen >= LEAST_BOXES and len(self.times) >= LEAST_PRESENCE * frames
