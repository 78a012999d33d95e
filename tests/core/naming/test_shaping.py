"""The boxes of things from the boxes of what moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from motionsight_core.naming.shaping import shaped
from motionsight_core.naming.types import Detection, FrameDetections
from motionsight_core.record import MOVING_REGION, Box, ObjectTrack

Corners = tuple[float, float, float, float]
LOOKS_S = (0.5, 2.0, 3.5, 5.0, 6.5, 8.0, 9.5)


def track(number: int, box_at: Callable[[float], Corners], start_s: float, end_s: float) -> ObjectTrack:
    times = np.arange(round(10 * start_s), round(10 * end_s) + 1) / 10
    boxes = tuple(Box(float(t_s), *box_at(float(t_s))) for t_s in times)
    return ObjectTrack(number, MOVING_REGION, 0.5, start_s, end_s, boxes)


def frames(found_at: Callable[[float], Sequence[Detection]]) -> list[FrameDetections]:
    return [FrameDetections(t_s, tuple(found_at(t_s))) for t_s in LOOKS_S]


def corners(one: ObjectTrack, t_s: float) -> Corners:
    box = min(one.boxes, key=lambda box: abs(box.t_s - t_s))
    return box.x0, box.y0, box.x1, box.y1


def walking(t_s: float) -> Corners:
    return (0.05 * t_s, 0.2, 0.05 * t_s + 0.2, 0.9)


def running(t_s: float) -> Corners:
    return (0.75 - 0.05 * t_s, 0.6, 0.95 - 0.05 * t_s, 0.9)


def both(*boxes: Corners) -> Corners:
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def test_an_arm_that_moves_gets_the_box_of_the_person() -> None:
    def arm(t_s: float) -> Corners:
        x0, y0, x1, _ = walking(t_s)
        return x0, y0, x1, y0 + 0.4

    (person,) = shaped(
        [track(1, arm, 0, 10)], frames(lambda t_s: [Detection("person", 0.8, walking(t_s))]), {1: "person"}
    )
    for t_s in (0.0, 2.7, 6.0, 10.0):
        assert corners(person, t_s) == pytest.approx(walking(t_s), abs=0.02)


def test_a_juggler_and_the_ball_that_rises_above_are_two_tracks_and_the_juggler_keeps_a_size() -> None:
    person = (0.4, 0.4, 0.6, 1.0)

    def ball(t_s: float) -> Corners:
        y = 0.2 + 0.15 * float(np.sin(5 * t_s))
        return 0.45, y - 0.04, 0.53, y + 0.04

    found = frames(lambda t_s: [Detection("person", 0.8, person), Detection("sports ball", 0.6, ball(t_s))])
    juggler, thrown = shaped([track(1, lambda t_s: both(person, ball(t_s)), 0, 10)], found, {})
    assert all(corners(juggler, t_s) == pytest.approx(person, abs=0.01) for t_s in (1.0, 4.2, 7.7))
    assert thrown.track_id == 2
    assert corners(thrown, 3.5) == pytest.approx(ball(3.5), abs=0.02)


def test_a_region_that_covers_a_person_and_a_dog_is_two_tracks_for_as_long_as_each_is_there() -> None:
    found = frames(
        lambda t_s: [
            Detection("person", 0.8, walking(t_s)),
            *([Detection("dog", 0.7, running(t_s))] if t_s < 6 else []),
        ]
    )
    region = track(1, lambda t_s: both(walking(t_s), running(t_s)) if t_s < 6 else walking(t_s), 0, 10)
    person, dog = shaped([region], found, {})
    assert (person.track_id, dog.track_id) == (1, 2)
    assert (person.start_s, person.end_s, dog.start_s) == (0.0, 10.0, 0.0)
    assert dog.end_s < 7
    assert corners(person, 4.2) == pytest.approx(walking(4.2), abs=0.03)
    assert corners(dog, 4.2) == pytest.approx(running(4.2), abs=0.03)


def test_a_part_of_a_region_of_whose_name_the_detector_is_unsure_is_one_thing_where_it_keeps_its_place() -> (
    None
):
    def bus(t_s: float) -> Corners:
        x0, y0, x1, _ = walking(t_s)
        return x0 - 0.05, y0 - 0.15, x1 + 0.05, y0

    said = dict(
        zip(LOOKS_S, ("bus", "airplane", "bus", "airplane", "airplane", "bus", "airplane"), strict=True)
    )
    found = frames(lambda t_s: [Detection("person", 0.6, walking(t_s)), Detection(said[t_s], 0.4, bus(t_s))])
    parts = shaped([track(1, lambda t_s: both(walking(t_s), bus(t_s)), 0, 10)], found, {})
    person, other = sorted(parts, key=lambda one: -corners(one, 5.0)[3])
    assert corners(person, 4.2) == pytest.approx(walking(4.2), abs=0.03)
    assert corners(other, 4.2) == pytest.approx(bus(4.2), abs=0.03)


def test_two_names_in_different_places_of_a_region_are_no_second_thing() -> None:
    def seen(t_s: float) -> list[Detection]:
        x0, y0, x1, y1 = walking(t_s)
        number = LOOKS_S.index(t_s)
        wrong = Detection(
            ("car", "bird", "cow", "boat")[number % 4],
            0.4,
            (x0, y0 + 0.1 * number, x0 + 0.1, y0 + 0.1 * number + 0.08),
        )
        return [Detection("person", 0.8, (x0, y0, x1, y1)), wrong]

    assert len(shaped([track(1, walking, 0, 10)], frames(seen), {})) == 1


def test_two_parts_of_one_person_are_one_track() -> None:
    def head(t_s: float) -> Corners:
        x0, y0, x1, _ = walking(t_s)
        return x0, y0, x1, y0 + 0.2

    def legs(t_s: float) -> Corners:
        x0, _, x1, y1 = walking(t_s)
        return x0, y1 - 0.3, x1, y1

    found = frames(lambda t_s: [Detection("person", 0.8, walking(t_s))])
    (person,) = shaped([track(1, head, 0, 10), track(2, legs, 2, 8)], found, {})
    assert person.track_id == 1
    assert corners(person, 5.0) == pytest.approx(walking(5.0), abs=0.03)


def test_two_people_side_by_side_stay_two() -> None:
    def second(t_s: float) -> Corners:
        x0, y0, x1, y1 = walking(t_s)
        return x0 + 0.22, y0, x1 + 0.22, y1

    found = frames(lambda t_s: [Detection("person", 0.8, box(t_s)) for box in (walking, second)])
    tracks = [track(1, walking, 0, 10), track(2, second, 0, 10)]
    assert [one.track_id for one in shaped(tracks, found, {})] == [1, 2]


def test_a_parked_car_behind_someone_is_no_track() -> None:
    parked = Detection("car", 0.7, (0.1, 0.25, 0.4, 0.4))
    found = frames(lambda t_s: [Detection("person", 0.8, walking(t_s)), parked])
    region = track(1, lambda t_s: both(walking(t_s), parked.box), 0, 10)
    assert len(shaped([region], found, {})) == 1


def test_cars_that_someone_passes_one_after_the_other_are_no_track() -> None:
    cars = [Detection("car", 0.7, (left, 0.3, left + 0.08, 0.4)) for left in (0.06, 0.14, 0.22, 0.3, 0.38)]

    def seen(t_s: float) -> list[Detection]:
        hidden = walking(t_s)
        shown = [car for car in cars if car.box[2] <= hidden[0] or car.box[0] >= hidden[2]]
        return [Detection("person", 0.8, hidden), *shown]

    def with_shadow(t_s: float) -> Corners:
        x0, y0, x1, y1 = walking(t_s)
        return x0 - 0.12, y0, x1, y1

    found = shaped([track(1, with_shadow, 3, 10)], frames(seen), {1: "person"})

    assert [corners(one, 5) for one in found] == [pytest.approx(walking(5))]


def test_a_parked_car_of_which_someone_hides_one_end_and_then_the_other_is_no_track() -> None:
    car = (0.3, 0.3, 0.6, 0.4)

    def seen(t_s: float) -> list[Detection]:
        hidden = walking(t_s)
        left, right = (car[0], min(car[2], hidden[0])), (max(car[0], hidden[2]), car[2])
        x0, x1 = max(left, right, key=lambda side: side[1] - side[0])
        found = [Detection("person", 0.8, hidden)]
        return [*found, Detection("car", 0.7, (x0, car[1], x1, car[3]))] if x1 - x0 > 0.05 else found

    region = track(1, lambda t_s: both(walking(t_s), (0.3, 0.3, 0.6, 0.4)), 3, 10)

    assert len(shaped([region], frames(seen), {1: "person"})) == 1


def test_tracks_that_swapped_a_person_and_a_dog_where_these_met_are_set_right() -> None:
    def first(t_s: float) -> Corners:
        return walking(t_s) if t_s < 7.2 else running(t_s)

    def second(t_s: float) -> Corners:
        return running(t_s) if t_s < 7.2 else walking(t_s)

    found = frames(lambda t_s: [Detection("person", 0.8, walking(t_s)), Detection("dog", 0.7, running(t_s))])
    tracks = shaped([track(1, first, 0, 10), track(2, second, 0, 10)], found, {})
    assert sorted(one.track_id for one in tracks) == [1, 2]
    assert corners(tracks[0], 1.0) == pytest.approx(walking(1.0), abs=0.03)
    assert corners(tracks[0], 9.0) == pytest.approx(walking(9.0), abs=0.03)
    assert corners(tracks[1], 9.0) == pytest.approx(running(9.0), abs=0.03)


def test_a_thing_that_the_detector_calls_something_else_later_stays_one_track() -> None:
    found = frames(lambda t_s: [Detection("person" if t_s < 5 else "car", 0.8, walking(t_s))])
    (whole,) = shaped([track(1, walking, 0, 10)], found, {})
    assert (whole.track_id, whole.start_s, whole.end_s) == (1, 0, 10)


def test_what_no_detector_looked_at_stays_as_it_was_measured() -> None:
    region = track(1, walking, 0, 10)
    assert shaped([region], [], {}) == (region,)
    assert shaped([region], frames(lambda t_s: []), {}) == (region,)
