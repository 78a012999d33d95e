"""A signal comes when it likes, and is not lost."""

from __future__ import annotations

import signal
import threading

import pytest

from flows.runs.signals import interrupts_deferred


def test_ctrl_c_during_an_import_takes_effect_after_it() -> None:
    passed = []
    with pytest.raises(KeyboardInterrupt):
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            passed.append("the rest of the block")
        passed.append("what follows it")
    assert passed == ["the rest of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_ctrl_c_nothing_happens() -> None:
    with interrupts_deferred():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_that_gets_no_signals_defers_none() -> None:
    handlers = []

    def work() -> None:
        with interrupts_deferred():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
