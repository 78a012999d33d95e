"""Which frames the detector sees, and what the tracks are called then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from motionsight_core.naming.candidates import Candidate
from motionsight_core.naming.recognition import Recognition, frames_for, recognise
from motionsight_core.naming.types import Detection
from motionsight_core.record import MOVING_REGION, Box, ObjectTrack

Corners = tuple[float, float, float, float]
LEFT, RIGHT = (0.1, 0.2, 0.3, 0.8), (0.6, 0.2, 0.9, 0.8)


def track(number: int, corners: Corners, start_s: float, end_s: float) -> ObjectTrack:
    times = np.arange(round(10 * start_s), round(10 * end_s) + 1) / 10
    boxes = tuple(Box(float(t_s), *corners) for t_s in times)
    return ObjectTrack(number, MOVING_REGION, 0.5, start_s, end_s, boxes)


def recognised(
    tracks: Sequence[ObjectTrack],
    detect: Callable[[float], Sequence[Detection]],
    *,
    sharpness: Callable[[float], float] = lambda t_s: 1.0,
) -> Recognition:
    """Of candidates three in a second over ten seconds, whose pictures are their times."""
    times = np.arange(30) / 3
    candidates = [Candidate(float(t_s), n, sharpness(float(t_s)), float(t_s)) for n, t_s in enumerate(times)]
    return recognise(tracks, candidates, detect)


def test_each_track_gets_its_own_name_with_its_score() -> None:
    both = [Detection("person", 0.8, LEFT), Detection("dog", 0.6, RIGHT)]
    found = recognised([track(1, RIGHT, 0, 10), track(2, LEFT, 0, 10)], lambda t_s: both)
    assert [one.label for one in found.tracks] == ["dog", "person"]
    assert [(name.track_id, name.name) for name in found.names] == [(1, "dog"), (2, "person")]
    assert [name.score for name in found.names] == pytest.approx([0.6, 0.8], abs=0.01)


def test_what_is_clear_takes_few_frames_and_what_is_not_there_as_few() -> None:
    clear = recognised([track(1, LEFT, 0, 10)], lambda t_s: [Detection("person", 0.8, LEFT)])
    nothing = recognised([track(1, LEFT, 0, 10)], lambda t_s: [])
    assert (len(clear.detections), len(nothing.detections)) == (3, 4)
    assert nothing.names == () and nothing.tracks[0].label == MOVING_REGION


def test_what_is_doubtful_takes_nine_frames_of_ten_seconds_spread_over_the_track() -> None:
    found = recognised(
        [track(1, LEFT, 2, 8)], lambda t_s: [Detection(name, 0.6, LEFT) for name in ("cat", "dog")]
    )
    times = [frame.t_s for frame in found.detections]
    assert len(times) == 9
    assert min(times) < 3 and max(times) > 7 and max(np.diff(times)) < 1.7
    assert found.names == ()


def test_tracks_that_come_one_after_the_other_are_all_seen() -> None:
    tracks = [track(1, LEFT, 0, 3), track(2, RIGHT, 3.5, 6), track(3, LEFT, 6.5, 10)]
    both = [Detection("person", 0.8, LEFT), Detection("dog", 0.6, RIGHT)]
    found = recognised(tracks, lambda t_s: both)
    assert [one.label for one in found.tracks] == ["person", "dog", "person"]
    assert len(found.detections) <= 9


def test_sharp_frames_are_seen_first() -> None:
    sharp = {2.0, 5.0, 8.0}
    found = recognised(
        [track(1, LEFT, 0, 10)],
        lambda t_s: [Detection("person", 0.8, LEFT)],
        sharpness=lambda t_s: 10.0 if t_s in sharp else 1.0,
    )
    assert {frame.t_s for frame in found.detections} == sharp


def test_whole_boxes_are_seen_before_those_that_the_edge_cuts() -> None:
    entering = ObjectTrack(
        1, MOVING_REGION, 0.5, 0.0, 9.9,
        tuple(Box(t / 10, 0.0 if t < 50 else 0.4, 0.2, 0.3 if t < 50 else 0.7, 0.8) for t in range(100)),
    )  # fmt: skip
    seen: list[float] = []
    recognised([entering], lambda t_s: seen.append(t_s) or [])
    assert seen[0] >= 5.0


def test_how_many_frames_are_seen_at_most_grows_with_the_clip_up_to_a_bound() -> None:
    def most(span_s: float) -> int:
        return frames_for([Candidate(0.0, 0, 1.0, None), Candidate(span_s, 1, 1.0, None)])

    assert [most(span_s) for span_s in (1, 5, 10, 20, 60, 3600)] == [6, 6, 9, 18, 20, 20]


def test_without_tracks_no_frame_is_seen() -> None:
    assert recognised([], lambda t_s: []).detections == ()
