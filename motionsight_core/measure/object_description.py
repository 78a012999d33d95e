"""What moves in the picture, told from the tracks of moving regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.found import by_prominence
from motionsight_core.measure.subjects import CROWD, subject, told_together
from motionsight_core.measure.track_path import Growth, TrackPath, distance
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.measure.wording import (
    MOMENT_S,
    OBJECT_SPEEDS,
    column,
    fraction_of,
    listed,
    moment_s,
    number,
    place,
    row,
    seconds,
    sentence,
    word_for,
)
from motionsight_core.record import MOVING_REGION, ObjectTrack, Repetition

#: Regions that get a sentence of their own; the others share one (a single one has its own as well).
TOLD = 3
#: A region below this share of the first one's prominence is only counted.
LEAST_SHARE = 0.2
#: ... and one below this has no sentence at all, unless it has a name.
HARDLY_THERE = 0.1
#: In a crowd only those have a sentence of their own whose prominence is so many times that of the others.
STANDING_OUT = 1.5
#: A way shorter than this is none: the region moves in place. Frame sides.
LEAST_WAY = 0.08
#: A way at least this long crosses the picture, frame sides.
CROSSING = 0.45
#: Way of the camera over which a region that keeps its place is followed, frame sides, and how far it comes
#: nearer to what lies ahead, natural-log scale.
FOLLOWED = 0.3
FOLLOWED_AHEAD = 0.25
#: ... for at least this share of the region's time, faster than this, each second.
FOLLOWED_SHARE = 0.6
FOLLOWED_RATE = 0.02
#: A region that goes less far in the picture than this share of the camera's way is followed as well.
LAGGING = 0.5


@dataclass(frozen=True, slots=True)
class Scene:
    """The clip's span, source seconds, and what the camera does in it."""

    start_s: float
    end_s: float
    camera: CameraPath
    repetitions: Mapping[int, Repetition]
    """By the track's number."""

    @classmethod
    def of(cls, measurement: MotionMeasurement, *, start_s: float, end_s: float) -> Scene:
        """Of a measured clip."""
        repetitions = {repetition.track_id: repetition for repetition in measurement.repetitions}
        return cls(start_s, end_s, measurement.camera_path, repetitions)

    def from_start(self, path: TrackPath) -> bool:
        """Whether it is there from the beginning."""
        return path.t_s[0] - self.start_s < self.moment_s

    def to_end(self, path: TrackPath) -> bool:
        """Whether it is there until the end."""
        return self.end_s - path.t_s[-1] < self.moment_s

    def times(self, path: TrackPath) -> str:
        """How often it repeats a movement, such as "about 14 times"; nothing where it does not."""
        repetition = self.repetitions.get(path.track_id)
        return f"about {number(repetition.count)} times" if repetition else ""

    @property
    def moment_s(self) -> float:
        """A time that is not worth a word, seconds."""
        return moment_s(self.start_s, self.end_s)

    def is_followed(self, path: TrackPath) -> bool:
        """Whether the camera turns or goes far, most of the time that the path lasts, and keeps it in view.

        It turns or goes sideways, up or down, or it goes ahead and what it follows does not grow.
        """
        x, y = path.way()
        camera = self.camera
        sideways, upright = self._way_of(camera.pan, path), self._way_of(camera.tilt, path)
        if abs(sideways) > FOLLOWED and abs(x) < LAGGING * abs(sideways):
            return True
        if abs(upright) > FOLLOWED and abs(y) < LAGGING * abs(upright):
            return True
        ahead = self._way_of(camera.zoom, path)
        return abs(ahead) > FOLLOWED_AHEAD and abs(path.log_growth()) < LAGGING * abs(ahead)

    def _way_of(self, rate: NDArray[np.float64], path: TrackPath) -> float:
        """How far the camera goes at a rate [P] while the path lasts; 0 where it does not go steadily."""
        during = (self.camera.t_s >= path.t_s[0]) & (self.camera.t_s <= path.t_s[-1])
        if not during.any():
            return 0.0
        rate, lasting_s = rate[during], self.camera.duration_s[during]
        if float(np.sum(lasting_s[np.abs(rate) > FOLLOWED_RATE])) < FOLLOWED_SHARE * float(np.sum(lasting_s)):
            return 0.0
        return float(np.average(rate, weights=lasting_s)) * float(path.t_s[-1] - path.t_s[0])


