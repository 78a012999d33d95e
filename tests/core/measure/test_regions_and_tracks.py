"""Moving regions, their tracks, clarity, and what the meter keeps."""

from __future__ import annotations

from collections import deque
from typing import Any

import cv2
import numpy as np
import pytest

from motionsight_core.measure import MotionMeter, thumbnails
from motionsight_core.measure.clarity import clarity
from motionsight_core.measure.found import found_tracks
from motionsight_core.measure.regions import Region, Seen
from motionsight_core.measure.tracks import RegionTracker
from motionsight_core.record import ObjectTrack
from motionsight_core.settings import MeasureSettings
from tests.core.measure.pictures import FPS, HEIGHT, WIDTH, Luma, film, measured, texture, view

PICTURE = texture()
SQUARE = view(texture(5))[70:110, 100:140]


def with_square(frame: Luma, left: float, top: float = 70.0) -> Luma:
    """The frame with a textured square of 40 pixels before it."""
    x, y = round(left), round(top)
    low, high = max(x, 0), min(x + 40, WIDTH)
    if high > low:
        frame[y : y + 40, low:high] = SQUARE[:, low - x : high - x]
    return frame


def seen(index: int, regions: list[Region]) -> Seen:
    """The regions of a frame that shows nothing."""
    return Seen(index / FPS, np.zeros((HEIGHT, WIDTH), np.uint8), regions, layered=False)


def tracks_of(tracker: RegionTracker, duration_s: float) -> tuple[ObjectTrack, ...]:
    return found_tracks(tracker, duration_s, frame_s=1 / FPS).tracks


def covers(track: ObjectTrack, index: int, left: float, top: float, tolerance: float) -> bool:
    """Whether a box of the track lies on the square, sides in pixels."""
    box = track.boxes[index]
    sides = np.array([box.x0 * WIDTH, box.y0 * HEIGHT, box.x1 * WIDTH, box.y1 * HEIGHT])
    return bool(np.all(np.abs(sides - [left, top, left + 40, top + 40]) <= tolerance))


@pytest.mark.parametrize("pan", [0.0, 32.0])
def test_a_square_that_moves_is_one_track_of_boxes_around_it(pan: float) -> None:
    measurement = measured(film(lambda t: with_square(view(PICTURE, right=-pan * t), 20 + 60 * t)))

    (track,) = measurement.tracks
    assert track.label == "moving region"
    assert 0 < track.score <= 1
    assert (track.start_s, track.end_s) == pytest.approx((0.0, 2.9))
    inner = [
        index for index, box in enumerate(track.boxes) if 0.3 < box.t_s < 2.6
    ]  # the ends of a clip have frames to one side only
    assert len(inner) > 20
    assert all(covers(track, index, 20 + 60 * track.boxes[index].t_s, 70, 8) for index in inner)


def test_a_slow_square_is_found_though_it_moves_less_than_a_pixel_a_frame() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE)
        shift = np.array([[1, 0, 100 + 6 * t_s], [0, 1, 70]], np.float32)
        return cv2.warpAffine(
            SQUARE, shift, (WIDTH, HEIGHT), dst=frame, borderMode=cv2.BORDER_TRANSPARENT
        ).astype(np.uint8)

    (track,) = measured(film(frame_at)).tracks
    assert track.end_s - track.start_s > 2.5


def test_two_squares_that_part_are_two_tracks() -> None:
    measurement = measured(
        film(lambda t: with_square(with_square(view(PICTURE), 30 + 50 * t, 20), 250 - 50 * t, 120))
    )

    assert len(measurement.tracks) == 2
    assert {track.track_id for track in measurement.tracks} == {1, 2}


def test_tracks_end_at_a_cut() -> None:
    other = texture(8)

    measurement = measured(
        film(lambda t: with_square(view(PICTURE if t < 1.45 else other), 20 + 60 * t), seconds=3.0)
    )

    assert measurement.cuts == (1.5,)
    assert all(track.end_s < 1.5 or track.start_s >= 1.5 for track in measurement.tracks)
    assert len(measurement.tracks) == 2


def test_boxes_stay_inside_the_frame_while_an_object_enters_and_leaves() -> None:
    (track,) = measured(film(lambda t: with_square(view(PICTURE), -60 + 150 * t))).tracks

    sides = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
    assert sides.min() >= 0
    assert sides.max() <= 1
    assert (sides[:, 2] > sides[:, 0]).all()


