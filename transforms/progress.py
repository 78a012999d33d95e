"""How far a run on this machine is: its videos, counted in the process itself.

Beam reports counters when a pipeline has ended; people want to know before. A video is done when all its
clips are, however many there are.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from motionsight_core.catalog import VideoObject
from motionsight_core.record import Failure, MotionRecord

_lock = threading.Lock()
_done: Counter[str] = Counter()
_answered: Counter[str] = Counter()
#: Of each run whose pipeline is under way here, each video's clips that were planned, less those staged.
#: Of scenes these are known last, so that it is below zero for a while.
_left: dict[str, defaultdict[VideoObject, int]] = {}
_scored: Counter[str] = Counter()


@contextmanager
def counting(run_id: str) -> Iterator[None]:
    """Count while a pipeline of the run is under way; where it fails, its videos are to be done again."""
    with _lock:
        before = _done[run_id]
        _left[run_id] = defaultdict(int)
    try:
        yield
    except BaseException:
        with _lock:
            _done[run_id] = before
        raise
    finally:
        with _lock:
            _left.pop(run_id, None)


def count_planned(run_id: str, video: VideoObject, clips: int) -> None:
    """So many clips of a video are to be annotated."""
    _add(run_id, video, clips)


def count_staged(outcome: MotionRecord | Failure) -> None:
    """A clip, or a video that failed as a whole, is staged."""
    if isinstance(outcome, Failure) and outcome.stage == "list":
        return  # the name is not among the videos to be opened
    video = VideoObject(outcome.uri, outcome.version)
    if isinstance(outcome, Failure) and outcome.clip_id is None:
        _finish(outcome.run_id, video)
    else:
        _add(outcome.run_id, video, -1)


def count_answered(run_id: str) -> None:
    """A question of an evaluation has its row."""
    with _lock:
        _answered[run_id] += 1


def questions_answered(run_id: str) -> int:
    """Questions of a run that got their rows in this process so far; one tried again counts again."""
    with _lock:
        return _answered[run_id]


def videos_done(run_id: str) -> int:
    """Videos of the run whose clips all became rows or failures in this process, so far."""
    with _lock:
        return _done[run_id]


def count_scored(run_id: str, descriptions: int) -> None:
    """So many descriptions have a score, or cannot get one."""
    with _lock:
        _scored[run_id] += descriptions


def descriptions_done(run_id: str) -> int:
    """Descriptions that a run has done with in this process, so far."""
    with _lock:
        return _scored[run_id]


def _add(run_id: str, video: VideoObject, clips: int) -> None:
    with _lock:
        left = _left.get(run_id)
        if left is None:
            return  # another process shows how far the run is
        left[video] += clips
        finished = left[video] == 0
    if finished:
        _finish(run_id, video)


def _finish(run_id: str, video: VideoObject) -> None:
    with _lock:
        if run_id in _left:
            _left[run_id].pop(video, None)
            _done[run_id] += 1
