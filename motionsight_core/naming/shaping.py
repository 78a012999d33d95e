"""Tracks take the shape of things, as far as the detector says how far these reach beyond what moves.

What is measured may be an arm of a person, a person together with a mower, or two people in one region. In
the few frames that the detector saw, its boxes say which: a region that covers two things is two tracks, two
regions inside one thing are one, and the box of a track is the thing's. Between these frames the box follows
by interpolation: of the thing's own box, or of the margins between it and the region, whichever foretells
the detections that are left out in turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from motionsight_core.measure.corners import Corners, area, iou, share_inside
from motionsight_core.naming.identity import set_right
from motionsight_core.naming.interpolation import BEYOND_S, boxes_between
from motionsight_core.naming.looks import Look, arrays_of, centre_of, looks_of
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.naming.vocabulary import kind_of
from motionsight_core.naming.voting import fit_of
from motionsight_core.record import Box, ObjectTrack

Floats = NDArray[np.float64]

#: Share of a detection that lies in a track's box which covers it, and of a box in a detection it is part of.
COVERED = 0.6
#: Share of the frames, and number of them, in which a region must cover several things to be several tracks.
OFTEN, LEAST_FRAMES = 0.5, 2
#: Most things that one region is taken to be.
MOST_THINGS = 4
#: What stays where it is while something else moves before it, and the way that it may seem to go meanwhile
#: as more or less of it is seen, its own lengths.
VEHICLES = frozenset({"bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"})
PARKED = 0.4
#: ... and one that is at the same place in two frames, by this IoU, was parked in both; or if in one of them
#: this share of it lies within the other box, two sides of which it has, within a share of the box's own
#: sides: the rest was hidden by what passes.
SAME_PLACE = 0.7
HIDDEN_INSIDE, SIDES_IN_COMMON, SAME_SIDE = 0.8, 2, 0.15
#: A thing keeps its place in a region if two detections, in fractions of it there, overlap by this, IoU. The
#: detector may then have changed its mind about the name, at this cost of a match, of which 1 is too much.
KEEPS_PLACE, OTHER_NAME = 0.5, 0.9
#: Fit of a detection to the track that it is of.
OWNED_FIT = 0.6
#: Fit of a detection to the track that it shapes; see `fit_of`.
LEAST_FIT = 0.35


def shaped(
    tracks: Sequence[ObjectTrack], frames: Sequence[FrameDetections], names: Mapping[int, str]
) -> tuple[ObjectTrack, ...]:
    """The tracks of things, in the order of those that are given; one that becomes two keeps its number.

    Args:
        tracks: of one clip.
        frames: what the detector saw.
        names: of the tracks that were recognised, by their numbers.
    """
    if not frames:
        return tuple(tracks)
    tracks = set_right(tracks, frames)
    free = max((track.track_id for track in tracks), default=0) + 1
    parked = _parked(frames)
    parts: list[ObjectTrack] = []
    of_thing: dict[int, str] = dict(names)
    for track in tracks:
        others = [other for other in tracks if other is not track]
        found = _split(track, looks_of(track, frames), _owned(others, frames) | parked)
        for number, (part, label) in enumerate(found):
            if number:
                part = replace(part, track_id=free)
                free += 1
            if label:
                of_thing[part.track_id] = label
            parts.append(part)
    whole = _joined(parts, frames)
    return tuple(_fitted(track, looks_of(track, frames), of_thing.get(track.track_id, "")) for track in whole)


def _owned(tracks: Sequence[ObjectTrack], frames: Sequence[FrameDetections]) -> set[tuple[float, Corners]]:
    """The detections that are of these tracks, by time and box."""
    return {
        (look.t_s, one.box)
        for track in tracks
        for look in looks_of(track, frames)
        for one in look.things
        if fit_of(one.box, look.box) >= OWNED_FIT
    }


def _parked(frames: Sequence[FrameDetections]) -> set[tuple[float, Corners]]:
    """The detections of vehicles that another frame has at the same place, by time and box."""
    found = [(frame.t_s, one) for frame in frames for one in frame.detections if one.label in VEHICLES]
    return {
        (t_s, one.box)
        for t_s, one in found
        if any(
            at_s != t_s
            and (
                iou(one.box, other.box) >= SAME_PLACE
                or _is_partly(one.box, other.box)
                or _is_partly(other.box, one.box)
            )
            for at_s, other in found
        )
    }


def _is_partly(shown: Corners, whole: Corners) -> bool:
    """Whether a box is what is left to see of another where something hides the rest."""
    if share_inside(shown, whole) < HIDDEN_INSIDE:
        return False
    width, height = whole[2] - whole[0], whole[3] - whole[1]
    slack = [SAME_SIDE * side for side in (width, height, width, height)]
    return sum(abs(a - b) <= most for a, b, most in zip(shown, whole, slack, strict=True)) >= SIDES_IN_COMMON


def _split(
    track: ObjectTrack, looks: Sequence[Look], beside: Collection[tuple[float, Corners]]
) -> list[tuple[ObjectTrack, str]]:
    """The track, or the tracks of the things that its region covers, each with the name of the thing.

    Args:
        track: the track.
        looks: at it.
        beside: detections to leave out, by time and box: those of other tracks, and of what is parked.
    """
    covered = [
        [
            one
            for one in look.things
            if share_inside(one.box, look.box) >= COVERED and (look.t_s, one.box) not in beside
        ]
        for look in looks
    ]
    counts = np.array([len(things) for things in covered])
    most = max(
        (
            count
            for count in range(2, MOST_THINGS + 1)
            if np.sum(counts >= count) >= max(LEAST_FRAMES, OFTEN * len(looks))
        ),
        default=1,
    )
    if most == 1:
        return [(track, "")]
    courses = _courses(looks, covered, most)
    courses = [course for course in courses if len(course) >= LEAST_FRAMES and not _is_parked(course)]
    if len(courses) < 2:
        return [(track, "")]
    courses.sort(key=lambda course: -float(np.mean([area(one.box) for _, one in course])))
    spans = _spans(track, looks, courses)
    return [
        (_along(track, looks, course, span), _most_said([one for _, one in course]))
        for course, span in zip(courses, spans, strict=True)
    ]


def _is_parked(course: Sequence[tuple[int, Detection]]) -> bool:
    """Whether it is a vehicle that stays where it is, before which something else moves."""
    boxes = np.array([one.box for _, one in course])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    length = float(np.median((boxes[:, 2:] - boxes[:, :2]).max(axis=1)))
    return course[0][1].label in VEHICLES and float(np.ptp(centres, axis=0).max()) < PARKED * length


def _spans(
    track: ObjectTrack, looks: Sequence[Look], courses: Sequence[Sequence[tuple[int, Detection]]]
) -> list[tuple[float, float]]:
    """When each of the things in a region is there; at any time of the track at least one is."""
    first, last = track.boxes[0].t_s, track.boxes[-1].t_s
    spans = [
        (
            first if course[0][0] == 0 else looks[course[0][0]].t_s - BEYOND_S,
            last if course[-1][0] == len(looks) - 1 else looks[course[-1][0]].t_s + BEYOND_S,
        )
        for course in courses
    ]
    earliest = min(range(len(spans)), key=lambda number: spans[number][0])
    spans[earliest] = first, spans[earliest][1]
    latest = max(range(len(spans)), key=lambda number: spans[number][1])
    spans[latest] = spans[latest][0], last
    return spans


def _courses(
    looks: Sequence[Look], covered: Sequence[Sequence[Detection]], most: int
) -> list[list[tuple[int, Detection]]]:
    """The things from frame to frame, each as the numbers of its looks and its detections there."""
    first = next(number for number, things in enumerate(covered) if len(things) >= most)
    courses = [[(first, one)] for one in covered[first][:most]]
    for order in (range(first + 1, len(looks)), range(first - 1, -1, -1)):
        last = [(looks[first], course[0][1]) for course in courses]
        for number in order:
            things = covered[number]
            if not things:
                continue
            look = looks[number]
            cost = np.array([[_unlike(*before, look, one) for one in things] for before in last])
            for row, column in zip(*linear_sum_assignment(cost), strict=True):
                if cost[row, column] < 1:
                    courses[row].append((number, things[column]))
                    last[row] = look, things[column]
    return [sorted(course, key=lambda one: one[0]) for course in courses]


def _unlike(look: Look, before: Detection, next_look: Look, after: Detection) -> float:
    """1 or more where detections in two looks at a region, one after the other, are hardly one thing."""
    if after.label not in kind_of(before.label):
        overlap = iou(_in_region(look, before), _in_region(next_look, after))
        return OTHER_NAME if overlap >= KEEPS_PLACE else 2.0
    ratio = abs(float(np.log(area(before.box) / area(after.box))))
    return 0.5 * float(np.hypot(*(centre_of(before.box) - centre_of(after.box)))) / 0.3 + 0.25 * ratio


def _in_region(look: Look, thing: Detection) -> Corners:
    """The box of a detection in fractions of the region that was looked at."""
    x0, y0, x1, y1 = look.box
    width, height = x1 - x0, y1 - y0
    left, top, right, bottom = thing.box
    return (left - x0) / width, (top - y0) / height, (right - x0) / width, (bottom - y0) / height


def _along(
    track: ObjectTrack,
    looks: Sequence[Look],
    course: Sequence[tuple[int, Detection]],
    span: tuple[float, float],
) -> ObjectTrack:
    """The track of one of the things in a region, for as long as it is there."""
    t_s, boxes = arrays_of(track)
    known_s = np.array([looks[number].t_s for number, _ in course])
    there = (t_s >= span[0]) & (t_s <= span[1])
    found = boxes_between(t_s, boxes, known_s, np.array([one.box for _, one in course]))
    return _with_boxes(track, t_s[there], found[there])


def _joined(tracks: Sequence[ObjectTrack], frames: Sequence[FrameDetections]) -> list[ObjectTrack]:
    """Takes tracks together that are parts of one thing wherever the detector looked at both."""
    result: list[ObjectTrack] = []
    for track in tracks:
        host = next((number for number, other in enumerate(result) if _are_one(track, other, frames)), None)
        if host is None:
            result.append(track)
        else:
            result[host] = _union(result[host], track)
    return result


def _are_one(one: ObjectTrack, other: ObjectTrack, frames: Sequence[FrameDetections]) -> bool:
    theirs = {look.t_s: look for look in looks_of(other, frames)}
    together = [(look, theirs[look.t_s]) for look in looks_of(one, frames) if look.t_s in theirs]
    same = [
        any(
            share_inside(mine.box, thing.box) >= COVERED and share_inside(others.box, thing.box) >= COVERED
            for thing in mine.things
        )
        for mine, others in together
    ]
    return bool(same) and float(np.mean(same)) > OFTEN


def _union(one: ObjectTrack, other: ObjectTrack) -> ObjectTrack:
    boxes: dict[float, Box] = {box.t_s: box for box in one.boxes}
    for box in other.boxes:
        mine = boxes.get(box.t_s)
        boxes[box.t_s] = (
            box
            if mine is None
            else Box(
                box.t_s,
                min(mine.x0, box.x0),
                min(mine.y0, box.y0),
                max(mine.x1, box.x1),
                max(mine.y1, box.y1),
            )
        )
    times = sorted(boxes)
    return replace(
        one,
        score=max(one.score, other.score),
        start_s=times[0],
        end_s=times[-1],
        boxes=tuple(boxes[t_s] for t_s in times),
    )


def _fitted(track: ObjectTrack, looks: Sequence[Look], name: str) -> ObjectTrack:
    """The track with the boxes of the thing that it is called by."""
    if not name:
        return track
    known = [
        (look.t_s, best.box)
        for look in looks
        if (best := _best(look, kind_of(name))) is not None and fit_of(best.box, look.box) >= LEAST_FIT
    ]
    if len(known) < LEAST_FRAMES:
        return track
    t_s, boxes = arrays_of(track)
    known_s, things = np.array([at for at, _ in known]), np.array([box for _, box in known])
    return _with_boxes(track, t_s, boxes_between(t_s, boxes, known_s, things))


def _best(look: Look, kind: Collection[str]) -> Detection | None:
    alike = [one for one in look.things if one.label in kind]
    return max(alike, key=lambda one: one.score * fit_of(one.box, look.box), default=None)


def _with_boxes(track: ObjectTrack, t_s: Floats, boxes: Floats) -> ObjectTrack:
    """The track with other boxes; those of no extent left out."""
    boxes = boxes.clip(0, 1).round(4)
    whole = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    if not whole.any():
        return track
    kept = tuple(
        Box(float(at), *(float(side) for side in box))
        for at, box in zip(t_s[whole], boxes[whole], strict=True)
    )
    return replace(track, start_s=kept[0].t_s, end_s=kept[-1].t_s, boxes=kept)


def _most_said(detections: Sequence[Detection]) -> str:
    labels = [one.label for one in detections]
    return max(sorted(set(labels)), key=labels.count)
