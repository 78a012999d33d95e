"""Frames that are shown for long, and frames that are repeated: what the time between two frames says."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from motionsight_core.catalog import VideoObject, split
from motionsight_core.measure import MotionMeasurement, MotionMeter
from motionsight_core.measure.held import is_repeat
from motionsight_core.measure.narrate import describe_camera, describe_objects
from motionsight_core.measure.weighted import weighted_median
from motionsight_core.settings import MeasureSettings
from motionsight_core.stores import list_objects
from motionsight_core.video.decoding import decode, probe
from motionsight_core.video.sampling import measured_frames
from tests.core.measure.pictures import FPS, HEIGHT, WIDTH, Frames, Luma, film, texture, view

PICTURE = texture()
#: One step of measured frames and one of the video's own.
TIME_TOLERANCE_S = 0.16


def panned(t_s: float, rate: float = 0.3) -> Luma:
    return view(PICTURE, right=WIDTH * (1 - rate * t_s))


def measured(frames: Frames, *, start_s: float = 0.0, end_s: float) -> MotionMeasurement:
    """What is measured of a clip's frames, after those to measure were picked as a decode does."""
    times_s = np.array([t_s for t_s, _ in frames])
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    for position in measured_frames(times_s, 10.0):
        meter.push(frames[position][1], float(times_s[position]))
    return meter.finish(start_s, end_s)


def spans(measurement: MotionMeasurement) -> list[tuple[str, float, float]]:
    return [(move.label, move.start_s, move.end_s) for move in measurement.camera_moves]


def is_pan_hold_pan(measurement: MotionMeasurement, hold_s: float) -> None:
    """One second of a pan, a hold, and one more second of the same pan."""
    first, second = measurement.camera_moves
    for move, start_s in ((first, 0.0), (second, 1.0 + hold_s)):
        assert move.label == "pan_right"
        assert move.rate == pytest.approx(0.3, rel=0.12)
        assert (move.start_s, move.end_s) == pytest.approx((start_s, start_s + 1), abs=TIME_TOLERANCE_S)
    assert measurement.steadiness == "smooth"
    assert measurement.motion_score == pytest.approx(0.6 / (2 + hold_s), rel=0.1, abs=1e-4)


@pytest.mark.parametrize("hold_s", [0.8, 2.0, 24.0, 86_400.0])
@pytest.mark.parametrize("fps", [10, 25, 60])
def test_a_frame_that_is_held_parts_the_moves_before_and_after_it(hold_s: float, fps: int) -> None:
    times = np.arange(fps) / fps
    frames = [(float(t), panned(float(t))) for t in times]
    frames += [(float(1 + hold_s + t), panned(float(1 + t))) for t in times]

    is_pan_hold_pan(measured(frames, end_s=2 + hold_s), hold_s)


def test_repeated_frames_are_one_frame_that_is_held() -> None:
    is_pan_hold_pan(
        measured(film(lambda t: panned(min(t, 1) + max(t - 13, 0)), seconds=14, fps=60), end_s=14), 12.0
    )


@pytest.mark.parametrize(
    ("fps", "pictures"), [(25, 12.5), (30, 15), (30, 24), (60, 24), (30, 12), (25, 25 / 3), (30, 5), (25, 4)]
)
def test_an_even_pan_whose_frames_are_repeated_keeps_its_rate_and_does_not_shake(
    fps: float, pictures: float
) -> None:
    frames = film(lambda t: panned(np.floor(t * pictures + 1e-6) / pictures, 0.2), seconds=4, fps=fps)

    measurement = measured(frames, end_s=4.0)

    (move,) = measurement.camera_moves
    assert (move.label, move.start_s, move.end_s) == ("pan_right", 0.0, 4.0)
    assert move.rate == pytest.approx(0.2, rel=0.05)
    assert measurement.steadiness == "smooth"
    assert measurement.shaken == ()


def test_a_pan_that_trembles_across_its_way_still_shakes() -> None:
    right, down = np.random.default_rng(3).normal(0, 3.0, (2, 60))

    def frame_at(t_s: float) -> Luma:
        index = round(FPS * t_s)
        return view(PICTURE, right=200 - 48 * t_s + float(right[index]), down=float(down[index]))

    frames = film(frame_at, seconds=5)

    assert measured(frames, end_s=5.0).steadiness == "shaky"


@pytest.mark.parametrize("fps", [1, 2, 4])
def test_a_low_frame_rate_throughout_still_shows_a_pan(fps: int) -> None:
    frames = [(index / fps, view(PICTURE, right=-20 * index / fps)) for index in range(10 * fps)]

    measurement = measured(frames, end_s=10.0)

    assert spans(measurement) == [("pan_right", 0.0, 10.0)]
    assert measurement.camera_moves[0].rate == pytest.approx(20 / WIDTH, rel=0.03)


@pytest.mark.parametrize("every_s", [2.0, 5.0, 900.0])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_slides_do_not_make_a_move(every_s: float, count: int) -> None:
    frames = [(index * every_s, view(PICTURE, right=-12 * index)) for index in range(count)]

    measurement = measured(frames, end_s=count * every_s)

    assert spans(measurement) == [("static", 0.0, count * every_s)]
    assert measurement.steadiness == "static"
    assert measurement.camera_moves[0].confidence > 0.9


def test_slides_of_uneven_length_at_a_constant_frame_rate_do_not_make_a_move() -> None:
    ends = np.cumsum([3.0, 0.6, 4.0, 1.0, 5.0])
    frames = film(lambda t: view(PICTURE, right=-15 * int(np.searchsorted(ends, t, "right"))), 13.0, fps=25)

    assert spans(measured(frames, end_s=13.0)) == [("static", 0.0, 13.0)]


