"""Camera motion, steadiness and cuts of pictures moved by known amounts."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from motionsight_core.measure import MotionMeter
from motionsight_core.measure.narrate import describe_camera
from motionsight_core.settings import MeasureSettings
from tests.core.measure.pictures import FPS, HEIGHT, WIDTH, Luma, film, measured, texture, view

PICTURE = texture()
#: The flow is exact to about one percent of a move.
RATE_TOLERANCE = 0.03

EIGHT_MOVES: dict[str, tuple[Callable[[float], Luma], float]] = {
    # Content drifts left by 32 of 320 pixels a second: the camera pans right by 0.1 widths a second.
    "pan_right": (lambda t: view(PICTURE, right=-32 * t), 0.1),
    "pan_left": (lambda t: view(PICTURE, right=32 * t), 0.1),
    # Content sinks by 18 of 180 pixels a second: the camera tilts up.
    "tilt_up": (lambda t: view(PICTURE, down=18 * t), 0.1),
    "tilt_down": (lambda t: view(PICTURE, down=-18 * t), 0.1),
    "zoom_in": (lambda t: view(PICTURE, scale=float(np.exp(0.1 * t))), 0.1),
    "zoom_out": (lambda t: view(PICTURE, scale=float(np.exp(-0.1 * t))), 0.1),
    # Content turns clockwise: the camera rolls counter-clockwise.
    "roll_ccw": (lambda t: view(PICTURE, clockwise=6 * t), 6.0),
    "roll_cw": (lambda t: view(PICTURE, clockwise=-6 * t), 6.0),
}


@pytest.mark.parametrize("label", EIGHT_MOVES)
def test_each_move_is_named_after_the_camera_with_its_rate_over_the_whole_clip(label: str) -> None:
    frame_at, rate = EIGHT_MOVES[label]

    measurement = measured(film(frame_at))

    (move,) = measurement.camera_moves
    assert move.label == label
    assert move.rate == pytest.approx(rate, rel=RATE_TOLERANCE)
    assert (move.start_s, move.end_s) == (0.0, 3.0)
    assert move.confidence > 0.8
    assert measurement.steadiness == "smooth"
    assert measurement.cuts == ()


def test_a_shift_gives_its_exact_velocity_pair_by_pair() -> None:
    path = measured(film(lambda t: view(PICTURE, right=-32 * t, down=18 * t))).camera_path

    assert path.pan == pytest.approx(0.1, rel=RATE_TOLERANCE)
    assert path.tilt == pytest.approx(0.1, rel=RATE_TOLERANCE)
    assert path.zoom == pytest.approx(0.0, abs=0.005)
    assert path.roll == pytest.approx(0.0, abs=0.3)
    assert path.t_s == pytest.approx(np.arange(29) / FPS + 0.05)


def test_uneven_times_do_not_change_a_velocity() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.06, 0.14, 30))

    measurement = measured([(float(t), view(PICTURE, right=-32 * float(t))) for t in times])

    (move,) = measurement.camera_moves
    assert move.label == "pan_right"
    assert measurement.camera_path.pan == pytest.approx(0.1, rel=RATE_TOLERANCE)
    assert measurement.steadiness == "smooth"


def test_a_pan_and_a_zoom_at_once_are_two_moves() -> None:
    measurement = measured(film(lambda t: view(PICTURE, right=-40 * t, scale=float(np.exp(0.12 * t)))))

    assert {move.label for move in measurement.camera_moves} == {"pan_right", "zoom_in"}


def test_a_pan_that_starts_and_stops_is_bounded_by_its_own_times() -> None:
    measurement = measured(film(lambda t: view(PICTURE, right=-48 * float(np.clip(t - 0.8, 0, 1.2)))))

    (move,) = measurement.camera_moves
    assert move.label == "pan_right"
    # Measured ten times a second.
    assert move.start_s == pytest.approx(0.8, abs=0.11)
    assert move.end_s == pytest.approx(2.0, abs=0.11)


def test_a_still_noisy_picture_is_one_static_segment_without_tracks() -> None:
    rng = np.random.default_rng(1)
    still = view(PICTURE).astype(np.float64)

    measurement = measured(
        film(lambda _: np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8))
    )

    (move,) = measurement.camera_moves
    assert (move.label, move.rate, move.start_s, move.end_s) == ("static", 0.0, 0.0, 3.0)
    assert measurement.steadiness == "static"
    assert measurement.tracks == ()


@pytest.mark.parametrize(("pixels", "steadiness"), [(0.5, "unsteady"), (5.0, "shaky")])
def test_a_trembling_picture_is_unsteady_or_shaky_but_no_move(pixels: float, steadiness: str) -> None:
    offsets = np.random.default_rng(2).normal(0, pixels, (40, 2))

    def frame_at(t_s: float) -> Luma:
        right, down = offsets[round(t_s * FPS)]
        return view(PICTURE, right=float(right), down=float(down))

    measurement = measured(film(frame_at))

    assert measurement.steadiness == steadiness
    assert [move.label for move in measurement.camera_moves] == ["static"]


def test_a_shaking_pan_is_still_a_pan() -> None:
    offsets = np.random.default_rng(3).normal(0, 3.0, (40, 2))

    def frame_at(t_s: float) -> Luma:
        right, down = offsets[round(t_s * FPS)]
        return view(PICTURE, right=float(right) - 48 * t_s, down=float(down))

    measurement = measured(film(frame_at))

    assert {move.label for move in measurement.camera_moves} == {"pan_right"}
    assert measurement.steadiness == "shaky"


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_shaking_end_does_not_make_a_still_clip_shake(is_cut: bool) -> None:
    rng = np.random.default_rng(4)
    offsets, noise = rng.normal(0, 5.0, (100, 2)), rng.normal(0, 2.0, (100, HEIGHT, WIDTH))
    other = texture(9)

    def frame_at(t_s: float) -> Luma:
        right, down = offsets[round(t_s * FPS)] if t_s > 6.35 else (0.0, 0.0)
        frame = view(other if is_cut and t_s > 6.35 else PICTURE, right=float(right), down=float(down))
        return np.clip(frame + noise[round(t_s * FPS)], 0, 255).astype(np.uint8)

    measurement = measured(film(frame_at, seconds=9.0))

    assert measurement.steadiness == "static"
    assert [move.label for move in measurement.camera_moves] == ["static"]
    (span,) = measurement.shaken
    assert span.steadiness == "shaky"
    assert (span.start_s, span.end_s) == pytest.approx((6.4, 9.0), abs=0.5)
    assert describe_camera(measurement, start_s=0.0, end_s=9.0).endswith(
        " s to the end the picture shakes strongly, as if the camera were held by hand."
    )


def test_what_shakes_for_most_of_its_time_is_shaky_and_told_where() -> None:
    offsets = np.random.default_rng(5).normal(0, 5.0, (100, 2))

    def frame_at(t_s: float) -> Luma:
        right, down = offsets[round(t_s * FPS)] if t_s < 6.05 else offsets[60]
        return view(PICTURE, right=float(right), down=float(down))

    measurement = measured(film(frame_at, seconds=9.0))

    assert measurement.steadiness == "shaky"
    assert [(span.start_s, round(span.end_s)) for span in measurement.shaken] == [(0.0, 6)]


def test_a_new_picture_is_a_cut_at_its_first_frame_and_moves_end_there() -> None:
    other = texture(9)

    measurement = measured(
        film(lambda t: view(PICTURE, right=-32 * t) if t < 1.45 else view(other, right=-32 * t))
    )

    assert measurement.cuts == (1.5,)
    assert [(move.label, move.start_s, move.end_s) for move in measurement.camera_moves] == [
        ("pan_right", 0.0, 1.5),
        ("pan_right", 1.5, 3.0),
    ]


def test_shots_of_four_tenths_of_a_second_have_moves_of_their_own() -> None:
    pictures = [texture(seed) for seed in range(6)]

    def frame_at(t_s: float) -> Luma:
        number = int(t_s / 0.4 + 1e-6)
        way = 64 if number % 2 else -64
        return view(pictures[number], right=way * (t_s - 0.4 * number))

    measurement = measured(film(frame_at, seconds=2.4))

    assert measurement.cuts == pytest.approx([0.4, 0.8, 1.2, 1.6, 2.0])
    assert [move.label for move in measurement.camera_moves] == ["pan_right", "pan_left"] * 3


@pytest.mark.parametrize("change", ["flash", "large object", "fast pan"])
def test_neither_a_flash_nor_a_large_object_nor_a_fast_pan_is_a_cut(change: str) -> None:
    def frame_at(t_s: float) -> Luma:
        if change == "fast pan":
            return view(PICTURE, right=280 - 240 * t_s)
        frame = view(PICTURE)
        if change == "flash":
            brighter = np.clip(frame.astype(np.int16) + 60, 0, 255).astype(np.uint8)
            return brighter if 0.95 < t_s < 1.25 else frame
        left = round(-200 + 300 * t_s)
        frame[20:, max(left, 0) : max(left + 200, 0)] = 40
        return frame

    assert measured(film(frame_at, seconds=2.0)).cuts == ()


def test_ground_that_drifts_apart_from_top_to_bottom_is_an_arc() -> None:
    # Far ground, at the top, goes left while near ground goes right: the camera circles to its left.
    rows = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))

    def frame_at(t_s: float) -> Luma:
        return cv2.remap(PICTURE, x + 400 - 16 * t_s * rows, y + 200, cv2.INTER_LINEAR).astype(np.uint8)

    assert [move.label for move in measured(film(frame_at)).camera_moves] == ["arc_cw"]


def test_near_things_that_pass_before_far_ones_make_a_truck_of_a_pan() -> None:
    near = texture(4)

    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE, right=-24 * t_s)
        frame[120:] = view(near, right=-60 * t_s)[120:]
        return frame

    measurement = measured(film(frame_at))

    assert [move.label for move in measurement.camera_moves] == ["truck_right"]
    assert measurement.camera_moves[0].rate == pytest.approx(24 / WIDTH, rel=0.1)
    assert measurement.tracks == ()


def test_an_object_that_keeps_its_place_does_not_stop_a_pan() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE, right=-48 * t_s)
        frame[60:140, 110:210] = view(texture(6))[60:140, 110:210]
        return frame

    assert {move.label for move in measured(film(frame_at)).camera_moves} == {"pan_right"}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_frames_are_a_static_clip(count: int) -> None:
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    for index in range(count):
        meter.push(view(PICTURE, right=index), 4.0 + index / FPS)

    measurement = meter.finish(4.0, 4.2)

    (move,) = measurement.camera_moves
    assert (move.label, move.start_s, move.end_s) == ("static", 4.0, 4.2)
    assert move.confidence == (0.0 if count < 2 else 1.0)
    assert len(measurement.camera_path.t_s) == max(count - 1, 0)
    assert measurement.tracks == ()


@pytest.mark.parametrize("shape", [(8, 8), (16, 64), (36, 64), (569, 320)])
def test_frames_of_any_size_are_measured(shape: tuple[int, int]) -> None:
    meter = MotionMeter(MeasureSettings(), aspect=shape[1] / shape[0])
    for index in range(6):
        meter.push(np.ascontiguousarray(PICTURE[: shape[0], index : index + shape[1]]), index / FPS)

    assert meter.finish(0.0, 0.6).camera_moves


def test_a_black_clip_is_static_without_confidence() -> None:
    measurement = measured(film(lambda _: np.zeros((HEIGHT, WIDTH), np.uint8)))

    assert [(move.label, move.confidence) for move in measurement.camera_moves] == [("static", 0.0)]


def test_frames_must_keep_their_size_and_their_order() -> None:
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    meter.push(view(PICTURE), 1.0)

    with pytest.raises(ValueError, match=r"times must increase; got 1.0 s after 1.0 s"):
        meter.push(view(PICTURE), 1.0)
    with pytest.raises(ValueError, match="one size"):
        meter.push(view(PICTURE)[:100], 1.1)


def test_the_same_frames_give_the_same_measurement() -> None:
    frames = film(lambda t: view(PICTURE, right=-32 * t, clockwise=4 * t), seconds=1.5)

    first, second = measured(frames), measured(frames)

    assert first.camera_moves == second.camera_moves
    assert first.tracks == second.tracks
    assert np.array_equal(first.camera_path.roll, second.camera_path.roll)
