"""A task that is tried again waits first, longer each time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prefect import Task, flow, task

from flows.evaluate_benchmark import questions_task
from flows.operate.retries import retried
from flows.shards import shard_task
from flows.train_model import train_task
from flows.train_on_kubernetes import train_job_task


@pytest.mark.parametrize("declared", [shard_task, questions_task, train_task, train_job_task])
def test_each_retry_waits_twice_as_long_as_the_one_before_up_to_minutes(
    declared: Task[..., Any],
) -> None:
    # Prefect refuses more than 50 pauses; retries beyond them wait as long as the last one.
    trying = retried(declared, 60, pause_s=3).with_options(tags=["caption"])
    assert trying.retries == 60
    assert trying.retry_delay_seconds == [3, 6, 12, 24, 48, 96, 192, 384]
    assert retried(declared, 0).retry_delay_seconds == []


def test_a_retry_begins_after_its_pause(prefect_api: None) -> None:
    begun: list[float] = []

    @task
    def fails_once() -> None:
        begun.append(time.monotonic())
        if len(begun) == 1:
            raise ValueError("not yet")

    @flow
    def trying() -> None:
        retried(fails_once, 2, pause_s=1)()

    trying()

    first, second = begun
    assert second - first >= 0.9  # a clock may be set back a little
