"""What moves in the picture, told from the tracks of moving regions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.measure.wording import (
    OBJECT_SPEEDS,
    SPEED_CHANGE,
    column,
    fraction,
    listed,
    number,
    of_frame,
    place,
    seconds,
    sentence,
    word_for,
)
from motionsight_core.record import ObjectTrack

Floats = NDArray[np.float64]

#: Regions that get a sentence of their own; the others share one.
TOLD = 3
#: A region below this share of the first one's prominence is only counted.
LEAST_SHARE = 0.3
#: A box this close to the frame's edge touches it, fraction of the frame.
EDGE = 0.015
#: Something that is there this soon after the beginning, or this late before the end, was there all
#: along: the first and last frames are measured less well. Seconds.
MOMENT_S = 0.35
#: A way across the picture shorter than this is no way: it moves in place, frame sides.
LEAST_WAY = 0.08
#: A way at least this long crosses the picture, frame sides.
CROSSING = 0.45
#: Growth of the size that is worth a word, ratio.
GROWTH = 1.5
#: A swing of the centre that counts as a movement to and fro, frame sides.
LEAST_SWING = 0.05
#: Such swings that make it one.
SWINGS = 3
#: Share of the track at its ends over which its size is measured.
ENDS = 0.15


@dataclass(frozen=True, slots=True)
class Course:
    """A track's boxes as arrays [B], fractions of the frame."""

    t_s: Floats
    x: Floats
    """Centre."""
    y: Floats
    width: Floats
    height: Floats
    left: Floats
    top: Floats
    right: Floats
    bottom: Floats

    @classmethod
    def of(cls, track: ObjectTrack) -> Course:
        """The course of a track."""
        boxes = np.array([(box.t_s, box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
        t_s, x0, y0, x1, y1 = boxes.T
        return cls(t_s, (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, x0, y0, x1, y1)

    def edge(self, index: int) -> str:
        """The frame's edge that the box touches at an end: left, right, top, bottom or none."""
        if self.left[index] < EDGE and self.right[index] < 1 - EDGE:
            return "left"
        if self.right[index] > 1 - EDGE and self.left[index] > EDGE:
            return "right"
        if self.top[index] < EDGE and self.bottom[index] < 1 - EDGE:
            return "top"
        if self.bottom[index] > 1 - EDGE and self.top[index] > EDGE:
            return "bottom"
        return ""


def describe_objects(measurement: MotionMeasurement, *, start_s: float, end_s: float) -> str:
    """What moves against the background from `start_s` to `end_s`, in one to four sentences."""
    tracks = measurement.tracks
    if not tracks:
        return "Nothing moves against the background."
    told = [track for track in tracks[:TOLD] if track.score >= LEAST_SHARE * tracks[0].score]
    # The story runs in time; what is there from the start comes in order of prominence.
    told.sort(key=lambda track: track.start_s if track.start_s - start_s > MOMENT_S else start_s)
    sentences = [_told(track, index, told, start_s, end_s) for index, track in enumerate(told)]
    rest = [track for track in tracks if track not in told]
    if rest:
        sentences.append(_rest(rest))
    return " ".join(sentences)


def _told(track: ObjectTrack, index: int, told: Sequence[ObjectTrack], start_s: float, end_s: float) -> str:
    course = Course.of(track)
    subject = _subject(course, index, [Course.of(other) for other in told[:index]])
    from_start = track.start_s - start_s < MOMENT_S
    to_end = end_s - track.end_s < MOMENT_S
    clauses = [
        *_motion(course, from_start, to_end),
        *_growth(course),
        *_exit(course, to_end),
    ]
    return sentence(f"{subject} {listed_clauses(clauses)}")


def listed_clauses(clauses: Sequence[str]) -> str:
    """Clauses that share a subject: "does this, does that and does more"."""
    return listed([clause for clause in clauses if clause])


def _subject(course: Course, index: int, before: Sequence[Course]) -> str:
    size = float(np.median(course.width))
    height = float(np.median(course.height))
    if before and _area(course) < 0.4 * min(_area(other) for other in before):
        return "a smaller one" if index == 1 else "a still smaller one"
    article = "a" if index == 0 else "another"
    if size > 0.4 or height > 0.8:
        return f"{article} large region, about {fraction(size)} of the frame wide,".replace(
            "half of the", "half the"
        )
    if max(size, height) < 0.09:
        return f"{article} small region"
    if height > 2.2 * size:
        return f"{article} region about {fraction(height)} of the frame tall".replace("half of the", "half the")
    return f"{article} region about {fraction(size)} of the frame wide"


def _area(course: Course) -> float:
    return float(np.median(course.width * course.height))


def _motion(course: Course, from_start: bool, to_end: bool) -> list[str]:
    """How it comes into view and where it goes."""
    first = _start_index(course)
    dx, dy = course.x[-1] - course.x[first], course.y[-1] - course.y[first]
    way = math.hypot(dx, dy)
    entry = "" if from_start else course.edge(0)
    when = f"at {seconds(float(course.t_s[0]))}"
    swing = _swing(course)
    clauses = []
    if entry:
        clauses.append(f"enters at the {entry} edge {when}")
    if way < LEAST_WAY or (swing and way < 2 * LEAST_WAY):
        stay = f"{place(float(np.median(course.x)), float(np.median(course.y)))}"
        if swing:
            text = f"moves {swing} {stay}"
        elif entry:
            text = f"stays {stay}"
        else:
            text = f"stays {stay} and moves in place"
        return [*clauses, text + _when(course, from_start, to_end, bool(entry))]
    speed = word_for(_speed(course), OBJECT_SPEEDS)
    verb = "crosses" if abs(dx) > CROSSING or abs(dy) > CROSSING else "moves"
    target = _target(course, dx, dy)
    origin = "" if entry or verb == "crosses" else f" from {_origin(course)}"
    text = f"{verb} {speed}".strip() + f"{origin} {target}"
    text += _when(course, from_start, to_end, bool(entry))
    change = _speed_change(course)
    return [*clauses, text + (f", {change}" if change else "")]


def _start_index(course: Course) -> int:
    return 0


def _origin(course: Course) -> str:
    return place(float(course.x[0]), float(course.y[0])).replace("in ", "").replace("on ", "").replace("at ", "")


def _target(course: Course, dx: float, dy: float) -> str:
    here, there = place(float(course.x[0]), float(course.y[0])), place(float(course.x[-1]), float(course.y[-1]))
    if here == there:
        side = ("right" if dx > 0 else "left") if abs(dx) > abs(dy) else ("down" if dy > 0 else "up")
        return f"a little to the {side}" if side in ("left", "right") else f"a little {side}"
    return "to " + there.replace("in ", "").replace("on ", "").replace("at ", "")


def _when(course: Course, from_start: bool, to_end: bool, after_entry: bool) -> str:
    start, end = seconds(float(course.t_s[0])), seconds(float(course.t_s[-1]))
    if after_entry:
        return " by the end" if to_end else f" by {end}"
    if from_start and to_end:
        return " throughout"
    if from_start:
        return f" until {end}"
    if to_end:
        return f" from {start} on"
    return f" from {start} to {end}"


def _speed(course: Course) -> float:
    """Median speed of the centre, larger frame sides per second."""
    duration = np.diff(course.t_s)
    return float(np.median(np.hypot(np.diff(course.x), np.diff(course.y)) / np.maximum(duration, 1e-6)))


def _speed_change(course: Course) -> str:
    if len(course.t_s) < 12:
        return ""
    steps = np.hypot(np.diff(course.x), np.diff(course.y)) / np.diff(course.t_s)
    early, _, late = (float(np.mean(part)) for part in np.array_split(steps, 3))
    if late > SPEED_CHANGE * early:
        return "speeding up"
    return "slowing down" if early > SPEED_CHANGE * late else ""


def _swing(course: Course) -> str:
    """up and down, back and forth, or nothing."""
    across, upward = _turns(course.x), _turns(course.y)
    if max(across, upward) < SWINGS:
        return ""
    return "up and down" if upward > across else "back and forth"


def _turns(values: Floats) -> int:
    """How often a coordinate turns round after a swing of at least LEAST_SWING."""
    turns, extreme, direction = 0, float(values[0]), 0
    for value in values:
        if direction >= 0 and value < extreme - LEAST_SWING:
            turns += direction > 0
            direction, extreme = -1, float(value)
        elif direction <= 0 and value > extreme + LEAST_SWING:
            turns += direction < 0
            direction, extreme = 1, float(value)
        elif (value - extreme) * (direction or 1) > 0:
            extreme = float(value)
    return turns


def _growth(course: Course) -> list[str]:
    count = max(1, round(ENDS * len(course.t_s)))
    size = np.sqrt(course.width * course.height)
    first, last = float(np.median(size[:count])), float(np.median(size[-count:]))
    largest = float(np.max(size))
    widths = float(np.median(course.width[:count])), float(np.median(course.width[-count:]))
    if largest > GROWTH * first and largest > 1.2 * last and not course.edge(-1):
        return []
    if last > GROWTH * first and not course.edge(0):
        return [f"grows from {of_frame(widths[0], 'width')} to {of_frame(widths[1], 'width')}, as if coming closer"]
    if first > GROWTH * last and not course.edge(-1):
        return [f"shrinks from {of_frame(widths[0], 'width')} to {of_frame(widths[1], 'width')}, as if going away"]
    return []


def _exit(course: Course, to_end: bool) -> list[str]:
    edge = course.edge(-1)
    if to_end or not edge:
        return []
    return [f"leaves at the {edge} edge"]


def _rest(rest: Sequence[ObjectTrack]) -> str:
    courses = [Course.of(track) for track in rest]
    places = dict.fromkeys(
        place(float(np.median(course.x)), float(np.median(course.y))) for course in courses
    )
    where = listed(list(places)) if len(places) <= 2 else "in several places"
    if len(rest) == 1:
        return f"One smaller region also moves {where}, from {seconds(rest[0].start_s)} to {seconds(rest[0].end_s)}."
    return sentence(f"{number(len(rest))} smaller regions also move, {where}")
