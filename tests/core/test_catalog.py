from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.catalog import Clip, VideoObject, grouped, split


def test_a_clip_id_is_the_hash_of_uri_version_and_span() -> None:
    clip = Clip("/clips/dog.mp4", "1700000000000000000-42", 0.0, 9.643)
    text = "/clips/dog.mp4\x001700000000000000000-42\x000.000\x009.643"
    assert clip.clip_id == hashlib.sha256(text.encode()).hexdigest()[:32]
    assert clip.clip_id == "58945f138e7382799303b6b242786d4e"


@pytest.mark.parametrize(
    "other",
    [
        Clip("/clips/cat.mp4", "v1", 0.0, 2.0),
        Clip("/clips/dog.mp4", "v2", 0.0, 2.0),
        Clip("/clips/dog.mp4", "v1", 0.001, 2.0),
        Clip("/clips/dog.mp4", "v1", 0.0, 2.001),
    ],
)
def test_another_object_version_or_span_is_another_clip(other: Clip) -> None:
    assert other.clip_id != Clip("/clips/dog.mp4", "v1", 0.0, 2.0).clip_id


def test_a_video_is_one_clip_unless_a_window_is_set() -> None:
    video = VideoObject("a.mp4", "v")
    assert split(video, duration_s=10.0104) == [Clip("a.mp4", "v", 0.0, 10.01)]


def test_windows_cover_the_video_and_a_short_rest_joins_the_last() -> None:
    video = VideoObject("a.mp4", "v")
    spans = [(c.start_s, c.end_s) for c in split(video, duration_s=10.0, window_s=4.0)]
    assert spans == [(0.0, 4.0), (4.0, 8.0), (8.0, 10.0)]
    spans = [(c.start_s, c.end_s) for c in split(video, duration_s=8.3, window_s=4.0)]
    assert spans == [(0.0, 4.0), (4.0, 8.3)]


@given(duration_s=st.floats(0.04, 5000), window_s=st.floats(0.5, 600))
def test_windows_leave_no_gap_and_no_overlap(duration_s: float, window_s: float) -> None:
    clips = split(VideoObject("a.mp4", "v"), duration_s=duration_s, window_s=window_s)
    assert clips[0].start_s == 0.0
    assert clips[-1].end_s == round(duration_s, 3)
    for before, after in itertools.pairwise(clips):
        assert before.end_s == after.start_s
    assert len({clip.clip_id for clip in clips}) == len(clips)


@given(
    count=st.integers(0, 400), window_s=st.sampled_from([1.0, 10.0, 45.0, 900.0]), workers=st.integers(1, 64)
)
def test_groups_keep_the_order_and_are_bounded_and_leave_no_worker_idle(
    count: int, window_s: float, workers: int
) -> None:
    clips = [Clip("a.mp4", "v", n * window_s, (n + 1) * window_s) for n in range(count)]
    groups = grouped(clips, workers=workers)
    assert [clip for group in groups for clip in group] == clips
    assert len(groups) >= min(workers, count) / 2
    for group in groups:
        assert 1 <= len(group) <= 32
        assert len(group) == 1 or group[-1].end_s - group[0].start_s <= 600