def test_a_region_that_jumps_to_another_corner_is_another_track() -> None:
    tracker = RegionTracker(FPS)
    for index in range(20):
        box = (0.1, 0.1, 0.2, 0.2) if index < 10 else (0.8, 0.8, 0.9, 0.9)
        tracker.push(seen(index, [Region(box, 0.01, 3.0)]))

    assert [(track.start_s, track.end_s) for track in tracks_of(tracker, 2.0)] == [(0.0, 0.9), (1.0, 1.9)]


def test_a_region_unseen_for_a_moment_keeps_its_track() -> None:
    tracker = RegionTracker(FPS)
    for index in range(20):
        left = 0.02 * index
        hidden = 8 <= index <= 10
        tracker.push(seen(index, [] if hidden else [Region((left, 0.4, left + 0.1, 0.6), 0.01, 3.0)]))

    (track,) = tracks_of(tracker, 2.0)
    assert len(track.boxes) == 17


def test_what_flickers_here_and_there_is_no_track() -> None:
    rng = np.random.default_rng(0)
    tracker = RegionTracker(FPS)
    for index in range(40):
        x, y = rng.uniform(0, 0.9, 2)
        regions = [Region((x, y, x + 0.05, y + 0.05), 0.001, 1.5)] if index % 3 == 0 else []
        tracker.push(seen(index, regions))

    assert tracks_of(tracker, 4.0) == ()


def test_the_largest_and_longest_track_comes_first() -> None:
    tracker = RegionTracker(FPS)
    for index in range(20):
        small = Region((0.9, 0.1, 0.95, 0.15), 0.002, 3.0)
        large = Region((0.2, 0.2, 0.6, 0.8), 0.15, 3.0)
        tracker.push(seen(index, [small, large]))

    first, second = tracks_of(tracker, 2.0)
    assert first.boxes[0].x0 == 0.2
    assert first.score > second.score


def test_the_motion_score_is_the_mean_flow_in_widths_a_second() -> None:
    assert measured(film(lambda t: view(PICTURE, right=-32 * t))).motion_score == pytest.approx(0.1, rel=0.03)
    assert measured(film(lambda _: view(PICTURE))).motion_score < 0.001


def test_clarity_falls_with_blur_and_not_with_noise() -> None:
    sharp = view(texture(2))
    edges = np.where(sharp > 128, 200, 60).astype(np.uint8)
    blurs = [cv2.GaussianBlur(edges, (0, 0), sigma).astype(np.uint8) for sigma in (1.0, 2.0, 4.0)]
    noise = np.random.default_rng(0).normal(0, 3, edges.shape)
    noisy_blur = np.clip(blurs[2] + noise, 0, 255).astype(np.uint8)

    scores = [clarity(picture) for picture in (edges, *blurs)]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 0.4
    assert clarity(noisy_blur) < scores[0] - 0.2
    assert clarity(np.full((HEIGHT, WIDTH), 90, np.uint8)) == 0.0


def bytes_of_arrays(root: object) -> int:
    """Bytes of all arrays that an object holds, directly or through what it holds."""
    seen: set[int] = set()
    total = 0
    waiting: list[Any] = [root]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            total += value.nbytes
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | deque):
            waiting += value
        else:
            waiting += getattr(value, "__dict__", {}).values()
            waiting += [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    return total


def test_thumbnails_are_small_and_end_with_their_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "MOST", 20)
    kept = thumbnails.Thumbnails()
    for index in range(60):
        kept.push(view(PICTURE), index / FPS)
    assert 0 < bytes_of_arrays(kept) <= 20 * thumbnails.WIDTH**2
    boxes = np.tile((0.2, 0.2, 0.6, 0.8), (60, 1))
    times_s, signals = kept.components(np.arange(60) / FPS, boxes, start_s=0.0, end_s=6.0)
    assert len(times_s) == 20
    assert {len(signal) for signal in signals} == {20}


def test_the_meter_keeps_no_more_frames_in_a_long_clip_than_in_a_short_one() -> None:
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    kept = []
    for index in range(160):
        meter.push(with_square(view(PICTURE), 20 + (index * 4) % 240), index / FPS)
        kept.append(bytes_of_arrays(meter) - bytes_of_arrays(meter._thumbnails))

    assert kept[80] > 7 * HEIGHT * WIDTH
    assert kept[-1] <= kept[80]
