"""What a track does, as few facts: where it comes from and goes, how it swings, grows and changes speed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from motionsight_core.measure.weighted import weighted_median
from motionsight_core.measure.wording import SPEED_CHANGE
from motionsight_core.record import MOVING_REGION, ObjectTrack

Floats = NDArray[np.float64]

#: A box this close to the frame's edge touches it, fraction of the frame.
EDGE = 0.02
#: Time in which it comes in or goes out, seconds.
EDGE_S = 0.5
#: Way of the centre in this time, frame sides.
LEAST_STEP = 0.01
#: ... and over the whole path, in the same direction: a box that merely grows to the edge stays.
LEAST_TRAVEL = 0.08
#: A region longer than this lies along the frame, fraction of the frame.
LONG = 0.8
#: Frames of the median that takes single arms and shadows out of a path.
MEDIAN_FRAMES = 5
#: Growth of the size that is worth a word, ratio.
LEAST_GROWTH = 1.5
#: Boxes clear of the sides that it takes to speak of growth: what enters seems to grow.
LEAST_CLEAR = 6
#: Correlation of the size's logarithm with time from which on it is a trend.
LEAST_TREND = 0.75
#: Share of these boxes, at either end, over which a size is measured.
ENDS = 0.15
#: A swing of the centre that counts as a movement to and fro, frame sides.
LEAST_SWING = 0.06
#: Turns that make it one.
LEAST_TURNS = 3
#: Boxes that it takes to speak of a change of speed.
LEAST_BOXES = 12


def most_at_once(spans: Sequence[tuple[float, float]]) -> int:
    """How many of the spans [start, end], seconds, there are at most at one moment."""
    return max((sum(low <= moment <= high for low, high in spans) for moment, _ in spans), default=0)


@dataclass(frozen=True, slots=True)
class Growth:
    """A change of size."""

    before: tuple[float, float]
    """Width and height at first, fractions of the frame."""
    after: tuple[float, float]
    by_s: float
    """When it has happened, source seconds."""


@dataclass(frozen=True, slots=True)
class TrackPath:
    """A track's boxes as arrays [B]: times in source seconds, sides in fractions of the frame."""

    t_s: Floats
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    label: str = MOVING_REGION
    track_id: int = 0
    """Of the track in its clip."""

    @classmethod
    def of(cls, track: ObjectTrack) -> TrackPath:
        """The path of a track, without single outliers."""
        boxes = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
        if len(boxes) >= MEDIAN_FRAMES:
            boxes[1:-1] = median_filter(boxes, (MEDIAN_FRAMES, 1), mode="nearest")[1:-1]
        t_s = np.array([box.t_s for box in track.boxes])
        return cls(t_s, *boxes.T, label=track.label, track_id=track.track_id)

    @property
    def is_named(self) -> bool:
        """Whether it is known what it is of."""
        return self.label != MOVING_REGION

    @property
    def x(self) -> Floats:
        """Centre."""
        return (self.x0 + self.x1) / 2

    @property
    def y(self) -> Floats:
        """Centre."""
        return (self.y0 + self.y1) / 2

    @property
    def width(self) -> float:
        """Median width."""
        return float(np.median(self.x1 - self.x0))

    @property
    def height(self) -> float:
        """Median height."""
        return float(np.median(self.y1 - self.y0))

    @property
    def middle(self) -> tuple[float, float]:
        """Where it mostly is."""
        return float(np.median(self.x)), float(np.median(self.y))

    def at(self, index: int) -> tuple[float, float]:
        """The centre at one box."""
        return float(self.x[index]), float(self.y[index])

    def way(self) -> tuple[float, float]:
        """From the first centre to the last."""
        return float(self.x[-1] - self.x[0]), float(self.y[-1] - self.y[0])

    def side_touched(self) -> str:
        """left or right, if the last box touches that side of the frame alone."""
        left, right = self.x0[-1] < EDGE, self.x1[-1] > 1 - EDGE
        return "" if left == right else "left" if left else "right"

    def entry_edge(self) -> str:
        """The edge of the frame that it comes in from: left, right, top, bottom or none."""
        return self._edge(slice(0, 2), self.t_s <= self.t_s[0] + EDGE_S, outward=-1)

    def exit_edge(self) -> str:
        """The edge of the frame that it goes out at, or none."""
        return self._edge(slice(-2, None), self.t_s >= self.t_s[-1] - EDGE_S, outward=1)

    def _edge(self, ends: slice, near: NDArray[np.bool_], outward: int) -> str:
        """The edge that the boxes `ends` touch while the centre, at the times `near`, goes that way."""
        x, y = self.x[near], self.y[near]
        # What is as long as the frame touches both of its ends, wherever it goes.
        across = outward * float(x[-1] - x[0]) if self.width < LONG else 0.0
        down = outward * float(y[-1] - y[0]) if self.height < LONG else 0.0
        sideways, upright = (abs(side) > LEAST_TRAVEL for side in self.way())
        if sideways and (abs(across) >= abs(down) or not upright):
            low, high, way, names = self.x0[ends], self.x1[ends], across, ("left", "right")
        elif upright:
            low, high, way, names = self.y0[ends], self.y1[ends], down, ("top", "bottom")
        else:
            return ""
        if low.max() < EDGE and way < -LEAST_STEP:
            return names[0]
        return names[1] if high.min() > 1 - EDGE and way > LEAST_STEP else ""

    def speed(self) -> float:
        """Median speed of the centre over its time, frame sides per second."""
        return weighted_median(self._speeds(), np.diff(self.t_s)) if len(self.t_s) > 1 else 0.0

    def speed_change(self) -> str:
        """speeding up, slowing down, or nothing."""
        across, down = self.way()
        low, high = (self.x0, self.x1) if abs(across) >= abs(down) else (self.y0, self.y1)
        # The centre of what the frame's edge cuts off moves at half its speed.
        clear = (low > EDGE) & (high < 1 - EDGE)
        speeds = self._speeds()[clear[1:] & clear[:-1]]
        if len(speeds) < LEAST_BOXES:
            return ""
        # Medians: a box that loses or wins a part for one frame jumps, and a mean would follow.
        early, _, late = (float(np.median(part)) for part in np.array_split(speeds, 3))
        if late > SPEED_CHANGE * early:
            return "speeding up"
        return "slowing down" if early > SPEED_CHANGE * late else ""

    def swing(self) -> str:
        """up and down, back and forth, or nothing."""
        across, upward = _turns(self.x), _turns(self.y)
        if max(across, upward) < LEAST_TURNS:
            return ""
        return "up and down" if upward > across else "back and forth"

    def growth(self) -> Growth | None:
        """How the size changes while it is clear of the left and right edges; None if it hardly does."""
        clear = np.flatnonzero((self.x0 > EDGE) & (self.x1 < 1 - EDGE))
        if len(clear) < LEAST_CLEAR:
            return None
        width, height = (self.x1 - self.x0)[clear], (self.y1 - self.y0)[clear]
        # Arms make a person wide for a moment.
        size = height if self.label == "person" else np.sqrt(width * height)
        count = max(1, round(ENDS * len(clear)))
        first, largest = float(np.median(size[:count])), int(np.argmax(size))
        # A size that jumps, as where two objects meet and part, is no growth.
        if len(size[: largest + 1]) >= LEAST_CLEAR and largest > len(clear) / 2:
            trend = np.corrcoef(np.arange(largest + 1), np.log(size[: largest + 1]))[0, 1]
        else:
            trend = -np.corrcoef(np.arange(len(size)), np.log(size))[0, 1] if np.ptp(size) > 0 else 0.0
        if not trend > LEAST_TREND:
            return None
        before = float(np.median(width[:count])), float(np.median(height[:count]))
        if size[largest] > LEAST_GROWTH * first and largest > len(clear) / 2:
            after = float(width[largest]), float(height[largest])
            return Growth(before, after, float(self.t_s[clear[largest]]))
        if first > LEAST_GROWTH * float(np.median(size[-count:])):
            after = float(np.median(width[-count:])), float(np.median(height[-count:]))
            return Growth(before, after, float(self.t_s[clear[-1]]))
        return None

    def log_growth(self) -> float:
        """Natural logarithm of its size at the end over that at the beginning."""
        sizes = np.sqrt((self.x1 - self.x0) * (self.y1 - self.y0))
        count = max(1, round(ENDS * len(sizes)))
        return float(np.log(np.median(sizes[-count:]) / np.median(sizes[:count])))

    def _speeds(self) -> Floats:
        return np.hypot(np.diff(self.x), np.diff(self.y)) / np.diff(self.t_s)


def distance(way: tuple[float, float]) -> float:
    """Length of a way, frame sides."""
    return math.hypot(*way)


def _turns(values: Floats) -> int:
    """How often a coordinate turns round after a swing of at least LEAST_SWING."""
    turns, direction, extreme = 0, 0, float(values[0])
    for value in values:
        if direction >= 0 and value < extreme - LEAST_SWING:
            turns += direction > 0
            direction, extreme = -1, float(value)
        elif direction <= 0 and value > extreme + LEAST_SWING:
            turns += direction < 0
            direction, extreme = 1, float(value)
        elif direction * (value - extreme) > 0:
            extreme = float(value)
    return turns
