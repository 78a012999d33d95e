"""What repeats is counted, and what does not is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import VideoObject, split
from motionsight_core.measure.object_description import describe_objects
from motionsight_core.measure.repetition import Cycles, cycles_of
from motionsight_core.stores import list_objects
from motionsight_core.synthetic.stressed import random_film
from motionsight_core.video.decoding import decode, probe

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
    times_s = np.arange(len(values)) * STEP_S
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


@pytest.mark.parametrize("seed", [3, 4])
def test_a_rendered_repetition_is_counted_and_told(seed: int, tmp_path: Path) -> None:
    film = random_film(np.random.default_rng([13, seed]), stressor="repetition", name="clip")
    truth = film.render(tmp_path / "clip.mp4")
    (true,) = [track.repetitions for track in truth.objects if track.repetitions]
    (video,) = list_objects(str(tmp_path / "clip.mp4"))
    assert isinstance(video, VideoObject)
    motion = decode(split(video, duration_s=probe(video))[0], products=("motion",)).motion
    assert motion is not None
    (said,) = motion.repetitions
    assert abs(said.count - true.count) <= 1
    assert said.period_s == pytest.approx(true.period_s, rel=0.1)
    assert said.track_id in {track.track_id for track in motion.tracks}
    assert " times" in describe_objects(motion, start_s=0.0, end_s=truth.duration_s)