def describe_objects(measurement: MotionMeasurement, *, start_s: float, end_s: float) -> str:
    """What moves against the background from `start_s` to `end_s`, in one to four sentences."""
    tracks = measurement.tracks
    if not len(measurement.camera_path.t_s):
        return "The clip has too few frames to tell what moves."
    if not tracks:
        return "Nothing is seen moving against the background."
    scene = Scene.of(measurement, start_s=start_s, end_s=end_s)
    unknown = max(measurement.objects_in_all - len(tracks), 0)
    told, rest = _told_and_rest(by_prominence(tracks, measurement.track_evidence), len(tracks) + unknown)
    # The story runs in time; what is there from the start comes in order of prominence.
    told.sort(key=lambda track: max(track.start_s - start_s - scene.moment_s, 0.0))
    paths = [TrackPath.of(track) for track in told]
    sentences = [_told(path, paths[:index], scene) for index, path in enumerate(paths)]
    if rest:
        others = [TrackPath.of(track) for track in rest]
        at_once = max(measurement.objects_at_once - len(told), 1)
        sentences.append(told_together(others, paths, unknown=unknown, at_once=at_once))
    return " ".join(sentences)


def _told_and_rest(tracks: Sequence[ObjectTrack], in_all: int) -> tuple[list[ObjectTrack], list[ObjectTrack]]:
    """Those that get a sentence of their own, and those that share one; what is hardly there gets none."""
    most = TOLD + 1 if len(tracks) == TOLD + 1 else TOLD
    least = LEAST_SHARE * tracks[0].score
    if len(tracks) > TOLD and in_all >= TOLD + CROWD:
        # In a crowd nobody is told of who does not stand out.
        least = max(least, STANDING_OUT * tracks[TOLD].score)
    told = [track for track in tracks[:most] if track.score >= least]
    rest = [
        track
        for track in tracks
        if track not in told
        and (track.label != MOVING_REGION or track.score >= HARDLY_THERE * tracks[0].score)
    ]
    return told, rest


def subject_and_motion(path: TrackPath, before: Sequence[TrackPath], scene: Scene) -> tuple[str, str]:
    """What a track is of, "a dog about a fifth of the frame wide", and what it does, as a predicate."""
    growth = path.growth()
    entry = "" if scene.from_start(path) else _entry(path)
    clauses = [entry, _motion(path, growth, bool(entry), scene), _exit(path, scene)]
    return subject(path, before, growth), _joined([c for c in clauses if c])


def _told(path: TrackPath, before: Sequence[TrackPath], scene: Scene) -> str:
    return sentence(" ".join(subject_and_motion(path, before, scene)))


def _joined(clauses: Sequence[str]) -> str:
    """Clauses that share a subject; a comma before "and" where a clause has commas of its own."""
    if len(clauses) < 2:
        return "".join(clauses)
    comma = "," if any("," in clause for clause in clauses[:-1]) else ""
    return f"{', '.join(clauses[:-1])}{comma} and {clauses[-1]}"


def _entry(path: TrackPath) -> str:
    edge = path.entry_edge()
    return f"enters at the {edge} edge at {seconds(float(path.t_s[0]))}" if edge else ""


def _motion(path: TrackPath, growth: Growth | None, entered: bool, scene: Scene) -> str:
    """Where it goes, or that it stays, with how fast and how its size changes."""
    way, swing = path.way(), path.swing()
    times = scene.times(path)
    if distance(way) < LEAST_WAY or ((swing or times) and distance(way) < CROSSING):
        text = _staying(path, swing, scene, times)
        return _with(text + _during(path, entered, scene, whole=" throughout"), _growing(growth, path))
    crosses = max(abs(way[0]), abs(way[1])) > CROSSING
    verb = "crosses" if crosses else "moves"
    words = [verb, word_for(path.speed(), OBJECT_SPEEDS), _route(path, entered)]
    text = " ".join(word for word in words if word) + _during(path, entered, scene, whole="")
    if not crosses and scene.is_followed(path):
        text += " as the camera follows it"
    repeating = f"repeating a movement {times}" if times else ""
    return _with(text, repeating, path.speed_change(), _growing(growth, path))


