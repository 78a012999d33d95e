"""Which clips are like a clip."""

from __future__ import annotations

from dataclasses import replace

from motionsight_core.benchmark_questions.source_clips import Siblings
from tests.core.benchmark_questions.measured_clips import clip_named


def test_siblings_are_of_the_same_object_then_cluster_then_source_and_each_comes_once() -> None:
    first = clip_named("a", cluster=7)
    window = replace(clip_named("b"), uri=first.uri, cluster=7)
    alike = clip_named("c", cluster=7, source="lab")
    near, far = clip_named("d"), clip_named("e", source="lab")
    siblings = Siblings([first, far, near, alike, window], seed=0)
    assert list(siblings.of(first)) == [window, alike, near]
    assert list(siblings.of(near))[-1] in (first, window)
    assert list(siblings.of(clip_named("f", source="other"))) == []


def test_no_more_siblings_are_looked_at_in_a_large_source_than_in_a_small_one() -> None:
    clips = [clip_named(f"{number}") for number in range(300)]
    siblings = Siblings(clips, seed=0)
    assert {len(list(siblings.of(clip))) for clip in clips} == {24}
    met = {other.clip_id for clip in clips for other in siblings.of(clip)}
    assert len(met) == 300
    assert list(Siblings(clips[::-1], seed=0).of(clips[0])) == list(siblings.of(clips[0]))
    assert list(Siblings(clips, seed=1).of(clips[0])) != list(siblings.of(clips[0]))
