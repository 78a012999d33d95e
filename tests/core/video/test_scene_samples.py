from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionsight_core.settings import SamplingSettings
from motionsight_core.video.scene_samples import SceneSamples


def sampled(times_s: np.ndarray, first: int, last: int, sampling: SamplingSettings) -> tuple[list[int], int]:
    """Numbers of the sampled frames of the scene `first..last`, and the most that was ever kept."""
    samples: SceneSamples[int] = SceneSamples(sampling, times_s, first)
    most = 0
    for number in range(first, last + 1):
        if samples.comes(number, 1):
            samples.keep(number, number)
        most = max(most, len(samples))
    return [candidate.kept for candidate in samples.finish()], most


@pytest.mark.parametrize("count", [1, 3, 16, 20, 63, 64, 65, 200, 301, 5000])
def test_frames_lie_evenly_and_few_are_kept_whatever_the_length(count: int) -> None:
    times_s = np.arange(count) / 30
    numbers, most = sampled(times_s, 0, count - 1, SamplingSettings(frames=16))
    assert most <= 64
    assert len(numbers) == min(count, 16)
    if count > 64:
        steps = np.diff(times_s[numbers]) * 16 / times_s[-1]
        assert steps.min() > 0.5
        assert steps.max() < 1.6


def test_a_short_scene_gives_each_of_its_frames() -> None:
    assert sampled(np.arange(9) / 25, 0, 8, SamplingSettings(frames=16))[0] == list(range(9))


def test_by_rate_the_first_frame_of_each_interval_is_taken() -> None:
    times_s = np.arange(90) / 29.97
    assert sampled(times_s, 15, 89, SamplingSettings(fps=2.0))[0] == [15, 30, 45, 60, 75]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.floats(0.002, 0.7), min_size=2, max_size=300),
    frames=st.integers(1, 12),
    data=st.data(),
)
def test_what_is_sampled_does_not_depend_on_what_comes_after_the_scene(
    steps: list[float], frames: int, data: st.DataObject
) -> None:
    """The pass knows the video's times, but not where the scene ends: frames to come must not matter."""
    times_s = np.concatenate(([0.0], np.cumsum(steps)))
    first = data.draw(st.integers(0, len(times_s) - 1))
    last = data.draw(st.integers(first, len(times_s) - 1))
    sampling = SamplingSettings(frames=frames)
    in_the_pass, most = sampled(times_s, first, last, sampling)
    assert in_the_pass == sampled(times_s[: last + 1], first, last, sampling)[0]
    assert in_the_pass[0] == first
    assert len(in_the_pass) <= frames
    assert most <= 4 * frames
