"""Retries of a task after growing pauses, as many as the settings say."""

from __future__ import annotations

from typing import ParamSpec, TypeVar

from prefect.tasks import Task

P = ParamSpec("P")
R = TypeVar("R")

#: Pauses that double, after which they stay as they are.
_DOUBLINGS = 8


def retried(task: Task[P, R], retries: int, *, pause_s: float = 2.0) -> Task[P, R]:
    """The task, tried again `retries` times.

    Prefect makes pauses of a back-off once, for as many retries as the task has when it is declared: those
    that are given later would begin at once.

    Args:
        task: says itself which failures are worth it (`retry_condition_fn`).
        retries: how often.
        pause_s: before the first one, about; twice as long before each further one.
    """
    pauses = [pause_s * 2**count for count in range(min(retries, _DOUBLINGS))]
    return task.with_options(retries=retries, retry_delay_seconds=pauses)
