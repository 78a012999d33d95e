"""A task with many answers gives them one by one, and each once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import DecoderCrashed, TimedOut
from motionsight_core.guarded import processes
from motionsight_core.guarded.pool import DecoderPool
from tests.core.guarded.conftest import INSIDE
from tests.core.guarded.processes import children, settings


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderPool]:
    """A decoder whose processes know the task `count`."""
    monkeypatch.setenv("PYTHONPATH", str(INSIDE))
    with DecoderPool(settings("limits.wall_s=3")) as decoder:
        yield decoder


def count(decoder: DecoderPool, video: VideoObject, until: int, then: str = "") -> Iterator[float]:
    return decoder._stream(video, "count", until, then, answer=float)


def test_answers_come_in_order_and_the_process_is_used_again(
    counting: DecoderPool, good: VideoObject
) -> None:
    assert list(count(counting, good, 10_000)) == list(range(10_000))
    before = children()
    assert list(count(counting, good, 3)) == [0, 1, 2]
    assert counting.probe(good) == pytest.approx(1.2)
    assert children() == before


def test_a_process_that_is_killed_half_way_is_replaced_and_nothing_comes_twice(
    counting: DecoderPool, good: VideoObject
) -> None:
    numbers = []
    for number in count(counting, good, 10_000):
        numbers.append(number)
        if number == 10:
            (child,) = children()
            os.kill(child, signal.SIGKILL)
    assert numbers == list(range(10_000))


def test_what_kills_its_process_after_some_answers_is_condemned_after_them(
    counting: DecoderPool, good: VideoObject
) -> None:
    stream = count(counting, good, 3, "crash")
    assert [next(stream), next(stream), next(stream)] == [0, 1, 2]
    with pytest.raises(DecoderCrashed, match="died twice"):
        next(stream)


def test_each_answer_has_the_wall_clock_limit(counting: DecoderPool, good: VideoObject) -> None:
    stream = count(counting, good, 2, "hang_in_python")
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(TimedOut, match="longer than 3 s"):
        next(stream)
    assert children() == set()


def test_who_stops_early_ends_the_process_and_gives_its_place_back(
    counting: DecoderPool, good: VideoObject
) -> None:
    stream = count(counting, good, 100_000)
    next(stream)
    stream.close()  # pyrefly: ignore[missing-attribute] a generator
    assert children() == set()
    assert counting.probe(good) == pytest.approx(1.2)


def test_a_process_that_never_ends_its_answers_is_stopped(counting: DecoderPool, good: VideoObject) -> None:
    stream = counting._stream(good, "count", 1000, "", answer=float, most_answers=10)
    with pytest.raises(DecoderCrashed, match="broke the protocol"):
        list(stream)


@pytest.mark.parametrize("requests", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_no_descriptor_is_left_after_many_requests(
    good: VideoObject, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert processes._REQUESTS_PER_PROCESS == 500
    monkeypatch.setattr(processes, "_REQUESTS_PER_PROCESS", requests // 2)
    open_here = lambda: len(list(Path("/proc/self/fd").iterdir()))  # noqa: E731
    with DecoderPool(settings()) as decoder:
        decoder.probe(good)
        (child,) = children()
        open_there = lambda: len(list(Path(f"/proc/{child}/fd").iterdir()))  # noqa: E731
        before = open_here(), open_there()
        for _ in range(requests * 2 // 5):
            decoder.probe(good)
        assert (open_here(), open_there()) == before
        for _ in range(requests * 3 // 5):
            decoder.probe(good)
        assert children() != {child}, "after so many requests a process is replaced"
        assert open_here() == before[0]
