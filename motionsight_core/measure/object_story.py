"""What moves in the picture, told from the tracks of moving regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.measure.course import Course, Growth, distance
from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.measure.wording import (
    OBJECT_SPEEDS,
    fraction_of,
    listed,
    number,
    place,
    seconds,
    sentence,
    word_for,
)
from motionsight_core.record import ObjectTrack

#: Regions that get a sentence of their own; the others share one.
TOLD = 3
#: A region below this share of the first one's prominence is only counted.
LEAST_SHARE = 0.2
#: Something that is there this soon after the beginning, or this late before the end, was there all
#: along: the first and last frames are measured less well. Seconds.
MOMENT_S = 0.35
#: A way shorter than this is none: the region moves in place. Frame sides.
LEAST_WAY = 0.08
#: A way at least this long crosses the picture, frame sides.
CROSSING = 0.45
#: A region with less than this share of the area of those told before is a smaller one.
SMALLER = 0.4


@dataclass(frozen=True, slots=True)
class Scene:
    """The clip's span, source seconds."""

    start_s: float
    end_s: float

    def from_start(self, course: Course) -> bool:
        """Whether it is there from the beginning."""
        return course.t_s[0] - self.start_s < MOMENT_S

    def to_end(self, course: Course) -> bool:
        """Whether it is there until the end."""
        return self.end_s - course.t_s[-1] < MOMENT_S


def describe_objects(measurement: MotionMeasurement, *, start_s: float, end_s: float) -> str:
    """What moves against the background from `start_s` to `end_s`, in one to four sentences."""
    tracks = measurement.tracks
    if not tracks:
        return "Nothing moves against the background."
    scene = Scene(start_s, end_s)
    told = [track for track in tracks[:TOLD] if track.score >= LEAST_SHARE * tracks[0].score]
    rest = [track for track in tracks if track not in told]
    # The story runs in time; what is there from the start comes in order of prominence.
    told.sort(key=lambda track: max(track.start_s - start_s - MOMENT_S, 0.0))
    courses = [Course.of(track) for track in told]
    sentences = [_told(course, courses[:index], scene) for index, course in enumerate(courses)]
    if rest:
        sentences.append(_rest(rest))
    return " ".join(sentences)


def _told(course: Course, before: Sequence[Course], scene: Scene) -> str:
    growth = course.growth()
    clauses = [_entry(course, scene), _motion(course, growth, scene), _exit(course, scene)]
    return sentence(f"{_subject(course, before, growth)} {_joined([c for c in clauses if c])}")


def _joined(clauses: Sequence[str]) -> str:
    """Clauses that share a subject; a comma before "and" where a clause has commas of its own."""
    if len(clauses) < 2:
        return "".join(clauses)
    comma = "," if any("," in clause for clause in clauses) else ""
    return f"{', '.join(clauses[:-1])}{comma} and {clauses[-1]}"


def _subject(course: Course, before: Sequence[Course], growth: Growth | None) -> str:
    """ "a region about a fifth of the frame wide"."""
    area = course.width * course.height
    if before and area < SMALLER * min(other.width * other.height for other in before):
        return "a smaller one"
    article = "another" if before else "a"
    if growth is not None:
        return f"{article} region"
    if max(course.width, course.height) < 0.09:
        return f"{article} small region"
    large = "large region," if course.width > 0.45 else "region"
    comma = "," if course.width > 0.45 else ""
    if course.height > 2.2 * course.width:
        return f"{article} {large} about {fraction_of(course.height)} the frame tall{comma}"
    return f"{article} {large} about {fraction_of(course.width)} the frame wide{comma}"


def _entry(course: Course, scene: Scene) -> str:
    if scene.from_start(course):
        return ""
    when = seconds(float(course.t_s[0]))
    edge = course.edge(0)
    return f"enters at the {edge} edge at {when}" if edge else f"starts to move {place(*course.at(0))} at {when}"


def _motion(course: Course, growth: Growth | None, scene: Scene) -> str:
    """Where it goes, or that it stays, with how fast and how its size changes."""
    way, swing = course.way(), course.swing()
    if distance(way) < LEAST_WAY or (swing and distance(way) < CROSSING):
        text = f"moves {swing} {place(*course.middle)}" if swing else _staying(course, scene)
        return ", ".join([text + _until(course, scene, ""), *_growing(growth, course)])
    speed = word_for(course.speed(), OBJECT_SPEEDS)
    crosses = max(abs(way[0]), abs(way[1])) > CROSSING
    words = ["crosses" if crosses else "moves", speed]
    words.append(_route(course, scene))
    text = " ".join(word for word in words if word) + _until(course, scene, "by")
    change = course.speed_change()
    return ", ".join([text, *([change] if change else []), *_growing(growth, course)])


def _staying(course: Course, scene: Scene) -> str:
    if scene.from_start(course):
        return f"stays {place(*course.middle)} and moves in place"
    return f"stays {place(*course.middle)}"


def _route(course: Course, scene: Scene) -> str:
    """ "from the left to the middle", "a little to the right"."""
    way = course.way()
    here, there = _noun(place(*course.at(0))), _noun(place(*course.at(-1)))
    edge = course.edge(-1)
    if edge:
        there = f"the {edge} edge"
    elif here == there:
        sideways = abs(way[0]) > abs(way[1])
        side = ("to the right" if way[0] > 0 else "to the left") if sideways else ("down" if way[1] > 0 else "up")
        return f"a little {side}"
    return f"from {here} to {there}" if scene.from_start(course) else f"to {there}"


def _noun(where: str) -> str:
    """ "the upper left" from "in the upper left"."""
    return where.split(" ", 1)[1]


def _until(course: Course, scene: Scene, preposition: str) -> str:
    """The time at the end of a clause: " by 3.1 s", or how long it goes on."""
    if course.edge(-1) and not scene.to_end(course):
        # Its leaving is told with its time.
        return ""
    if scene.to_end(course):
        return " throughout" if scene.from_start(course) and not preposition else " by the end" * bool(preposition)
    return f" {preposition or 'until'} {seconds(float(course.t_s[-1]))}"


def _growing(growth: Growth | None, course: Course) -> list[str]:
    """ "growing from a tenth to a third of the frame's width by 3.0 s, as if coming closer"."""
    if growth is None:
        return []
    side = 0 if max(growth.before[0], growth.after[0]) < 0.95 else 1
    before, after = fraction_of(growth.before[side]), fraction_of(growth.after[side])
    if before == after:
        return []
    grows = growth.after[side] > growth.before[side]
    last_s = float(course.t_s[-1])
    by = f" by {seconds(growth.by_s)}" if last_s - growth.by_s > 2 * MOMENT_S else ""
    name = ("width", "height")[side]
    return [
        f"{'growing' if grows else 'shrinking'} from {before.removesuffix(' of')} to {after} the frame's "
        f"{name}{by}, as if {'coming closer' if grows else 'going away'}"
    ]


def _exit(course: Course, scene: Scene) -> str:
    edge = course.edge(-1)
    if not edge or scene.to_end(course):
        return ""
    return f"leaves at the {edge} edge at {seconds(float(course.t_s[-1]))}"


def _rest(rest: Sequence[ObjectTrack]) -> str:
    places = list(dict.fromkeys(place(*Course.of(track).middle) for track in rest))
    where = listed(places) if len(places) <= 2 else "in several places"
    if len(rest) == 1:
        return f"A smaller region moves {where} from {seconds(rest[0].start_s)} to {seconds(rest[0].end_s)}."
    return sentence(f"{number(len(rest))} smaller regions move {where}")
