"""Decoding processes as the tests see them from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from motionsight_core.catalog import VideoObject
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects


def settings(*overrides: str) -> Settings:
    """One decoding process, and what is overridden."""
    return Settings.load(overrides=["runtime.decode_processes=1", *overrides], environment={})


def video_at(path: Path) -> VideoObject:
    """A file, listed."""
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def children(parent: int | None = None) -> set[int]:
    """Process ids of the guarded decoding processes of a process, this one if none is given."""
    parent = parent or os.getpid()
    started = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            its_parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if command:  # else it has ended
            started[int(entry.name)] = its_parent, command
    direct = {pid: command for pid, (its_parent, command) in started.items() if its_parent == parent}
    warm = {pid for pid, command in direct.items() if b"tests.warm_decoders" in command}
    forked = {pid for pid, (its_parent, _) in started.items() if its_parent in warm}
    return forked | {pid for pid, command in direct.items() if b"guarded.child" in command}


def eventually(condition: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Whether it becomes true within a generous time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
