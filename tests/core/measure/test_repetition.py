"""What repeats is counted, and what does not is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import VideoObject, split
from motionsight_core.measure.object_description import describe_objects
from motionsight_core.measure.repetition import Cycles, cycles_of
from motionsight_core.measure.wording import number
from motionsight_core.stores import list_objects
from motionsight_core.video.decoding import decode, probe
from tests.videos import write_video

Floats = NDArray[np.float64]
STEP_S = 0.1
#: Of a signal; what it must swing is a fifth of that.
AMPLITUDE = 0.05
SHAPES: dict[str, Callable[[Floats], Floats]] = {
    "swing": lambda phase: np.sin(2 * np.pi * phase),
    "bounce": lambda phase: -np.abs(np.sin(np.pi * phase)),
    "there and back": lambda phase: 1 - 2 * np.abs(2 * (phase % 1) - 1),
}


def counted(values: Floats) -> Cycles | None:
    times_s = STEP_S * np.arange(len(values), dtype=np.float64)
    return cycles_of(times_s, values, step_s=STEP_S, least_swing=AMPLITUDE / 5)


def noise(seed: int, length: int) -> Floats:
    return np.random.default_rng(seed).normal(0, AMPLITUDE / 12, length)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("count", "period_s"), [(3, 1.6), (5, 0.9), (9, 0.5), (24, 0.4)])
def test_what_repeats_is_counted_with_its_period(shape: str, count: int, period_s: float) -> None:
    times_s = np.arange(0, count * period_s, STEP_S)
    cycles = counted(AMPLITUDE * SHAPES[shape](times_s / period_s) + noise(count, len(times_s)))
    assert cycles is not None
    assert abs(cycles.count - count) <= 1
    assert cycles.period_s == pytest.approx(period_s, rel=0.08)


def test_rest_before_and_after_is_no_part_of_it() -> None:
    swing = AMPLITUDE * np.sin(2 * np.pi * np.arange(0, 4, STEP_S))
    rest = np.zeros(15)
    cycles = counted(np.concatenate([rest, swing, rest]) + noise(1, 70))
    assert cycles is not None
    assert abs(cycles.count - 4) <= 1
    assert cycles.start_s == pytest.approx(1.5, abs=0.5)
    assert cycles.end_s == pytest.approx(5.5, abs=0.5)


def test_a_walk_across_the_frame_hides_no_swing() -> None:
    times_s = np.arange(0, 5, STEP_S)
    cycles = counted(0.15 * times_s + AMPLITUDE * np.sin(2 * np.pi * times_s))
    assert cycles is not None
    assert abs(cycles.count - 5) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_wandering_are_no_repetition(seed: int) -> None:
    assert counted(noise(seed, 80) * 6) is None
    assert counted(np.cumsum(noise(100 + seed, 60))) is None


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(60),
        np.linspace(0, 1, 60),
        AMPLITUDE * np.sin(2 * np.pi * np.arange(0, 2, STEP_S)),  # twice is no repetition
        AMPLITUDE / 40 * np.sin(2 * np.pi * np.arange(0, 8, STEP_S)),  # too little to be seen
    ],
    ids=["nothing", "one frame", "rest", "one way", "twice", "tiny"],
)
def test_what_happens_less_than_three_times_or_hardly_is_none(values: Floats) -> None:
    assert counted(values) is None


def test_of_only_three_times_more_evenness_is_asked() -> None:
    def rough(seconds: float) -> Cycles | None:
        swing = np.sin(2 * np.pi * np.arange(0, seconds, STEP_S))
        return counted(AMPLITUDE * swing + 5 * noise(0, len(swing)))

    assert rough(3.3) is None
    assert rough(10.0) is not None


@pytest.mark.parametrize("count", [4, 5])
def test_a_disc_that_goes_up_and_down_is_counted_and_told(count: int, tmp_path: Path) -> None:
    duration_s, fps = 5.0, 25
    background = np.random.default_rng(1).integers(60, 180, (18, 32), np.uint8)
    wall = cv2.resize(background, (320, 180), interpolation=cv2.INTER_CUBIC)
    picture = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)
    frames: list[NDArray[np.uint8]] = []
    for index in range(round(duration_s * fps)):
        height = 90 - 35 * np.cos(2 * np.pi * count * index / fps / duration_s)
        frame = cv2.circle(picture.copy(), (160, round(height)), 18, (250, 240, 40), -1)
        frames.append(np.asarray(frame, np.uint8))
    (video,) = list_objects(str(write_video(tmp_path / "clip.mp4", frames, rate=fps)))
    assert isinstance(video, VideoObject)
    motion = decode(split(video, duration_s=probe(video))[0], products=("motion",)).motion
    assert motion is not None
    said = motion.repetitions[0]
    assert said.count == count
    assert said.period_s == pytest.approx(duration_s / count, rel=0.05)
    assert said.track_id in {track.track_id for track in motion.tracks}
    told = describe_objects(motion, start_s=0.0, end_s=duration_s)
    assert f"moves up and down about {number(count)} times in the middle" in told