def _staying(path: TrackPath, swing: str, scene: Scene, times: str) -> str:
    where = place(*path.middle)
    if swing:
        return f"moves {swing} {f'{times} ' if times else ''}{where}"
    if times:
        return f"stays {where} and repeats a movement {times}"
    if scene.is_followed(path):
        return f"stays {where} as the camera follows it"
    return f"stays {where} and moves in place"


def _route(path: TrackPath, entered: bool) -> str:
    """ "from the left to the middle", "a little to the right"."""
    across, down = path.way()
    if abs(across) > 2 * abs(down):
        here, there = (f"the {column(float(x))}" for x in path.x[[0, -1]])
    elif abs(down) > 2 * abs(across):
        here, there = (f"the {row(float(y))}" for y in path.y[[0, -1]])
    else:
        here, there = (_noun(place(*path.at(index))) for index in (0, -1))
    edge = path.exit_edge()
    if edge:
        there = f"the {edge} edge"
        if here.endswith(edge):
            return f"to {there}"
    elif path.side_touched() and there.endswith(path.side_touched()) and here != there:
        there = f"the {path.side_touched()} edge"
    elif here == there:
        sideways = ("to the left", "to the right")[across > 0]
        return f"a little {sideways if abs(across) > abs(down) else ('up', 'down')[down > 0]}"
    return f"to {there}" if entered else f"from {here} to {there}"


def _noun(where: str) -> str:
    """ "the upper left" from "in the upper left"."""
    return where.split(" ", 1)[1]


def _during(path: TrackPath, entered: bool, scene: Scene, *, whole: str) -> str:
    """The time of a clause: " from 1.0 s to 3.1 s", or less where the rest is known."""
    start, end = seconds(float(path.t_s[0])), seconds(float(path.t_s[-1]))
    leaves = bool(path.exit_edge()) and not scene.to_end(path)
    if entered or scene.from_start(path):
        if scene.to_end(path):
            return "" if entered else whole
        # Its leaving is told with its time.
        return "" if leaves else f" until {end}" if whole else f" by {end}"
    if scene.to_end(path):
        return f" from {start} on"
    return f" from {start} on" if leaves else f" from {start} to {end}"


def _with(text: str, *manners: str) -> str:
    """A clause with its participles: "crosses to the left, slowing down and growing ..."."""
    told = listed([manner for manner in manners if manner])
    return f"{text}, {told}" if told else text


def _growing(growth: Growth | None, path: TrackPath) -> str:
    """ "growing from a tenth to a third of the frame's width by 3.0 s, as if coming closer"."""
    if growth is None:
        return ""
    # People are as tall as they are, and as wide as their arms reach.
    side = 0 if max(growth.before[0], growth.after[0]) < 0.95 and path.label != "person" else 1
    before, after = fraction_of(growth.before[side]), fraction_of(growth.after[side])
    if before == after:
        return ""
    grows = growth.after[side] > growth.before[side]
    last_s = float(path.t_s[-1])
    by = f" by {seconds(growth.by_s)}" if last_s - growth.by_s > 2 * MOMENT_S else ""
    name = ("width", "height")[side]
    return (
        f"{'growing' if grows else 'shrinking'} from {before.removesuffix(' of')} to {after} the frame's "
        f"{name}{by}, as if {'coming closer' if grows else 'going away'}"
    )


def _exit(path: TrackPath, scene: Scene) -> str:
    """Its leaving, at the edge that the clause before has named."""
    edge = path.exit_edge()
    if not edge or scene.to_end(path):
        return ""
    return f"leaves there at {seconds(float(path.t_s[-1]))}"