def test_a_move_ends_where_the_last_frame_begins_to_be_held() -> None:
    frames = film(panned, seconds=1.0, fps=25)

    measurement = measured(frames, end_s=11.0)

    ((label, start_s, end_s),) = spans(measurement)
    assert (label, start_s) == ("pan_right", 0.0)
    assert end_s == pytest.approx(1.0, abs=TIME_TOLERANCE_S)
    assert describe_camera(measurement, start_s=0.0, end_s=11.0).endswith(", then holds still.")


def test_a_frame_that_is_on_display_when_the_clip_begins_belongs_to_it_from_there() -> None:
    frames = [(1.0, panned(0.0)), *((15.0 + t, panned(t)) for t in np.arange(25) / 25)]

    measurement = measured(frames, start_s=10.0, end_s=16.0)

    ((label, start_s, end_s),) = spans(measurement)
    assert (label, end_s) == ("pan_right", 16.0)
    assert start_s == pytest.approx(15.0, abs=TIME_TOLERANCE_S)
    assert measurement.camera_path.t_s[0] > 10.0


def test_a_single_frame_that_is_held_is_a_still_clip() -> None:
    measurement = measured([(3.0, view(PICTURE))], start_s=10.0, end_s=20.0)

    (move,) = measurement.camera_moves
    assert (move.label, move.start_s, move.end_s, move.confidence) == ("static", 10.0, 20.0, 1.0)
    assert (measurement.steadiness, measurement.motion_score) == ("static", 0.0)
    assert describe_camera(measurement, start_s=10.0, end_s=20.0) == (
        "The camera is fixed: a steady view, as from a tripod, throughout."
    )
    assert describe_objects(measurement, start_s=10.0, end_s=20.0) == (
        "Nothing is seen moving against the background."
    )


def test_a_held_frame_without_texture_does_not_say_that_the_camera_is_still() -> None:
    black = np.zeros((HEIGHT, WIDTH), np.uint8)

    assert measured([(0.0, black)], end_s=5.0).camera_moves[0].confidence == 0.0


def test_a_cut_after_a_held_frame_belongs_to_its_own_instant() -> None:
    other = texture(9)
    frames = [(0.0, view(PICTURE)), *((8.0 + t, view(other, right=-48 * t)) for t in np.arange(25) / 25)]

    measurement = measured(frames, end_s=9.0)

    assert measurement.cuts == (8.0,)
    assert spans(measurement) == [("pan_right", 8.0, 9.0)]


def test_clarity_is_that_of_the_picture_that_is_shown_longest() -> None:
    blurred = texture(1, (HEIGHT, WIDTH))
    blurred = np.asarray(np.round(blurred / 64) * 64, np.uint8)
    sharp_only = measured([(0.0, blurred)], end_s=10.0).clarity
    flat = np.full((HEIGHT, WIDTH), 90, np.uint8)

    frames = [(0.0, blurred), *((9.0 + index / 2, flat + np.uint8(20 * index)) for index in range(6))]

    assert sharp_only > 0
    assert measured(frames, end_s=12.0).clarity == sharp_only


def test_noise_is_no_repeat_and_the_small_corrections_of_an_encoder_are() -> None:
    rng = np.random.default_rng(0)
    still = view(PICTURE)
    noisy = np.clip(still + rng.normal(0, 1.0, still.shape), 0, 255).astype(np.uint8)
    corrected = still.copy()
    corrected[40:60, 100:130] += 6
    moved = still.copy()
    moved[90:94, 100:104] = 255 - moved[90:94, 100:104] // 2

    assert is_repeat(still, still)
    assert is_repeat(still, corrected)
    assert not is_repeat(still, noisy)
    assert not is_repeat(still, moved)


def test_a_median_over_time_counts_each_value_as_long_as_it_lasts() -> None:
    values = np.array([5.0, 1.0, 9.0, 2.0])

    assert weighted_median(values, np.ones(4)) == np.median(values)
    assert weighted_median(values[:3], np.ones(3)) == np.median(values[:3])
    assert weighted_median(values, np.array([1.0, 1.0, 10.0, 1.0])) == 9.0
    assert weighted_median(values, np.array([0.1] * 4)) == np.median(values)


def test_a_screen_recording_of_variable_rate_has_two_moves_and_stillness_between(tmp_path: Path) -> None:
    times_s = [*np.arange(25) / 25, *(13 + np.arange(25) / 25)]
    pictures = [panned(t if t < 1 else t - 12) for t in times_s]
    _write(tmp_path / "screen.mp4", times_s, pictures)

    (video,) = list_objects(str(tmp_path / "screen.mp4"))
    assert isinstance(video, VideoObject)
    motion = decode(split(video, duration_s=probe(video))[0], products=("motion",)).motion

    assert motion is not None
    is_pan_hold_pan(motion, 12.0)
    text = describe_camera(motion, start_s=0.0, end_s=14.0)
    assert "throughout" not in text
    assert "After a pause it pans right fast" in text


def _write(path: Path, times_s: list[float], pictures: list[Luma]) -> None:
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for t_s, picture in zip(times_s, pictures, strict=True):
            frame = VideoFrame.from_ndarray(np.stack([picture] * 3, axis=-1), format="rgb24")
            frame.pts, frame.time_base = round(1000 * t_s), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(list(itertools.chain(stream.encode())))
