"""What the log of a flow run says, and what it spares its readers."""

from __future__ import annotations

import logging

import pytest

from flows.operate.run_log import readable_log, without_tracebacks
from motionsight_core.errors import RunError


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.DEBUG, logger="run")
    return logging.getLogger("run")


def test_a_warning_of_beam_is_said_once_in_one_line(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    beam = logging.getLogger("apache_beam.runners.somewhere")
    with readable_log(log):
        for _ in range(300):
            beam.warning("A worker is slow.\n  at line 1\n  at line 2")
        beam.info("Creating state cache")
    assert [record.getMessage() for record in caplog.records] == ["Beam: A worker is slow."]


def test_what_beam_says_of_a_bundle_that_fails_is_left_to_the_shard(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    beam = logging.getLogger("apache_beam.runners.worker")
    with readable_log(log):
        try:
            raise RuntimeError("inside")
        except RuntimeError:
            beam.exception("Error processing instruction")
            beam.warning("again", exc_info=True)
    assert not caplog.records


def test_beam_s_log_is_as_before_after_the_block(log: logging.Logger) -> None:
    beam = logging.getLogger("apache_beam")
    before = (list(beam.handlers), beam.propagate)
    with pytest.raises(ZeroDivisionError), readable_log(log):
        raise ZeroDivisionError
    assert (list(beam.handlers), beam.propagate) == before


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def test_errors_of_ours_are_logged_as_their_sentence_and_others_with_their_traceback() -> None:
    without_tracebacks()
    engine, kept = logging.getLogger("prefect.task_runs"), Kept()
    engine.addHandler(kept)
    try:
        for error in (RunError("The store is away."), ValueError("a defect")):
            try:
                raise error
            except Exception:
                engine.error("Task run failed", exc_info=True)
    finally:
        engine.removeHandler(kept)
    ours, others = kept.records
    assert ours.exc_info is None
    assert others.exc_info is not None
