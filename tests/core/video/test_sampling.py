from __future__ import annotations

import itertools

import numpy as np
import pytest

from motionsight_core.settings import SamplingSettings
from motionsight_core.video.sampling import frames_of_clip, measured_frames, sampled_frames


def test_sampled_frames_spread_from_the_first_frame_to_the_last() -> None:
    times_s = np.arange(301) / 30
    samples = sampled_frames(times_s, SamplingSettings(frames=16))
    np.testing.assert_array_equal(samples, np.arange(0, 301, 20))


def test_a_short_clip_gives_each_of_its_frames_once() -> None:
    np.testing.assert_array_equal(
        sampled_frames(np.arange(5) / 25, SamplingSettings(frames=16)), np.arange(5)
    )
    np.testing.assert_array_equal(sampled_frames(np.zeros(1), SamplingSettings(frames=16)), [0])


def test_sampling_by_rate_takes_the_frame_nearest_to_each_instant() -> None:
    samples = sampled_frames(np.arange(90) / 30, SamplingSettings(fps=2.0))
    np.testing.assert_array_equal(samples, [0, 15, 30, 45, 60, 75])


def test_a_variable_frame_rate_is_sampled_evenly_in_time_not_in_frames() -> None:
    crowded = np.concatenate([np.arange(0, 1, 0.01), np.arange(1, 11, 0.5)])
    times_s = crowded[sampled_frames(crowded, SamplingSettings(frames=5))]
    np.testing.assert_allclose(times_s, np.linspace(0, 10.5, 5), atol=0.25)


@pytest.mark.parametrize(("fps", "step"), [(24, 2), (25, 2), (29.97, 3), (30, 3), (60, 6), (120, 12)])
def test_measured_frames_have_an_even_step(fps: float, step: int) -> None:
    measured = measured_frames(np.arange(200) / fps, 10.0)
    assert set(np.diff(measured)) == {step}


def test_a_slow_video_is_measured_at_every_frame() -> None:
    np.testing.assert_array_equal(measured_frames(np.arange(10) / 5, 10.0), np.arange(10))


def test_frames_on_a_bound_belong_to_the_clip_that_begins_there() -> None:
    times_s = np.arange(100) / 10
    assert frames_of_clip(times_s, 0.0, 5.0).tolist() == list(range(50))
    assert frames_of_clip(times_s, 5.0, 10.0).tolist() == list(range(50, 100))


def test_bounds_rounded_to_milliseconds_lose_no_frame_and_double_none() -> None:
    times_s = np.arange(300) / 29.97
    bounds = [0.0, 3.337, 6.673, 10.01]
    frames = [frames_of_clip(times_s, a, b) for a, b in itertools.pairwise(bounds)]
    assert np.concatenate(frames).tolist() == list(range(300))
