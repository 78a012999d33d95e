"""Which tracks get a caption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motionsight_core.instances.choice import chosen_tracks
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.settings import InstanceSettings
from tests.core.instances.objects import track

SETTINGS = InstanceSettings()


def growing(first: float, last: float, *, number: int = 1, x: float = 0.5, y: float = 0.5) -> ObjectTrack:
    """A square whose side goes from one fraction of the frame to another in 2 s."""
    times_s = np.linspace(0.0, 2.0, 21)
    sides = np.geomspace(first, last, len(times_s)) / 2
    boxes = tuple(
        Box(float(t), *(float(np.clip(edge, 0, 1)) for edge in (x - side, y - side, x + side, y + side)))
        for t, side in zip(times_s, sides, strict=True)
    )
    return ObjectTrack(number, "thing", 0.9, 0.0, 2.0, boxes)


def numbers(*tracks: ObjectTrack, settings: InstanceSettings = SETTINGS) -> list[int]:
    return [one.track_id for one in chosen_tracks(tracks, settings)]


def test_the_longest_come_first_and_of_equally_long_ones_what_goes_farthest() -> None:
    short = replace(track(1, end_s=1.0), track_id=4)
    assert numbers(track(2), short, track(3), track(1)) == [1, 3, 2, 4]
    two = InstanceSettings(most=2)
    assert numbers(track(2), short, track(3), track(1), settings=two) == [1, 3]


def test_a_box_around_everything_is_left_out() -> None:
    assert numbers(growing(0.7, 0.7)) == [1]
    assert numbers(growing(0.9, 0.9)) == []
    assert numbers(growing(0.7, 0.7), settings=InstanceSettings(largest_area=0.4)) == []


def test_a_box_that_jumps_to_another_thing_is_left_out_and_one_that_comes_nearer_stays() -> None:
    assert numbers(growing(0.1, 0.4)) == [1]
    assert numbers(growing(0.05, 0.45)) == []
    assert numbers(growing(0.1, 0.4), settings=InstanceSettings(area_ratio=9)) == []


def test_what_the_edge_of_the_frame_cuts_does_not_count_as_growth() -> None:
    # It comes in at the left, and is whole from the sixth box on.
    sides = [(0.0, 0.02 + 0.04 * i) for i in range(5)] + [
        (0.03 * i - 0.1, 0.03 * i + 0.1) for i in range(5, 21)
    ]
    boxes = tuple(Box(i / 10, x0, 0.4, x1, 0.6) for i, (x0, x1) in enumerate(sides))
    dog = ObjectTrack(1, "dog", 0.9, 0.0, 2.0, boxes)
    assert numbers(dog, settings=InstanceSettings(area_ratio=2)) == [1]
