"""What a flow run's log says: Beam's own warnings, each once, and errors without their tracebacks.

Beam logs hundreds of lines of Python and Java for one bundle that fails, and Prefect a traceback of its
engine for every exception. People read a run's log to learn what to do; one sentence says it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from motionsight_core.errors import MotionSightError

_BEAM = "apache_beam"
#: Those through which Prefect's engine says that a run has failed.
_ENGINE = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine", "prefect.flow_engine")
_LONGEST = 300


@contextmanager
def readable_log(to: logging.Logger | logging.LoggerAdapter[logging.Logger]) -> Iterator[None]:
    """For the length of the block, Beam's warnings go to this log, each once and as one line.

    What fails in a shard is told by the shard itself, so Beam's errors and tracebacks are left out.
    """
    beam = logging.getLogger(_BEAM)
    handler = _OnceEach(to)
    propagated = beam.propagate
    beam.addHandler(handler)
    beam.propagate = False
    try:
        yield
    finally:
        beam.removeHandler(handler)
        beam.propagate = propagated


def without_tracebacks() -> None:
    """From now on errors of ours are logged by Prefect's engine as their sentence alone."""
    for name in _ENGINE:
        logger = logging.getLogger(name)
        if _SENTENCE_ALONE not in logger.filters:
            logger.addFilter(_SENTENCE_ALONE)


class _SentenceAlone(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, MotionSightError):
            record.exc_info = None
            record.exc_text = None
        return True


_SENTENCE_ALONE = _SentenceAlone()


class _OnceEach(logging.Handler):
    """Passes warnings on, less what was said before and what only repeats a failure."""

    def __init__(self, to: logging.Logger | logging.LoggerAdapter[logging.Logger]) -> None:
        super().__init__(logging.WARNING)
        self._to = to
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR:
            return
        lines = [line.strip() for line in record.getMessage().splitlines() if line.strip()]
        if not lines or lines[0] in self._said:
            return
        self._said.add(lines[0])
        self._to.log(record.levelno, "Beam: %s", lines[0][:_LONGEST])
