"""The walls in the order in which they go up, and the limits beside them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from motionsight_core.guarded.sandbox._kernel import Unavailable
from motionsight_core.guarded.sandbox._landlock import take_files
from motionsight_core.guarded.sandbox._report import Part
from motionsight_core.guarded.sandbox._seccomp import take_system_calls


def limit_memory(memory_mb: int) -> None:
    """Limit what this process may allocate; a no-op where the platform has no such limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def lock_files(mode: str) -> Part:
    """No files and no network, for this thread and those that it starts: call it before there are any.

    Args:
        mode: `limits.sandbox`.
    """
    return _wall("Landlock", mode, take_files)


def lock_system_calls(mode: str) -> Part:
    """Nothing but the system calls of decoding, for all threads: call it last.

    Args:
        mode: `limits.sandbox`.
    """
    if mode != "off":
        _limit_descriptors()
        os.dup2(1, 2)  # what it writes to a terminal or a log would be a stranger's text
    return _wall("seccomp", mode, take_system_calls)


def _wall(name: str, mode: str, build: Callable[[], str]) -> Part:
    if mode == "off":
        return Part(name, False, "limits.sandbox is off")
    try:
        return Part(name, True, build())
    except Unavailable as reason:
        return Part(name, False, str(reason))


def _limit_descriptors() -> None:
    """Few open files, and no byte written to one.

    RLIMIT_NPROC is of no use: it counts the threads of the user, and decoders may have some.
    """
    with suppress(ImportError):
        import resource

        for name, limit in (("RLIMIT_NOFILE", 64), ("RLIMIT_FSIZE", 0)):
            with suppress(AttributeError, OSError, ValueError):
                resource.setrlimit(getattr(resource, name), (limit, limit))
