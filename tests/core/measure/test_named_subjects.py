"""The exact sentences about tracks whose names are known."""

from __future__ import annotations

from dataclasses import replace

from motionsight_core.measure.narrate import describe_objects
from motionsight_core.record import ObjectTrack
from tests.core.measure.test_narrate import END_S, START_S, measurement, objects, track

LEFT, RIGHT = (0.1, 0.2, 0.3, 0.9), (0.6, 0.2, 0.8, 0.9)
SMALL = (0.8, 0.8, 0.85, 0.9)


def named(label: str, *arguments, **options) -> ObjectTrack:
    return replace(track(*arguments, **options), label=label)


def test_a_name_takes_the_place_of_the_region_and_a_person_has_a_height() -> None:
    assert objects(named("person", 1, LEFT, LEFT)) == (
        "A person about two thirds of the frame tall stays on the left and moves in place throughout."
    )
    assert objects(named("airplane", 1, (0.1, 0.4, 0.3, 0.5), (0.7, 0.4, 0.9, 0.5))) == (
        "An airplane about a fifth of the frame wide crosses from the left to the right."
    )


def test_two_of_a_name_at_once_are_told_apart() -> None:
    told = objects(named("person", 1, LEFT, LEFT, score=0.9), named("person", 2, RIGHT, RIGHT, score=0.8))
    assert told == (
        "A person about two thirds of the frame tall stays on the left and moves in place throughout. "
        "Another person about two thirds of the frame tall stays on the right and moves in place throughout."
    )


def test_two_of_a_name_of_which_one_is_small() -> None:
    told = objects(named("dog", 1, LEFT, LEFT, score=0.9), named("dog", 2, SMALL, SMALL, score=0.8))
    assert told.endswith("A smaller dog stays in the lower right and moves in place throughout.")


def test_one_that_comes_when_another_of_its_name_has_gone_may_be_the_same() -> None:
    told = objects(
        named("dog", 1, LEFT, LEFT, score=0.9, end_s=1.5),
        named("dog", 2, RIGHT, RIGHT, score=0.8, start_s=2.5),
    )
    assert told == (
        "A dog about two thirds of the frame tall stays on the left and moves in place until 1.5 s. "
        "Perhaps the same dog stays on the right and moves in place from 2.5 s on."
    )


def test_a_region_beside_a_person_is_a_region_not_another_one() -> None:
    told = objects(named("person", 1, LEFT, LEFT, score=0.9), track(2, RIGHT, RIGHT, score=0.8))
    assert told.endswith(
        "A region about two thirds of the frame tall stays on the right and moves in place throughout."
    )


def test_those_without_a_sentence_of_their_own_are_counted_by_their_names() -> None:
    person = named("person", 1, LEFT, LEFT, score=0.9)
    people = [named("person", n, SMALL, SMALL, score=0.1) for n in (2, 3)]
    sheep = [named("sheep", n, SMALL, SMALL, score=0.1) for n in (4, 5, 6)]
    region = track(7, SMALL, SMALL, score=0.1)
    assert objects(person, *people).endswith(" Two other people move in the lower right.")
    assert objects(person, *people, *sheep, region).endswith(
        " Two other people, three sheep and a region move in the lower right."
    )


def test_what_comes_back_several_times_is_counted_as_often_as_it_is_there_at_once() -> None:
    person = named("person", 1, LEFT, LEFT, score=0.9)
    dogs = [
        named("dog", n, SMALL, SMALL, score=0.1, start_s=start, end_s=start + 0.8)
        for n, start in ((2, 0.0), (3, 1.2), (4, 2.4))
    ]
    assert objects(person, *dogs).endswith(" A dog moves in the lower right.")


def test_a_single_one_left_is_told_with_its_time() -> None:
    person = named("person", 1, LEFT, LEFT, score=0.9)
    car = named("car", 2, SMALL, SMALL, score=0.1, start_s=1.0, end_s=2.0)
    assert objects(person, car).endswith(" A car moves in the lower right from 1.0 s to 2.0 s.")


def test_a_crowd_is_counted_in_all_and_at_once_and_nobody_in_it_is_told_of() -> None:
    walkers = [
        named("person", n, SMALL, RIGHT, score=0.3, start_s=0.1 * n, end_s=0.1 * n + 1.12) for n in range(28)
    ]
    assert objects(*walkers) == "About thirty people move in the lower right, up to twelve at once."


def test_one_who_stands_out_of_a_crowd_has_a_sentence_of_its_own() -> None:
    first = named("person", 1, LEFT, LEFT, score=0.9)
    others = [named("person", n, SMALL, SMALL, score=0.2) for n in range(2, 10)]
    assert objects(first, *others) == (
        "A person about two thirds of the frame tall stays on the left and moves in place throughout. "
        "Eight other people move in the lower right."
    )


def test_those_beyond_the_rows_tracks_are_counted_as_well() -> None:
    people = tuple(named("person", n, SMALL, SMALL, score=0.3) for n in range(1, 9))
    told = replace(measurement(tracks=people), objects_at_once=40, objects_in_all=61)
    assert describe_objects(told, start_s=START_S, end_s=END_S) == (
        "About sixty people move in the lower right, up to about forty at once."
    )
